/** What Advanced hunting answers: rows with the types it names, or why there are none. Unknown types survive as they are. */
import { z } from 'zod';
import { type HuntAnswer, HuntError, type HuntTrouble } from '../action-center/hunting.ts';
import type { HttpAnswer } from '../microsoft/http.ts';

export type GraphReply = { status: number; retryAfterMs: number | null; body: unknown; code: string | null; message: string };

/** More rows help nobody in a chat; the portal has them. */
const maxRows = 10_000;
const maxColumns = 200;

const Answer = z.object({
  schema: z.array(z.object({ name: z.string().min(1).max(400), type: z.string().max(100).catch('unknown') })),
  results: z.array(z.record(z.string(), z.unknown())),
});
const Failure = z.object({ error: z.object({ code: z.string().max(200).nullish(), message: z.string().nullish() }) });

export function replyOf({ status, retryAfterMs, body }: HttpAnswer): GraphReply {
  const failure = Failure.safeParse(body).data?.error;
  const code = failure?.code?.replaceAll(/[^\w.]/g, '') ?? null;
  return { status, retryAfterMs, body, code, message: failure?.message?.slice(0, 2000) ?? '' };
}

/** Rows come as objects, column names may be missing in them or be `__proto__`. */
export function readAnswer({ body }: GraphReply): HuntAnswer {
  const parsed = Answer.safeParse(body);
  if (!parsed.success) throw new HuntError('unavailable', 'Advanced hunting gave an answer that cannot be read', { cause: parsed.error });
  const { schema, results } = parsed.data;
  const columns = schema.slice(0, maxColumns);
  const rows = results.slice(0, maxRows).map((row) => columns.map(({ name }) => (Object.hasOwn(row, name) ? row[name] : null)));
  return { columns, rows, truncated: results.length > maxRows || schema.length > maxColumns };
}

const tookTooLong = /time[d -]*out|execution time|exceeded the (?:allowed )?(?:time|limit)/i;

/** Never for 200. */
export function troubleOf({ status, code, message }: GraphReply): HuntTrouble {
  if (status === 401 || status === 403) return 'not-allowed';
  if (status === 429) return 'busy';
  if (status === 408 || status === 504 || tookTooLong.test(`${code ?? ''} ${message}`)) return 'timed-out';
  return status >= 400 && status < 500 ? 'not-taken' : 'unavailable';
}
