import type { TeamsEvents } from './types.ts';

const NEXT_TIMEOUT_MS = 10_000;
type Listener = (event: unknown) => void;

export type EventHub = {
  on<E extends keyof TeamsEvents>(event: E, listener: (e: TeamsEvents[E]) => void): () => void;
  next<E extends keyof TeamsEvents>(event: E, where?: (e: TeamsEvents[E]) => boolean, timeoutMs?: number): Promise<TeamsEvents[E]>;
  emit<E extends keyof TeamsEvents>(event: E, payload: TeamsEvents[E]): void;
  close(): void;
};

export function createEventHub(): EventHub {
  const listeners = new Map<string, Set<Listener>>();
  const waiting = new Set<(reason: Error) => void>();

  const on: EventHub['on'] = (event, listener) => {
    const set = listeners.get(event) ?? new Set();
    listeners.set(event, set.add(listener as Listener));
    return () => void set.delete(listener as Listener);
  };

  const next: EventHub['next'] = (event, where = () => true, timeoutMs = NEXT_TIMEOUT_MS) => {
    const { promise, resolve, reject } = Promise.withResolvers<TeamsEvents[typeof event]>();
    const stop = (): void => {
      clearTimeout(timer);
      off();
      waiting.delete(fail);
    };
    const fail = (reason: Error): void => {
      stop();
      reject(reason);
    };
    const off = on(event, (e) => {
      if (!where(e)) return;
      stop();
      resolve(e);
    });
    const timer = setTimeout(() => fail(new Error(`Teams saw no matching "${event}" event within ${timeoutMs} ms`)), timeoutMs);
    waiting.add(fail);
    // A test that failed before it awaited this must not fail a second time with an unhandled rejection; whoever awaits still gets it.
    promise.catch(() => undefined);
    return promise;
  };

  return {
    on,
    next,
    // A copy is handed out: what a listener keeps must not change under it.
    emit: (event, payload) => {
      for (const listener of [...(listeners.get(event) ?? [])]) listener(structuredClone(payload));
    },
    close: () => {
      for (const fail of [...waiting]) fail(new Error('The simulated Teams was closed while something waited for its next event'));
      listeners.clear();
    },
  };
}
