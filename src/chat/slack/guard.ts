/**
 * What stands before Bolt: bodies nobody can read, requests from the future, and byte-identical replays stop here. Bolt itself accepts future
 * time stamps and replays, refuses a content type with a charset, and ends the process over a body that is not an object.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isValidSlackRequest } from '@slack/bolt';
import { readBody, requestKey } from '../request.ts';
import { seenLately } from '../seen.ts';

export type Arrival = {
  /** Names the signed request. */ requestKey: string /** `performance.now()` when its first byte was read. */;
  receivedAt: number;
};
export type Guarded = (
  req: IncomingMessage,
  res: ServerResponse,
  next: (req: IncomingMessage & { rawBody: Buffer }) => void,
) => Promise<void>;
export type Guard = { admit: Guarded; arrivalOf(req: IncomingMessage): Arrival };

const futureMs = 60_000;
/** Longer than Bolt accepts a signature (5 min) and our clocks may differ. */
const replayWindow = { forMs: 600_000, bound: 50_000 };
const formType = 'application/x-www-form-urlencoded';

export function slackGuard(deps: { signingSecret: string; now: () => number }): Guard {
  const seen = seenLately({ ...replayWindow, now: deps.now });
  const arrivals = new WeakMap<IncomingMessage, Arrival>();

  const admit: Guarded = async (req, res, next) => {
    const receivedAt = performance.now();
    const body = await readBody(req);
    if (body === 'gone') return;
    if (body === 'too-large') return answer(res, 413);
    const verdict = judge(req, body.toString(), deps);
    if ('status' in verdict) return answer(res, verdict.status);
    const { signature, type } = verdict;
    // Only a valid signature is remembered, else anybody could use one up before Slack does. This is one bot's memory: what keeps a click from
    // counting twice across bots and restarts is the state machine behind it (action-center/transitions.ts).
    if (!seen.first(signature)) return answer(res, 200);
    req.headers['content-type'] = type;
    arrivals.set(req, { requestKey: requestKey(signature), receivedAt });
    next(Object.assign(req, { rawBody: body }));
  };
  const arrivalOf = (req: IncomingMessage) => {
    const arrival = arrivals.get(req);
    if (!arrival) throw new Error('a request came past the guard');
    return arrival;
  };
  return { admit, arrivalOf };
}

type Verdict = { status: number } | { signature: string; type: string };

function judge(req: IncomingMessage, text: string, deps: { signingSecret: string; now: () => number }): Verdict {
  const type = contentType(req);
  if (type === null) return { status: 415 };
  if (text.length === 0) return { status: 400 };
  // Slack's own certificate check is not signed, and asks for nothing. The cheap look first: this is the path of every press.
  if (type === formType && text.includes('ssl_check') && new URLSearchParams(text).get('ssl_check') === '1') return { status: 200 };
  const signature = validSignature(req, text, deps);
  if (signature === null) return { status: 401 };
  return isReadable(type, text) ? { signature, type } : { status: 400 };
}

function answer(res: ServerResponse, status: number): void {
  // What is still being sent of a refused body is not waited for.
  res.writeHead(status, status === 413 ? { connection: 'close' } : {});
  res.end();
}

/** Bolt compares the form type letter by letter, and a proxy may have added the charset. Null: neither a form nor JSON in UTF-8. */
function contentType(req: IncomingMessage): string | null {
  const [type = '', ...parameters] = (req.headers['content-type'] ?? '').toLowerCase().split(';');
  const isUtf8 = parameters.every((parameter) => /^\s*(charset\s*=\s*"?utf-?8"?)?\s*$/.test(parameter));
  return isUtf8 && [formType, 'application/json'].includes(type.trim()) ? type.trim() : null;
}

function validSignature(req: IncomingMessage, body: string, deps: { signingSecret: string; now: () => number }): string | null {
  const signature = req.headers['x-slack-signature'];
  const stamp = req.headers['x-slack-request-timestamp'];
  // Exactly Slack's form: Bolt ignores what follows a second `=`, and then a replay would look new.
  if (typeof signature !== 'string' || !/^v0=[0-9a-f]{64}$/.test(signature)) return null;
  if (typeof stamp !== 'string' || !/^\d{1,12}$/.test(stamp)) return null;
  const nowMilliseconds = deps.now();
  if (Number(stamp) * 1000 > nowMilliseconds + futureMs) return null;
  const headers = { 'x-slack-signature': signature, 'x-slack-request-timestamp': Number(stamp) };
  return isValidSlackRequest({ signingSecret: deps.signingSecret, body, headers, nowMilliseconds }) ? signature : null;
}

/** Bolt expects an object and looks into it without asking. */
function isReadable(type: string, text: string): boolean {
  if (type === 'application/json') return isJsonObject(text);
  const payloads = new URLSearchParams(text).getAll('payload');
  return payloads.length === 0 || (payloads.length === 1 && payloads.every(isJsonObject));
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false; // answered 400
  }
}
