/**
 * While a post is on its way nobody can say which of two messages will be the card's, and a client may not ask again for a long time. So a message
 * that was seen meanwhile is looked at once more when that post is over.
 */
import type { CardStore, Log } from '../../action-center/ports.ts';

export type Seen = Omit<Parameters<CardStore['sighted']>[0], 'now'>;
export type SecondLooks = { later(seen: Seen): void; stop(): void };

/** Whatever is more is looked at when a client asks again. */
const mostWaiting = 1000;

export function secondLooks(look: (seen: Seen) => Promise<unknown>, { afterMs, log }: { afterMs: number; log: Log }): SecondLooks {
  const waiting = new Map<string, NodeJS.Timeout>();
  return {
    later: (seen) => {
      const { conversation, ref, cardId } = seen;
      const key = `${conversation} ${ref}`;
      // Everybody who has the conversation open sees the same message.
      if (waiting.has(key) || waiting.size >= mostWaiting) return;
      const timer = setTimeout(() => {
        waiting.delete(key);
        look(seen).catch((error: unknown) =>
          log.warn({ cardId, conversation, ref, err: error }, 'a message could not be looked at once more'),
        );
      }, afterMs);
      waiting.set(key, timer.unref());
    },
    stop: () => {
      for (const timer of waiting.values()) clearTimeout(timer);
      waiting.clear();
    },
  };
}
