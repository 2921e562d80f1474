/** Reads and checks what the page asks for. */
import type { IncomingMessage } from 'node:http';
import type { PressRequest, RaiseRequest, SubmitRequest } from './state.ts';

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

const textAt = (body: Record<string, unknown>, key: string): string => {
  const value = body[key];
  if (typeof value !== 'string' || value === '') throw new BadRequest(400, `${key} must be a text`);
  return value;
};

export function pressRequest(body: Record<string, unknown>): PressRequest {
  const { confirm } = body;
  if (confirm !== undefined && confirm !== 'accept' && confirm !== 'deny') throw new BadRequest(400, 'confirm must be accept or deny');
  const press = { user: textAt(body, 'user'), channel: textAt(body, 'channel'), ts: textAt(body, 'ts'), button: textAt(body, 'button') };
  return confirm === undefined ? press : { ...press, confirm };
}

export function submitRequest(body: Record<string, unknown>): SubmitRequest {
  const { values } = body;
  if (typeof values !== 'object' || values === null) throw new BadRequest(400, 'values must be an object');
  const texts = Object.entries(values).map(([key, value]) => [key, String(value)]);
  return { user: textAt(body, 'user'), values: Object.fromEntries(texts) };
}

export function raiseRequest(body: Record<string, unknown>): RaiseRequest {
  const { ending } = body;
  return typeof ending === 'string' ? { type: textAt(body, 'type'), ending } : { type: textAt(body, 'type') };
}

export const userOf = (body: Record<string, unknown>): string => textAt(body, 'user');
