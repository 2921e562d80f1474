/** The Slack channel as one person sees it. */
import { useMemo, useState } from 'react';
import type { PageEphemeral, PagePerson, PageState } from '../state.ts';
import type { Names } from './blocks.tsx';
import type { Button } from './buttons.ts';
import { Compose } from './compose.tsx';
import { ConfirmDialog } from './confirm-dialog.tsx';
import { post } from './connection.ts';
import { useFollowing } from './following.ts';
import { Message, Private } from './message.tsx';
import { Trouble } from './trouble.tsx';
import { ViewDialog } from './view-dialog.tsx';

type Asked = { ts: string; button: Button; answer: (choice: 'accept' | 'deny') => void };

type ChannelProps = { state: PageState; me: PagePerson; touched: string | null; onTouch: (what: string) => void };

export function Channel({ state, me, touched, onTouch }: ChannelProps) {
  const [asked, setAsked] = useState<Asked | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const names = useMemo<Names>(() => ({ users: state.people, channels: [state.channel] }), [state.people, state.channel]);
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
    onTouch(state.messages.find((message) => message.ts === ts)?.actionId ?? ts);
    if (!button.confirm) return send(ts, button);
    const choice = await new Promise<'accept' | 'deny'>((answer) => setAsked({ ts, button, answer }));
    setAsked(null);
    await send(ts, button, choice);
  };

  const command = async (text: string) => {
    const answer = await post('/command', { user: me.id, text });
    setTrouble(answer.ok ? null : (answer.error ?? 'That did not work.'));
    return answer.ok;
  };

  return (
    <section className="slack" aria-label="Slack">
      <header className="slack-head">
        <h2># {state.channel.name}</h2>
        <span>Slack, as {me.name} sees it</span>
      </header>
      <Messages
        state={state}
        privately={privately.filter((it) => it !== docked)}
        names={names}
        press={press}
        touched={touched}
        person={me.id}
      />
      {docked ? <Private key={docked.ts} message={docked} names={names} press={press} onDismiss={() => setDismissed(docked.ts)} /> : null}
      <Trouble text={trouble} onDismiss={() => setTrouble(null)} />
      <Compose label="Write in the Slack channel" placeholder="/actions help" onSend={command} />
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
  touched: string | null;
  person: string;
};

function Messages({ state, privately, names, press, touched, person }: MessagesProps) {
  const parents = new Set(state.messages.map((message) => message.ts));
  const loose = privately.filter(({ threadTs }) => threadTs === null || !parents.has(threadTs));
  const entries = [
    ...state.messages.map((message) => ({ ts: message.ts, message, ephemeral: null })),
    ...loose.map((ephemeral) => ({ ts: ephemeral.ts, message: null, ephemeral })),
  ].sort((a, b) => Number.parseFloat(a.ts) - Number.parseFloat(b.ts));
  const followed = state.messages.map(({ ts, actionId, blocks }) => ({ key: ts, actionId, looks: JSON.stringify(blocks) }));
  const newest = state.messages.length > state.openingCards ? state.messages.at(-1)?.ts : undefined;
  const scroller = useFollowing({ entries: followed, newest, touched, person });

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
