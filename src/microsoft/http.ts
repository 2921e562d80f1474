/**
 * JSON over HTTP, within a deadline: one request, and one more where the service named a pause that fits. Redirects are not followed, since the
 * token would go along. What does not arrive whole and readable is no answer.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { UpstreamError, type UpstreamService } from '../action-center/errors.ts';
import type { Deadline } from './deadline.ts';

export type HttpAnswer = {
  status: number;
  retryAfterMs: number | null;
  body: unknown;
  location?: string | null;
  nextPageUri?: string | null;
};
/** Who is asked: `what` names it in errors; the URL may hold a person's address and is never in them. */
export type Asked = { what: string; service: UpstreamService };

const usualBytes = 8 * 1024 * 1024;
/** The cause of an UpstreamError: there was an answer, and more of it than is read. */
export class AnswerTooLarge extends Error {}
/** After the pause there must be time for the request itself. */
const roomMs = 100;

export async function exchange(what: string, url: string, init: RequestInit, deadline: Deadline): Promise<HttpAnswer> {
  return patiently({ what, service: 'directory' }, url, init, deadline);
}

/** As `exchange`, for whichever service. */
export async function patiently(asked: Asked, url: string, init: RequestInit, deadline: Deadline): Promise<HttpAnswer> {
  try {
    const first = await once(url, init, deadline.signal);
    if (!isBusy(first) || !fits(first.retryAfterMs, deadline)) return first;
    await wait(first.retryAfterMs, undefined, { signal: deadline.signal });
    return await once(url, init, deadline.signal);
  } catch (error) {
    throw noAnswer(asked, error, deadline);
  }
}

/** One request and no second one, whatever the answer: for what must not be done twice. */
export async function askOnce(
  asked: Asked,
  url: string,
  init: RequestInit,
  deadline: Deadline,
  maxBytes = usualBytes,
): Promise<HttpAnswer> {
  try {
    return await once(url, init, deadline.signal, maxBytes);
  } catch (error) {
    throw noAnswer(asked, error, deadline);
  }
}

/** Waits as long as the service asked for, or fails as the deadline does. */
export async function pause(what: string, ms: number, deadline: Deadline): Promise<void> {
  try {
    await wait(ms, undefined, { signal: deadline.signal });
  } catch (error) {
    throw noAnswer({ what, service: 'directory' }, error, deadline);
  }
}

export const isBusy = ({ status }: { status: number }): boolean => status === 429 || status === 503;
export const fits = (pauseMs: number | null, deadline: Deadline): pauseMs is number =>
  pauseMs !== null && pauseMs + roomMs < deadline.leftMs();

/** Seconds only: the other form of the header, a date, would trust two clocks. */
export function retryAfterOf(value: string | null | undefined): number | null {
  return value !== null && value !== undefined && /^\d{1,6}$/.test(value.trim()) ? Number(value) * 1000 : null;
}

async function once(url: string, init: RequestInit, signal: AbortSignal, maxBytes = usualBytes): Promise<HttpAnswer> {
  const response = await fetch(url, { ...init, signal, redirect: 'error' });
  return {
    status: response.status,
    retryAfterMs: retryAfterOf(response.headers.get('retry-after')),
    body: await readJson(response, maxBytes),
    location: response.headers.get('location'),
    // Where the Office 365 feed says what others say in the body.
    nextPageUri: response.headers.get('nextpageuri'),
  };
}

/** Undefined: no JSON. No schema takes that for an answer. Throws AnswerTooLarge as soon as there are more bytes than `maxBytes`. */
async function readJson(response: Response, maxBytes: number): Promise<unknown> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.byteLength;
    if (bytes > maxBytes) throw new AnswerTooLarge(`the answer is larger than ${maxBytes} bytes`);
    parts.push(part);
  }
  return jsonOf(Buffer.concat(parts).toString('utf8'));
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function noAnswer({ what, service }: Asked, error: unknown, deadline: Deadline): UpstreamError {
  if (error instanceof UpstreamError) return error;
  const reason = deadline.signal.aborted ? 'did not answer in time' : `could not be asked (${reasonOf(error)})`;
  return new UpstreamError(service, `${what} ${reason}`, { retryable: true, cause: error });
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown reason';
  const { cause } = error;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : error.message;
}
