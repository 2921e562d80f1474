/** Reads a request's raw body within a size and a time. */
import type { IncomingMessage } from 'node:http';

type Trouble = 'too-large' | 'too-slow' | 'gone';
export type Body = { kind: 'read'; bytes: Buffer } | { kind: Trouble };

/** How much of a body that is too large is still read: closing at once would cut off our own answer on its way. */
const maxDrainBytes = 4 * 1024 * 1024;
const maxDrainMs = 1000;

export function readBody(req: IncomingMessage, { maxBytes, deadlineMs }: { maxBytes: number; deadlineMs: number }): Promise<Body> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let isTooLarge = Number(req.headers['content-length'] ?? 0) > maxBytes;
    let timer = setTimeout(() => end(isTooLarge ? 'too-large' : 'too-slow'), isTooLarge ? maxDrainMs : deadlineMs);

    const end = (kind: 'read' | Trouble): void => {
      clearTimeout(timer);
      req.off('data', onData).off('end', onEnd).off('close', onGone);
      req.pause();
      resolve(kind === 'read' ? { kind, bytes: Buffer.concat(chunks) } : { kind });
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (!isTooLarge && size > maxBytes) {
        isTooLarge = true;
        chunks.length = 0;
        clearTimeout(timer);
        timer = setTimeout(() => end('too-large'), maxDrainMs);
      }
      if (!isTooLarge) chunks.push(chunk);
      else if (size > maxDrainBytes) end('too-large');
    };
    const onEnd = (): void => end(isTooLarge ? 'too-large' : 'read');
    const onGone = (): void => end('gone');
    req.on('data', onData).once('end', onEnd).once('close', onGone);
    // An aborted upload also emits an error; the close that follows says all there is to know.
    req.on('error', () => {});
  });
}
