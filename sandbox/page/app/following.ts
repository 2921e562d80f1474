/** Keeps in view what the person waits for: what came in while the page is open, and the card they pressed, here or on the other side. */
import { type RefObject, useEffect, useRef } from 'react';

/** `looks`: how it is drawn, whatever that is made of. */
export type Entry = { key: string; actionId: string | null; looks: string };

export type Followed = {
  entries: readonly Entry[];
  /** What to go to when it is another than before; undefined for nothing. */
  newest: string | undefined;
  /** The action, or else the message, that was pressed last. */
  touched: string | null;
  /** Who looks. That somebody else has other messages is no news. */
  person: string;
};

export function useFollowing({ entries, newest, touched, person }: Followed): RefObject<HTMLDivElement | null> {
  const scroller = useRef<HTMLDivElement>(null);
  // Null: the page was just opened.
  const seen = useRef<{ person: string; newest: string | undefined } | null>(null);
  useEffect(() => {
    const isNews = seen.current?.person === person && seen.current.newest !== newest;
    if (isNews && newest !== undefined) show(scroller.current, newest);
    seen.current = { person, newest };
  }, [newest, person]);

  const watched = touched === null ? undefined : entries.findLast(({ key, actionId }) => key === touched || actionId === touched);
  const key = watched?.key;
  const looks = watched?.looks;
  const before = useRef<{ key: string | undefined; looks: string | undefined }>({ key, looks });
  useEffect(() => {
    const hasChanged = before.current.key === key && before.current.looks !== looks;
    if (hasChanged && key !== undefined) flash(show(scroller.current, key));
    before.current = { key, looks };
  }, [key, looks]);
  return scroller;
}

/** Moves the channel only, never the whole page: on a narrow screen that would take the person away from where they pressed. */
function show(scroller: HTMLElement | null, key: string): Element | null {
  const entry = scroller?.querySelector(`[data-ts="${CSS.escape(key)}"]`) ?? null;
  if (!scroller || !entry) return null;
  const top = entry.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
  scroller.scrollBy({ top, behavior: isCalm() ? 'auto' : 'smooth' });
  return entry;
}

function flash(entry: Element | null): void {
  if (isCalm()) return;
  entry?.animate([{ backgroundColor: 'var(--flash)' }, {}], { duration: 1600, easing: 'ease-out' });
}

const isCalm = (): boolean => window.matchMedia('(prefers-reduced-motion: reduce)').matches;
