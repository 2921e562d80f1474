/** One keep-alive connection that sends prepared bytes and reads the answer. Far cheaper than an HTTP client, so that it takes little of the machine. */
import { connect } from 'node:net';

export type Answer = { status: number /** Head and body as they came. */; text: string };
export type Connection = { send(request: Buffer): Promise<Answer>; close(): void };

const deadlineMs = 15_000;

export function openConnection(port: number): Promise<Connection> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let received = '';
  let waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | null = null;
  const fail = (error: Error) => {
    waiting?.reject(error);
    waiting = null;
    socket.destroy();
  };
  socket.setEncoding('latin1');
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('the server closed the connection')));
  socket.on('timeout', () => fail(new Error(`no answer within ${deadlineMs} ms`)));
  socket.on('data', (chunk: string) => {
    received += chunk;
    const status = statusOf(received);
    if (status === null) return;
    const text = received;
    received = '';
    socket.setTimeout(0);
    const { resolve } = waiting ?? {};
    waiting = null;
    resolve?.({ status, text });
  });
  const connection: Connection = {
    send: (request) =>
      new Promise((resolve, reject) => {
        if (socket.destroyed) return reject(new Error('the connection is closed'));
        waiting = { resolve, reject };
        socket.setTimeout(deadlineMs);
        socket.write(request);
      }),
    close: () => {
      socket.removeAllListeners('close');
      socket.destroy();
    },
  };
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(connection));
    socket.once('error', reject);
  });
}

/** Null until the whole answer is there. */
function statusOf(text: string): number | null {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const head = text.slice(0, end).toLowerCase();
  const isComplete = head.includes('\r\ntransfer-encoding: chunked')
    ? text.endsWith('0\r\n\r\n')
    : text.length - end - 4 >= Number(/\r\ncontent-length: (\d+)/.exec(head)?.[1] ?? 0);
  return isComplete ? Number(text.slice(9, 12)) : null;
}
