/** Submits to a running bot over its signed `POST /v1/actions`. Trying again is always safe: an action is stored once per producer and id. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { ConfigError } from '../action-center/errors.ts';
import { sign } from './signature.ts';
import type { Send, Sent } from './submission.ts';

export type SenderOptions = {
  /** Where the bot is, with or without a path in front of /v1/actions. */
  url: string;
  secret: string;
  wait?: (ms: number) => Promise<void>;
  now?: () => number;
};

const deadlineMs = 15_000;
const maxTries = 6;
const firstWaitMs = 500;
const maxWaitMs = 30_000;
const worthAnotherTry = new Set([408, 429, 502, 503, 504]);

const Stored = z.object({ new: z.boolean() });
const Conflict = z.object({ error: z.object({ message: z.string().max(1000) }) });
const Refused = z.object({ error: z.object({ issues: z.array(z.object({ path: z.string(), message: z.string() })) }) });

type Try = { sent: Sent } | { again: string; afterMs: number | null };

export function httpSender({ url, secret, wait = sleep, now = Date.now }: SenderOptions): Send {
  const target = targetOf(url);
  return async (intake) => {
    const body = JSON.stringify(intake);
    let reason = '';
    for (let tries = 0; tries < maxTries; tries += 1) {
      const one = await post(target, body, secret, now());
      if ('sent' in one) return one.sent;
      reason = one.again;
      if (tries < maxTries - 1) await wait(Math.min(maxWaitMs, one.afterMs ?? firstWaitMs * 2 ** tries));
    }
    return { kind: 'failed', reason: `${reason}; gave up after ${maxTries} tries` };
  };
}

function targetOf(url: string): URL {
  const base = URL.parse(url);
  if (!base || !/^https?:$/.test(base.protocol)) throw new ConfigError(['--url: must be the http:// or https:// URL of a running bot']);
  const path = base.pathname.replace(/\/+$/, '').replace(/\/v1\/actions$/, '');
  return new URL(`${path}/v1/actions`, base.origin);
}

async function post(target: URL, body: string, secret: string, nowMs: number): Promise<Try> {
  const timestamp = String(Math.floor(nowMs / 1000));
  const headers = {
    'content-type': 'application/json',
    'x-countersign-timestamp': timestamp,
    'x-countersign-signature': sign(secret, timestamp, body),
  };
  try {
    // A redirect would hand the signed body to somebody else.
    const options = { method: 'POST', headers, body, redirect: 'error', signal: AbortSignal.timeout(deadlineMs) } as const;
    const response = await fetch(target, options);
    const answer: unknown = await response.json().catch(() => null);
    return understand(response, answer);
  } catch (error) {
    return { again: `no answer from ${target.origin} (${causeOf(error)})`, afterMs: null };
  }
}

function understand(response: Response, answer: unknown): Try {
  const { status } = response;
  if (worthAnotherTry.has(status)) return { again: `the bot answered ${status}`, afterMs: retryAfterOf(response) };
  const stored = Stored.safeParse(answer);
  if (status === 202 && stored.success) return { sent: { kind: stored.data.new ? 'accepted' : 'known' } };
  if (status === 409) {
    const message = Conflict.safeParse(answer).data?.error.message;
    return { sent: { kind: 'conflict', ...(message === undefined ? {} : { message }) } };
  }
  const refused = Refused.safeParse(answer);
  if (status === 400 && refused.success) return { sent: { kind: 'invalid', issues: refused.data.error.issues } };
  if (status === 401) return { sent: { kind: 'failed', reason: 'the bot refused the signature: compare INTAKE_SECRETS and the clocks' } };
  return { sent: { kind: 'failed', reason: `the bot answered ${status}` } };
}

function retryAfterOf(response: Response): number | null {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null;
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : error.name;
}
