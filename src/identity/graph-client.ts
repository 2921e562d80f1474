/** Microsoft Graph over HTTP: several questions in one call (`$batch`), or one list with its pages. Knows nothing of what is asked. */
import { z } from 'zod';
import { UpstreamError } from '../action-center/errors.ts';
import type { Deadline } from '../microsoft/deadline.ts';
import { exchange, fits, type HttpAnswer, isBusy, pause, retryAfterOf } from '../microsoft/http.ts';
import type { TokenSource } from '../microsoft/token.ts';

/** `path` is below the version, with its query. */
export type GraphRequest = { method: 'GET' | 'POST'; path: string; headers?: Record<string, string>; body?: unknown };
export type GraphVersion = 'v1.0' | 'beta';

export type GraphClient = {
  /** One call for up to 20 questions; the answers in their order, each with its own status. */
  batch(version: GraphVersion, requests: readonly GraphRequest[], deadline: Deadline): Promise<HttpAnswer[]>;
  get(version: GraphVersion, path: string, deadline: Deadline): Promise<HttpAnswer>;
  /** All the entries of a list whose first page is there. */
  rest(first: HttpAnswer, deadline: Deadline, headers?: Record<string, string>): Promise<unknown[]>;
};

const batchSize = 20;
/** More is no list that this product should be asking for. */
const maxPages = 20;

const BatchAnswer = z.object({
  responses: z.array(
    z.object({
      id: z.string(),
      status: z.number().int(),
      headers: z.record(z.string(), z.unknown()).optional(),
      body: z.unknown().optional(),
    }),
  ),
});
const Page = z.object({ value: z.array(z.unknown()), '@odata.nextLink': z.string().optional() });

export function graphClient({ graphUrl, tokens }: { graphUrl: string; tokens: TokenSource }): GraphClient {
  const call = async (url: string, init: RequestInit, deadline: Deadline, more: Record<string, string> = {}): Promise<HttpAnswer> => {
    const attempt = (token: string): Promise<HttpAnswer> => {
      const headers = { ...more, accept: 'application/json', 'content-type': 'application/json', authorization: `Bearer ${token}` };
      return exchange('Microsoft Graph', url, { ...init, headers }, deadline);
    };
    const token = await tokens.token(deadline);
    const answer = await attempt(token);
    if (answer.status !== 401) return answer;
    // The token ended early or was revoked; this is known, so asking once more with a new one is no guess.
    tokens.drop(token);
    return attempt(await tokens.token(deadline));
  };

  const send = async (version: GraphVersion, requests: readonly GraphRequest[], deadline: Deadline): Promise<HttpAnswer[]> => {
    const body = JSON.stringify({ requests: requests.map(inBatch) });
    const answer = await call(`${graphUrl}/${version}/$batch`, { method: 'POST', body }, deadline);
    if (answer.status !== 200) throw failure(answer);
    return apart(requests.length, answer.body);
  };

  /** Inside a batch each question is throttled by itself: only those are asked again, once. */
  const patiently = async (version: GraphVersion, requests: readonly GraphRequest[], deadline: Deadline): Promise<HttpAnswer[]> => {
    const answers = await send(version, requests, deadline);
    const busy = answers.flatMap((answer, index) => (isBusy(answer) ? [index] : []));
    const pauses = busy.map((index) => answers[index]?.retryAfterMs ?? null);
    const longest = pauses.includes(null) ? null : Math.max(...pauses.map(Number));
    if (busy.length === 0 || !fits(longest, deadline)) return answers;
    await pause('Microsoft Graph', longest, deadline);
    const again = await send(
      version,
      busy.flatMap((index) => requests[index] ?? []),
      deadline,
    );
    return answers.map((answer, index) => again[busy.indexOf(index)] ?? answer);
  };

  return {
    batch: async (version, requests, deadline) => {
      const calls: readonly GraphRequest[][] = chunks(requests, batchSize);
      return (await Promise.all(calls.map((some) => patiently(version, some, deadline)))).flat();
    },
    get: (version, path, deadline) => call(`${graphUrl}/${version}${path}`, { method: 'GET' }, deadline),
    rest: async (first, deadline, headers) => {
      const entries: unknown[] = [];
      let answer = first;
      for (let page = 1; page <= maxPages; page += 1) {
        const { value, '@odata.nextLink': next } = expect(Page, answer);
        entries.push(...value);
        if (next === undefined) return entries;
        // The token goes where this link points.
        if (!next.startsWith(`${graphUrl}/`)) throw unreadable();
        answer = await call(next, { method: 'GET' }, deadline, headers);
      }
      throw new UpstreamError('directory', `Microsoft Graph has more than ${maxPages} pages of an answer`, { retryable: false });
    },
  };
}

const inBatch = ({ method, path, headers = {}, body }: GraphRequest, index: number) => ({
  id: String(index),
  method,
  url: path,
  ...(body === undefined ? { headers } : { headers: { ...headers, 'content-type': 'application/json' }, body }),
});

/** Every question has to be answered, in whatever order; a partial answer is none. */
function apart(count: number, body: unknown): HttpAnswer[] {
  const parsed = BatchAnswer.safeParse(body);
  if (!parsed.success) throw unreadable();
  const byId = new Map(parsed.data.responses.map((response) => [response.id, response]));
  return Array.from({ length: count }, (_, index) => {
    const response = byId.get(String(index));
    if (!response) throw unreadable();
    const headers = new Map(Object.entries(response.headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]));
    return { status: response.status, retryAfterMs: retryAfterOf(headers.get('retry-after')), body: response.body };
  });
}

export function chunks<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) => all.slice(index * size, (index + 1) * size));
}

/** The answer in the shape it must have. Throws UpstreamError for anything else, an error or an emptiness included. */
export function expect<T>(shape: z.ZodType<T>, answer: HttpAnswer): T {
  if (answer.status !== 200) throw failure(answer);
  const parsed = shape.safeParse(answer.body);
  if (!parsed.success) throw unreadable();
  return parsed.data;
}

const ErrorBody = z.object({ error: z.object({ code: z.string().max(100) }) });

export function errorCode({ body }: HttpAnswer): string | null {
  const parsed = ErrorBody.safeParse(body);
  return parsed.success ? parsed.data.error.code : null;
}

export function failure(answer: HttpAnswer): UpstreamError {
  const { status, retryAfterMs } = answer;
  const code = errorCode(answer)?.replaceAll(/[^\w.]/g, '') ?? 'no reason';
  const hint = status === 403 ? '; docs/setup-entra.md lists the permissions it needs' : '';
  return new UpstreamError('directory', `Microsoft Graph answered ${status} (${code})${hint}`, {
    retryable: status === 200 || status >= 500 || isBusy({ status }),
    retryAfterMs,
  });
}

export const unreadable = (): UpstreamError =>
  new UpstreamError('directory', 'Microsoft Graph gave an answer that is incomplete or cannot be read', { retryable: true });
