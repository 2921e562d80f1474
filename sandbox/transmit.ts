/** Sends a request to the bot as a platform does, and takes down what comes back. */
import { request } from 'node:http';

type Sent = { url: string; headers: Record<string, string>; body: string };
type Ack = { status: number; body: unknown; ms: number; timedOut: boolean };
type Patience = { waitMs: number; maxAnswerBytes: number; signal: AbortSignal };

/** The bytes as they are; each request on a connection of its own, as from a platform's many senders. */
export function transmit({ url, headers, body: text }: Sent, { waitMs, maxAnswerBytes, signal }: Patience): Promise<Ack> {
  const started = performance.now();
  const body = Buffer.from(text);
  return new Promise((resolve) => {
    const ack = (status: number, answer: unknown, timedOut = false): void => {
      clearTimeout(timer);
      resolve({ status, body: answer, ms: performance.now() - started, timedOut });
    };
    const outgoing = request(url, { method: 'POST', agent: false, headers: { ...headers, 'Content-Length': body.length }, signal });
    const timer = setTimeout(() => {
      ack(0, undefined, true);
      outgoing.destroy();
    }, waitMs);
    outgoing.on('error', (error) => ack(0, error.message));
    outgoing.on('response', (incoming) => {
      const chunks: Buffer[] = [];
      let size = 0;
      incoming.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size <= maxAnswerBytes) chunks.push(chunk);
      });
      incoming.on('error', (error) => ack(0, error.message));
      incoming.on('end', () => ack(incoming.statusCode ?? 0, parseAnswer(Buffer.concat(chunks).toString())));
    });
    outgoing.end(body);
  });
}

/** JSON where it is JSON, else the text; nothing for an empty answer. */
function parseAnswer(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
