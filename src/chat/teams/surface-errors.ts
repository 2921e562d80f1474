/** What went wrong with a message, decided by the status and code the Bot Connector answered, never by wording. */
import { z } from 'zod';
import { neverSentCode, SurfaceError, type SurfaceTrouble } from '../surface.ts';

/** Nothing left this process: no token, no connection. */
export class NotSent extends Error {
  override name = 'NotSent' as const;
  constructor(cause: unknown) {
    super('nothing was sent to Teams', { cause });
  }
}

/** The Bot Connector's answer, for those who must tell a deleted message from a deleted channel. */
class ConnectorError extends SurfaceError {
  readonly status: number | null;
  readonly code: string | null;

  constructor(
    trouble: SurfaceTrouble,
    message: string,
    facts: { status: number | null; code: string | null; retryAfterMs?: number; cause: unknown },
  ) {
    super(trouble, message, facts);
    this.status = facts.status;
    this.code = facts.code;
  }
}

/** https://learn.microsoft.com/microsoftteams/platform/bots/build-conversational-capability#status-codes-from-bot-conversational-apis */
const byStatus: Record<number, SurfaceTrouble> = {
  400: 'refused',
  // The token or the registration: an operator has to look.
  401: 'unreachable',
  403: 'unreachable',
  404: 'unreachable',
  // Two operations on one conversation at once: this one was not done.
  412: 'unavailable',
  413: 'refused',
  429: 'rate-limited',
};

const Answer = z.object({
  statusCode: z.number().int(),
  code: z.unknown().optional(),
  response: z.object({ headers: z.unknown().optional(), bodyAsText: z.string().nullish() }).optional(),
});
const Body = z.object({ error: z.object({ code: z.string() }) });
const gone = 'ActivityNotFoundInConversation';

/** botbuilder's errors carry the whole request, token and card included. None of that may reach a log. */
const harmless = (error: unknown): Error => {
  const cause = new Error(error instanceof Error ? error.name : 'no error');
  cause.stack = cause.message;
  return cause;
};

export function connectorErrorOf(error: unknown): SurfaceError {
  if (error instanceof SurfaceError) return error;
  if (error instanceof NotSent) return new SurfaceError('unavailable', error.message, { cause: harmless(error.cause) });
  const answer = Answer.safeParse(error).data;
  if (!answer) {
    const code = neverSentCode(error);
    if (code !== null) return new SurfaceError('unavailable', `Teams could not be reached (${code})`, { cause: harmless(error) });
    return new SurfaceError('unknown', 'Teams gave no answer', { cause: harmless(error) });
  }
  const { statusCode: status } = answer;
  const code = codeOf(answer);
  // Server errors may come after the message went out; the platform itself has sent messages two and three times after one.
  const trouble = code === gone ? 'gone' : (byStatus[status] ?? (status >= 500 ? 'unknown' : 'unreachable'));
  const pause = trouble === 'rate-limited' ? retryAfterOf(answer.response?.headers) : null;
  return new ConnectorError(trouble, `Teams answered ${status}${code === null ? '' : ` ${code}`}`, {
    status,
    code,
    ...(pause === null ? {} : { retryAfterMs: pause }),
    cause: harmless(error),
  });
}

function codeOf({ code, response }: z.infer<typeof Answer>): string | null {
  try {
    const body = Body.safeParse(JSON.parse(response?.bodyAsText ?? '')).data;
    if (body) return body.error.code.slice(0, 100);
  } catch {
    // Not every answer on the way is the Bot Connector's own.
  }
  return typeof code === 'string' ? code.slice(0, 100) : null;
}

/** Seconds or a date; Teams sends either, or nothing at all. */
function retryAfterOf(headers: unknown): number | null {
  const get = typeof headers === 'object' && headers !== null && 'get' in headers ? headers.get : null;
  const value: unknown = typeof get === 'function' ? get.call(headers, 'retry-after') : null;
  if (typeof value !== 'string' || value.trim() === '') return null;
  const seconds = Number(value);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.min(3_600_000, Math.max(0, ms)) : null;
}
