/** `POST /v1/actions` and `GET /v1/actions/:id`: the signed way in for producers. The signature is checked before anything is parsed. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ActionId } from '../action-center/action.ts';
import type { Issue } from '../action-center/announce.ts';
import { UpstreamError } from '../action-center/errors.ts';
import type { RemediationAction } from '../action-center/intake.ts';
import type { AuditEvent, Log } from '../action-center/ports.ts';
import { storedAction } from '../action-center/stored-action.ts';
import { readBody } from './body.ts';
import { type ProducerLimits, producerLimits } from './producer-limits.ts';
import { isSigned } from './signature.ts';
import { type Announce, conflictText, maxBodyBytes, parseJson, readSubmission } from './submission.ts';

export type IntakeDeps = {
  /** Empty: everybody is refused. */
  secrets: readonly string[];
  /** Milliseconds since the epoch. */
  now: () => number;
  log: Pick<Log, 'info' | 'warn'>;
  announce: Announce;
  get: (id: ActionId) => Promise<RemediationAction | null>;
  /** Decisions and outcomes, in order. */
  history: (id: ActionId) => Promise<AuditEvent[]>;
  limits?: ProducerLimits;
  bodyDeadlineMs?: number;
};

type Answer = { status: number; body: unknown; headers?: Record<string, string>; close?: boolean };

const root = '/v1/actions';
const retryAfterSeconds = 5;
const complainEveryMs = 10_000;

export function intakeHandler(deps: IntakeDeps): (req: IncomingMessage, res: ServerResponse) => Promise<void> {
  const limits = deps.limits ?? producerLimits();
  const complain = rareComplaint(deps);
  return async (req, res) => {
    const answer = await answering(() => answerTo(req, deps, limits, complain), deps);
    if (answer === null || res.destroyed) return;
    res.writeHead(answer.status, {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...(answer.close ? { connection: 'close' } : {}),
      ...answer.headers,
    });
    res.end(JSON.stringify(answer.body));
  };
}

const failing = (
  status: number,
  code: string,
  more: Omit<Answer, 'status' | 'body'> & { message?: string; issues?: Issue[] } = {},
): Answer => {
  const { message, issues, ...rest } = more;
  return { status, body: { error: { code, ...(message ? { message } : {}), ...(issues ? { issues } : {}) } }, ...rest };
};

/** A failing record is the producer's cue to try again; every other surprise is a bug and goes up. */
async function answering(work: () => Promise<Answer | null>, { log }: IntakeDeps): Promise<Answer | null> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    log.warn({ err: error, service: error.service }, 'a request could not be answered: the record is unavailable');
    const seconds = error.retryAfterMs === null ? retryAfterSeconds : Math.max(1, Math.ceil(error.retryAfterMs / 1000));
    const message = 'the record is unavailable; nothing was stored. Send it again with the same id.';
    return failing(503, 'unavailable', { message, headers: { 'retry-after': String(seconds) } });
  }
}

/** Null: the caller is gone, nobody is there to be answered. */
async function answerTo(req: IncomingMessage, deps: IntakeDeps, limits: ProducerLimits, complain: () => void): Promise<Answer | null> {
  const path = (req.url ?? '').split('?', 1)[0] ?? '';
  const isCollection = path === root;
  if (!isCollection && !path.startsWith(`${root}/`)) return failing(404, 'not-found');
  const allowed = isCollection ? 'POST' : 'GET';
  if (req.method !== allowed) return failing(405, 'method-not-allowed', { headers: { allow: allowed } });
  if (isCollection && !isJson(req))
    return failing(415, 'unsupported-media-type', { message: 'send application/json in UTF-8, uncompressed' });

  const body = await readBody(req, { maxBytes: maxBodyBytes, deadlineMs: deps.bodyDeadlineMs ?? 10_000 });
  if (body.kind !== 'read') return unread(body.kind);
  const claim = { timestamp: headerOf(req, 'x-countersign-timestamp'), signature: headerOf(req, 'x-countersign-signature') };
  if (!isSigned({ ...claim, body: body.bytes }, deps.secrets, deps.now())) {
    complain();
    return failing(401, 'unauthorized', { message: 'unsigned, stale or wrong signature' });
  }
  return isCollection ? submit(req, body.bytes, deps, limits) : show(path.slice(root.length + 1), deps);
}

function unread(why: 'too-large' | 'too-slow' | 'gone'): Answer | null {
  if (why === 'gone') return null;
  if (why === 'too-slow') return failing(408, 'too-slow', { close: true });
  return failing(413, 'too-large', { message: `more than ${maxBodyBytes} bytes`, close: true });
}

async function submit(req: IncomingMessage, bytes: Buffer, deps: IntakeDeps, limits: ProducerLimits): Promise<Answer> {
  const json = parseJson(bytes);
  const waitMs = limits.take('value' in json ? producerOf(json.value) : '', deps.now());
  if (waitMs > 0) return failing(429, 'too-many-requests', { headers: { 'retry-after': String(Math.ceil(waitMs / 1000)) } });
  if ('issues' in json) return failing(400, 'invalid', json);
  const read = readSubmission(json.value, headerOf(req, 'idempotency-key')?.trim() || undefined);
  if ('issues' in read) return failing(400, 'invalid', read);
  const announced = await deps.announce(read.intake);
  if (announced.kind === 'invalid') return failing(400, 'invalid', { issues: announced.issues });
  if (announced.kind === 'conflict') return failing(409, 'conflict', { message: conflictText(announced) });
  const { id, producer, key, status } = announced.action;
  const isNew = announced.kind === 'accepted';
  deps.log.info({ actionId: id, producer, key, new: isNew }, 'an action was submitted');
  return { status: 202, body: { id, status, new: isNew } };
}

async function show(encodedId: string, deps: IntakeDeps): Promise<Answer> {
  const id = decoded(encodedId);
  // Nothing else is ever an id of ours, and a NUL would make the database complain.
  const action = /^[\w-]{1,64}$/.test(id) ? await deps.get(ActionId.parse(id)) : null;
  if (!action) return failing(404, 'not-found');
  return { status: 200, body: storedAction(action, await deps.history(action.id)) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

function headerOf(req: IncomingMessage, name: string): string | undefined {
  const value = req.headers[name];
  return Array.isArray(value) ? value.join(',') : value;
}

function isJson(req: IncomingMessage): boolean {
  const [type = '', ...parameters] = (headerOf(req, 'content-type') ?? '').toLowerCase().split(';');
  const encoding = headerOf(req, 'content-encoding') ?? 'identity';
  const otherCharset = parameters.some((parameter) => /^charset=(?!"?utf-8"?$)/.test(parameter.trim()));
  return type.trim() === 'application/json' && encoding === 'identity' && !otherCharset;
}

/** Not yet checked: good enough to count by. */
function producerOf(value: unknown): string {
  const named = typeof value === 'object' && value !== null && 'producer' in value ? value.producer : null;
  return typeof named === 'string' ? named.slice(0, 128) : '';
}

/** One line for many refusals: whoever has no secret must not be able to fill the log. */
function rareComplaint({ log, now }: IntakeDeps): () => void {
  let count = 0;
  let toldAt = Number.NEGATIVE_INFINITY;
  return () => {
    count += 1;
    if (now() - toldAt < complainEveryMs) return;
    log.warn({ refused: count }, 'requests to /v1/actions were refused: unsigned, stale or wrong signature');
    toldAt = now();
    count = 0;
  };
}
