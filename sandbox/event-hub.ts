/** Who listens to a simulated platform, and who waits for the next thing to happen there. `Events` maps names to what is told. */

const NEXT_TIMEOUT_MS = 10_000;
type Listener = (event: unknown) => void;

export type EventHub<Events> = {
  on<E extends keyof Events>(event: E, listener: (e: Events[E]) => void): () => void;
  next<E extends keyof Events>(event: E, where?: (e: Events[E]) => boolean, timeoutMs?: number): Promise<Events[E]>;
  emit<E extends keyof Events>(event: E, payload: Events[E]): void;
  close(): void;
};

/** `platform`: its name, for what goes wrong. */
export function createEventHub<Events>(platform: string): EventHub<Events> {
  const listeners = new Map<keyof Events, Set<Listener>>();
  const waiting = new Set<(reason: Error) => void>();

  const on: EventHub<Events>['on'] = (event, listener) => {
    const set = listeners.get(event) ?? new Set();
    listeners.set(event, set.add(listener as Listener));
    return () => void set.delete(listener as Listener);
  };

  const next: EventHub<Events>['next'] = (event, where = () => true, timeoutMs = NEXT_TIMEOUT_MS) => {
    const { promise, resolve, reject } = Promise.withResolvers<Events[typeof event]>();
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
    const timer = setTimeout(
      () => fail(new Error(`${platform} saw no matching "${String(event)}" event within ${timeoutMs} ms`)),
      timeoutMs,
    );
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
      for (const fail of [...waiting]) fail(new Error(`The simulated ${platform} was closed while something waited for its next event`));
      listeners.clear();
    },
  };
}
