/** The Slack channel as one person sees it. */
import { useEffect, useMemo, useRef, useState } from 'react';
import type { PageEphemeral, PagePerson, PageState } from '../state.ts';
import type { Names } from './blocks.tsx';
import type { Button } from './buttons.ts';
import { ConfirmDialog } from './confirm-dialog.tsx';
import { post } from './connection.ts';
import { Message, Private } from './message.tsx';
import { ViewDialog } from './view-dialog.tsx';

type Asked = { ts: string; button: Button; answer: (choice: 'accept' | 'deny') => void };

export function Channel({ state, me }: { state: PageState; me: PagePerson }) {
  const [asked, setAsked] = useState<Asked | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const names = useMemo<Names>(() => ({ users: state.people, channels: [state.channel] }), [state.people, state.channel]);
  const [pressed, setPressed] = useState<string | null>(null);
  const [dismissed, setDismissed] = useState<string | null>(null);
  const view = state.views[me.id] ?? null;
  // The newest private answer stays in sight below the channel, so that nobody has to leave the card to read it.
  const privately = state.ephemerals[me.id] ?? [];
  const docked = privately.findLast(({ ts }) => dismissed === null || ts > dismissed);

  const send = async (ts: string, { text, url }: Button, confirm?: 'accept' | 'deny') => {
    const answer = await post('/press', { user: me.id, channel: state.channel.id, ts, button: text, ...(confirm && { confirm }) });
    setTrouble(answer.ok ? null : (answer.error ?? 'That did not work.'));
    if (url !== null && confirm !== 'deny') window.open(url, '_blank', 'noopener,noreferrer');
  };
  const press = async (ts: string, button: Button) => {
    setPressed(ts);
    if (!button.confirm) return send(ts, button);
    const choice = await new Promise<'accept' | 'deny'>((answer) => setAsked({ ts, button, answer }));
    setAsked(null);
    await send(ts, button, choice);
  };

  return (
    <section className="slack" aria-label="Slack">
      <header className="slack-head">
        <h2># {state.channel.name}</h2>
        <span>as {me.name} sees it</span>
      </header>
      <Messages state={state} privately={privately.filter((it) => it !== docked)} names={names} press={press} pressed={pressed} />
      {docked ? <Private key={docked.ts} message={docked} names={names} press={press} onDismiss={() => setDismissed(docked.ts)} /> : null}
      {trouble === null ? null : (
        <div className="trouble" role="alert">
          <span>{trouble}</span>
          <button type="button" className="quiet" onClick={() => setTrouble(null)}>
            Dismiss
          </button>
        </div>
      )}
      {asked?.button.confirm ? <ConfirmDialog confirm={asked.button.confirm} onAnswer={asked.answer} /> : null}
      {view && !asked ? <ViewDialog key={`${me.id} ${view.id}`} view={view} user={me.id} names={names} /> : null}
    </section>
  );
}

type MessagesProps = {
  state: PageState;
  privately: PageEphemeral[];
  names: Names;
  press: (ts: string, button: Button) => Promise<void>;
  /** The card pressed last. */
  pressed: string | null;
};

function Messages({ state, privately, names, press, pressed }: MessagesProps) {
  const parents = new Set(state.messages.map((message) => message.ts));
  const loose = privately.filter(({ threadTs }) => threadTs === null || !parents.has(threadTs));
  const entries = [
    ...state.messages.map((message) => ({ ts: message.ts, message, ephemeral: null })),
    ...loose.map((ephemeral) => ({ ts: ephemeral.ts, message: null, ephemeral })),
  ].sort((a, b) => Number.parseFloat(a.ts) - Number.parseFloat(b.ts));
  const scroller = useFollowing(state, pressed);

  return (
    <div className="messages" ref={scroller}>
      {entries.length === 0 ? <p className="empty">The first cards are on their way ...</p> : null}
      {entries.map(({ ts, message, ephemeral }) =>
        message ? (
          <Message key={ts} message={message} names={names} press={press} privately={privately.filter((it) => it.threadTs === ts)} />
        ) : ephemeral ? (
          <Private key={`${ts} private`} message={ephemeral} names={names} press={press} />
        ) : null,
      )}
    </div>
  );
}

/** Keeps in view what the person waits for: a card raised while the page is open, and the card they pressed, once it changes. */
function useFollowing(state: PageState, pressed: string | null) {
  const scroller = useRef<HTMLDivElement>(null);
  const newest = state.messages.length > state.openingCards ? state.messages.at(-1)?.ts : undefined;
  // Null: the page was just opened.
  const seen = useRef<string | null | undefined>(null);
  useEffect(() => {
    if (seen.current !== null && newest !== undefined) show(scroller.current, newest);
    seen.current = newest;
  }, [newest]);

  const looks = JSON.stringify(state.messages.find((message) => message.ts === pressed)?.blocks);
  const before = useRef<{ pressed: string | null; looks: string | undefined }>({ pressed: null, looks });
  useEffect(() => {
    const hasChanged = before.current.pressed === pressed && before.current.looks !== looks;
    if (hasChanged && pressed !== null) show(scroller.current, pressed);
    before.current = { pressed, looks };
  }, [pressed, looks]);
  return scroller;
}

function show(scroller: HTMLElement | null, ts: string): void {
  scroller?.querySelector(`[data-ts="${ts}"]`)?.scrollIntoView({ block: 'start', behavior: 'smooth' });
}
