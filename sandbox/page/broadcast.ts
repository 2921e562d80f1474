/** Server-sent events: everybody who has the page open gets the whole state, at most every few milliseconds. */
import type { ServerResponse } from 'node:http';

const settleMs = 40;
const heartbeatMs = 15_000;
const mostListeners = 20;
/** A browser that does not read (a sleeping tab) is let go; it comes back by itself. */
const mostUnread = 8 * 1024 * 1024;

export type Broadcast = {
  /** Something changed; everybody is told soon. */
  changed(): void;
  /** Takes over a response. When there are too many already, it says so and the browser asks again later. */
  join(response: ServerResponse): void;
  close(): void;
};

export function openBroadcast(read: () => unknown): Broadcast {
  const listeners = new Set<ServerResponse>();
  let timer: NodeJS.Timeout | null = null;
  const send = (response: ServerResponse, text: string) => {
    if (response.writableLength > mostUnread) response.destroy();
    else response.write(text);
  };
  const picture = () => `data: ${JSON.stringify(read())}\n\n`;
  const tellAll = () => {
    timer = null;
    if (listeners.size === 0) return;
    const text = picture();
    for (const listener of listeners) send(listener, text);
  };
  const heartbeat = setInterval(() => {
    for (const listener of listeners) send(listener, ': still here\n\n');
  }, heartbeatMs);

  return {
    changed: () => {
      timer ??= setTimeout(tellAll, settleMs);
    },
    join: (response) => {
      if (listeners.size >= mostListeners) {
        response.writeHead(503).end();
        return;
      }
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      response.write(`retry: 1000\n\n${picture()}`);
      listeners.add(response);
      response.on('close', () => listeners.delete(response));
    },
    close: () => {
      if (timer) clearTimeout(timer);
      clearInterval(heartbeat);
      for (const listener of listeners) listener.end();
      listeners.clear();
    },
  };
}
