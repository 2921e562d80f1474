/**
 * The one client of the Defender API and of Graph's security part. A call is made once: whatever is repeated is decided by who knows what may be.
 * Each error says whether the call may have taken effect all the same.
 */
import type { z } from 'zod';
import { UpstreamError } from '../action-center/errors.ts';
import type { Log } from '../action-center/ports.ts';
import type { Deadline } from '../microsoft/deadline.ts';
import { askOnce, type HttpAnswer } from '../microsoft/http.ts';
import { type Credential, type TokenSource, tokenSource } from '../microsoft/token.ts';
import type { ApiName, Limits, Quota, Urgency } from './limits.ts';
import { featureOff, missingPermission, notKnown, refusedText } from './outcome-words.ts';
import { ErrorBody } from './payloads.ts';
import { cutText, storable } from './storable.ts';

export type ApiCall = {
  api: ApiName;
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With the leading slash, version and query included. */
  path: string;
  body?: object;
  /** What the app has to be granted for it. */
  permission: string;
  urgency: Urgency;
  /** Left out: counted with the API's other calls. */
  quota?: Quota;
  /** How the answer is wanted. */
  prefer?: string;
  /** For long lists; left out: as long as a decision may wait. */
  withinMs?: number;
  /** Names the call for Microsoft's support. */
  decisionId?: string;
};

/** Throttled, by Microsoft or by ourselves: nothing was done, and waiting is all it takes. */
export const isThrottled = (error: unknown): boolean => error instanceof DefenderError && error.status === 429;

export type Api = {
  /** The answer to a call that was taken (2xx). Throws DefenderError for anything else. */
  ask(call: ApiCall, signal: AbortSignal): Promise<HttpAnswer>;
};

type Facts = { retryable: boolean; mayHaveWorked: boolean; status?: number; code?: string; retryAfterMs?: number | null; cause?: unknown };

/** `message` is for people; `code` is Microsoft's own. */
export class DefenderError extends UpstreamError {
  readonly mayHaveWorked: boolean;
  readonly status: number | null;
  readonly code: string | null;

  constructor(message: string, { mayHaveWorked, status, code, ...rest }: Facts) {
    super('backend', message, rest);
    this.mayHaveWorked = mayHaveWorked;
    this.status = status ?? null;
    this.code = code ?? null;
  }
}

export type ApiSettings = {
  tenantId: string;
  clientId: string;
  credential: Credential;
  authorityUrl: string;
  graphUrl: string;
  defenderUrl: string;
  defenderAudience: string;
  /** Null or left out: it is not asked. */
  office365?: { url: string; audience: string } | null;
};

const callMs = 5000;
const service = 'backend' as const;
const pauseWithoutWord = 30_000;
/** The connection was never there, so nothing was sent. */
const neverSent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT']);

export function microsoftApi(settings: ApiSettings, { log, limits }: { log: Log; limits: Limits }): Api {
  const now = (): number => performance.now();
  const tokensFor = (audience: string) => tokenSource({ ...settings, audience, service }, { log, now });
  const { office365 } = settings;
  const apis: Partial<Record<ApiName, { url: string; tokens: TokenSource; what: string }>> = {
    defender: { url: settings.defenderUrl, tokens: tokensFor(settings.defenderAudience), what: 'the Defender API' },
    graph: { url: settings.graphUrl, tokens: tokensFor(new URL(settings.graphUrl).origin), what: 'Microsoft Graph' },
    ...(office365 ? { office365: { url: office365.url, tokens: tokensFor(office365.audience), what: 'the Office 365 feed' } } : {}),
  };

  const send = async (call: ApiCall, deadline: Deadline, isSecond: boolean): Promise<HttpAnswer> => {
    const known = apis[call.api];
    if (known === undefined) throw new Error(`nobody said where ${call.api} is`);
    const { url, tokens, what } = known;
    const token = await tokens.token(deadline).catch(untouched);
    const headers = {
      accept: 'application/json',
      authorization: `Bearer ${token}`,
      ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(call.prefer === undefined ? {} : { prefer: call.prefer }),
      ...(call.decisionId === undefined ? {} : { 'client-request-id': call.decisionId }),
    };
    const body = call.body === undefined ? {} : { body: JSON.stringify(call.body) };
    const init = { method: call.method, headers, ...body };
    const answer = await askOnce({ what, service }, `${url}${call.path}`, init, deadline).catch((error: unknown) =>
      unanswered(call, error),
    );
    if (answer.status !== 401 || isSecond) return answer;
    // Refused at the door, so nothing was done: once more with a new token.
    tokens.drop(token);
    return send(call, deadline, true);
  };

  return {
    ask: async (call, signal) => {
      const quota = call.quota ?? call.api;
      const wait = await limits.take(quota, call.urgency);
      if (wait > 0) throw busy('As many calls as Microsoft allows have been made; this one waits.', wait);
      const answer = await send(call, deadlineOf(signal, call.withinMs), false);
      if (answer.status >= 200 && answer.status < 300) return answer;
      const error = errorOf(call, answer);
      if (answer.status === 429) await limits.pause(quota, error.retryAfterMs ?? pauseWithoutWord);
      const told = { api: call.api, method: call.method, status: answer.status, code: error.code, support: supportId(answer) };
      log.warn({ ...told, decisionId: call.decisionId ?? null }, 'Microsoft did not take a call');
      throw error;
    },
  };
}

function deadlineOf(signal: AbortSignal, ms = callMs): Deadline {
  const end = performance.now() + ms;
  return { signal: AbortSignal.any([signal, AbortSignal.timeout(ms)]), leftMs: () => end - performance.now() };
}

const busy = (message: string, retryAfterMs: number | null, code = 'TooManyRequests'): DefenderError =>
  new DefenderError(message, { retryable: true, mayHaveWorked: false, status: 429, retryAfterMs, code });

/** Without a token nothing was sent. */
function untouched(error: unknown): never {
  if (!(error instanceof UpstreamError)) throw error;
  const { retryable, retryAfterMs, cause } = error;
  throw new DefenderError(error.message, { retryable, mayHaveWorked: false, retryAfterMs, cause });
}

function unanswered({ method }: ApiCall, error: unknown): never {
  if (!(error instanceof UpstreamError)) throw error;
  const reason = error.cause instanceof Error ? error.cause.cause : null;
  const code = reason instanceof Error && 'code' in reason ? String(reason.code) : '';
  throw new DefenderError(error.message, { retryable: true, mayHaveWorked: method !== 'GET' && !neverSent.has(code), cause: error.cause });
}

function errorOf({ api, method, permission }: ApiCall, answer: HttpAnswer): DefenderError {
  const { status, retryAfterMs } = answer;
  const body = ErrorBody.safeParse(storable(answer.body)).data?.error;
  const code = body?.code ?? 'unknown';
  const said = cutText(body?.message?.replaceAll(/\s+/g, ' ').trim() ?? '', 300) || null;
  const facts = { status, code, retryAfterMs, mayHaveWorked: false, retryable: false };
  if (status === 429) return busy('Microsoft asks for a pause.', retryAfterMs, code);
  if (status >= 500)
    return new DefenderError(`Microsoft answered ${status} (${code}).`, { ...facts, retryable: true, mayHaveWorked: method !== 'GET' });
  if (status === 401)
    return new DefenderError('Microsoft does not accept the app that carries decisions out. Check its credentials.', facts);
  if (status === 403) {
    const isOff = code === 'DisabledFeature' || code === 'DisallowedOperation';
    return new DefenderError(isOff ? featureOff : missingPermission(permission, api), facts);
  }
  return new DefenderError(status === 404 ? notKnown : refusedText(said), facts);
}

function supportId({ body }: HttpAnswer): string | null {
  const error = ErrorBody.safeParse(body).data?.error;
  return error?.target ?? error?.innerError?.['request-id'] ?? null;
}

/** The answer in the shape it must have, and storable: part of it may go into the record. It was taken, so whatever it was for may have been done. */
export function readAnswer<T>(shape: z.ZodType<T>, { body, status }: HttpAnswer): T {
  const parsed = shape.safeParse(storable(body));
  if (parsed.success) return parsed.data;
  throw new DefenderError('Microsoft gave an answer that cannot be read.', {
    retryable: true,
    mayHaveWorked: true,
    status,
    cause: parsed.error,
  });
}

/** A text as OData writes it; what it does to an address is undone by encoding the whole. */
export const quoted = (value: string): string => `'${value.replaceAll("'", "''")}'`;
export const filtered = (path: string, filter: string, more = ''): string => `${path}?$filter=${encodeURIComponent(filter)}${more}`;
