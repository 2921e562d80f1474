/** Reads and checks what the page asks for. */
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { Requests } from './state.ts';

const bodyLimit = 64 * 1024;

/** A request that is refused, and with which status. */
export class BadRequest extends Error {
  override name = 'BadRequest' as const;
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  if (request.headers['content-type'] !== 'application/json') throw new BadRequest(415, 'send application/json');
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyLimit) throw new BadRequest(413, `at most ${bodyLimit} bytes`);
    chunks.push(chunk);
  }
  const parsed = parseJson(Buffer.concat(chunks).toString('utf8'));
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new BadRequest(400, 'send one JSON object');
  return parsed as Record<string, unknown>;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BadRequest(400, `not JSON: ${error instanceof Error ? error.message : 'unreadable'}`);
  }
}

const most = { id: 500, line: 4000, field: 20_000, fields: 50 } as const;

const text = (max: number) => z.string('must be a text').min(1, 'must be a text').max(max, `must be at most ${max} characters`);
const id = text(most.id);
const fields = z
  .record(z.string().max(most.id), z.string('must be a text').max(most.field), 'must be an object')
  .refine((values) => Object.keys(values).length <= most.fields, `must be at most ${most.fields} fields`);

const schemas = {
  '/raise': z.object({ type: id, ending: id.exactOptional() }),
  '/storm': z.object({ type: id }),
  '/play': z.object({ user: id }),
  '/press': z.object({
    user: id,
    channel: id,
    ts: id,
    button: id,
    confirm: z.enum(['accept', 'deny'], 'must be accept or deny').exactOptional(),
  }),
  '/submit': z.object({ user: id, values: fields }),
  '/close-view': z.object({ user: id }),
  '/command': z.object({ user: id, text: text(most.line) }),
  '/teams/press': z.object({ user: id, messageId: id, button: id, inputs: fields }),
  '/teams/submit': z.object({ user: id, button: id, values: fields }),
  '/teams/close-dialog': z.object({ user: id }),
  '/teams/say': z.object({ user: id, text: text(most.line) }),
} satisfies { [Path in keyof Requests]: z.ZodType<Requests[Path]> };

/** Throws BadRequest with the first thing that is wrong. */
export function parseRequest<Path extends keyof Requests>(path: Path, body: unknown): Requests[Path] {
  const parsed = (schemas[path] as unknown as z.ZodType<Requests[Path]>).safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new BadRequest(400, issue ? `${issue.path.join('.')} ${issue.message}` : 'not understood');
}
