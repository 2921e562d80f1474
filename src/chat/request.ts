/** Requests of the platforms, before anybody knows what is in them: the body within a bound, and a short name. */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const bodyLimit = 1_048_576;

/** The server's own time limit ends what never ends. */
export function readBody(req: IncomingMessage): Promise<Buffer | 'too-large' | 'gone'> {
  if (Number(req.headers['content-length'] ?? 0) > bodyLimit) {
    req.resume();
    return Promise.resolve('too-large');
  }
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    req.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > bodyLimit) resolve('too-large');
      else chunks.push(chunk);
    });
    req.on('end', () => resolve(Buffer.concat(chunks)));
    req.on('close', () => resolve('gone'));
    req.on('error', () => resolve('gone'));
  });
}

/** A short, stable name of a request, made from what is unique in it; what it was made from is never stored. */
export const requestKey = (unique: string): string => createHash('sha256').update(unique).digest('hex').slice(0, 32);
