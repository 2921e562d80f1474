/** The Slack channel as one person sees it. */
import { useEffect, useMemo, useRef, useState } from 'react';
import type { PagePerson, PageState } from '../state.ts';
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
  const view = state.views[me.id] ?? null;

  const send = async (ts: string, { text, url }: Button, confirm?: 'accept' | 'deny') => {
    const answer = await post('/press', { user: me.id, channel: state.channel.id, ts, button: text, ...(confirm && { confirm }) });
    setTrouble(answer.ok ? null : (answer.error ?? 'That did not work.'));
    if (url !== null && confirm !== 'deny') window.open(url, '_blank', 'noopener,noreferrer');
  };
  const press = async (ts: string, button: Button) => {
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
      <Messages state={state} me={me} names={names} press={press} />
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

type MessagesProps = { state: PageState; me: PagePerson; names: Names; press: (ts: string, button: Button) => Promise<void> };

function Messages({ state, me, names, press }: MessagesProps) {
  const privately = state.ephemerals[me.id] ?? [];
  const parents = new Set(state.messages.map((message) => message.ts));
  const loose = privately.filter(({ threadTs }) => threadTs === null || !parents.has(threadTs));
  const entries = [
    ...state.messages.map((message) => ({ ts: message.ts, message, ephemeral: null })),
    ...loose.map((ephemeral) => ({ ts: ephemeral.ts, message: null, ephemeral })),
  ].sort((a, b) => Number.parseFloat(a.ts) - Number.parseFloat(b.ts));
  const scroller = useArrivals(state, me.id);

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

/** Brings what arrives while the page is open into view: a raised card, a private answer. What was there at the start stays at its top. */
function useArrivals(state: PageState, me: string) {
  const scroller = useRef<HTMLDivElement>(null);
  const seen = useRef<{ me: string; known: Set<string> | null }>({ me, known: null });
  const all = [...state.messages, ...(state.ephemerals[me] ?? [])].map((message) => message.ts);
  const key = all.join(' ');
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` says all there is to say about `all`
  useEffect(() => {
    const { known } = seen.current;
    const isOpening = known === null || known.size < state.openingCards || seen.current.me !== me;
    const fresh = isOpening ? [] : all.filter((ts) => !known.has(ts));
    seen.current = { me, known: new Set(all) };
    const last = fresh.at(-1);
    if (last !== undefined)
      scroller.current?.querySelector(`[data-ts="${last}"]`)?.scrollIntoView({ block: 'nearest', behavior: 'smooth' });
  }, [key, me]);
  return scroller;
}
