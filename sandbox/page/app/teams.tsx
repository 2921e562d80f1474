/** The Teams channel as one person sees it. */
import { useState } from 'react';
import type { PagePerson, PageState, PageTeamsSelf } from '../state.ts';
import { Compose } from './compose.tsx';
import { post } from './connection.ts';
import { useFollowing } from './following.ts';
import { TeamsCardDialog, TeamsSaid } from './teams-dialog.tsx';
import { OnlyYou, type PressCard, TeamsThread } from './teams-message.tsx';
import { Trouble } from './trouble.tsx';

type TeamsProps = { state: PageState; me: PagePerson; touched: string | null; onTouch: (what: string) => void };

const nothing: PageTeamsSelf = { cards: {}, bars: {}, targeted: [], personal: [], dialog: null, said: null };

export function Teams({ state, me, touched, onTouch }: TeamsProps) {
  const { channel, messages, selves } = state.teams;
  const self = selves[me.id] ?? nothing;
  const [trouble, setTrouble] = useState<string | null>(null);
  /** Until when each person has read what dialogs said; what was said before the page was opened is read. */
  const [read, setRead] = useState<Record<string, number>>(() =>
    Object.fromEntries(Object.entries(selves).map(([id, { said }]) => [id, said?.at ?? 0])),
  );
  const threads = new Set(messages.map(({ id }) => id));
  const loose = self.targeted.filter(({ thread }) => thread === null || !threads.has(thread));
  const entries = [
    ...messages.map((message) => {
      const { id, at, actionId, text, card } = message;
      return { key: id, at, actionId, looks: text + JSON.stringify(self.cards[id] ?? card), message, only: null };
    }),
    ...loose.map((only) => ({ key: only.id, at: only.at, actionId: null, looks: JSON.stringify(only), message: null, only })),
  ].sort((a, b) => a.at - b.at);
  const isNew = entries.length > state.openingCards;
  const scroller = useFollowing({ entries, newest: isNew ? entries.at(-1)?.key : undefined, touched, person: me.id });

  const press: PressCard = async (messageId, actionId, { button, inputs }) => {
    onTouch(actionId ?? messageId);
    const answer = await post('/teams/press', { user: me.id, messageId, button, inputs });
    setTrouble(answer.ok ? null : (answer.error ?? 'That did not work.'));
  };
  const say = async (text: string) => {
    const answer = await post('/teams/say', { user: me.id, text });
    setTrouble(answer.ok ? null : (answer.error ?? 'That did not work.'));
    return answer.ok;
  };
  const said = self.said && self.said.at > (read[me.id] ?? 0) ? self.said : null;

  return (
    <section className="teams" aria-label="Teams">
      <header className="teams-head">
        <span className="team" aria-hidden="true">
          SO
        </span>
        <div>
          <h2>{channel.name}</h2>
          <span>{channel.team}</span>
        </div>
        <span className="world">Teams, as {me.name} sees it</span>
      </header>
      <div className="posts" ref={scroller}>
        {entries.length === 0 ? <p className="empty">The first cards are on their way ...</p> : null}
        {entries.map(({ key, message, only }) =>
          message ? (
            <TeamsThread key={`${me.id} ${key}`} message={message} self={self} press={press} />
          ) : only ? (
            <OnlyYou key={key} message={only} self={self} press={press} />
          ) : null,
        )}
      </div>
      <PersonalChat key={`chat ${me.id}`} self={self} press={press} />
      <Trouble text={trouble} onDismiss={() => setTrouble(null)} />
      <Compose label="Write in the Teams channel" placeholder="/help or @Countersign help" onSend={say} />
      {self.dialog ? <TeamsCardDialog key={`dialog ${me.id}`} dialog={self.dialog} user={me.id} /> : null}
      {said && !self.dialog ? <TeamsSaid said={said} onClose={() => setRead((before) => ({ ...before, [me.id]: said.at }))} /> : null}
    </section>
  );
}

/** A chat of its own in Teams; here a strip below the channel. */
function PersonalChat({ self, press }: { self: PageTeamsSelf; press: PressCard }) {
  const { personal } = self;
  if (personal.length === 0) return null;
  return (
    <details className="personal" open>
      <summary>Your chat with Countersign ({personal.length})</summary>
      <div>
        {personal.toReversed().map((message) => (
          <OnlyYou key={message.id} message={message} self={self} press={press} isChat />
        ))}
      </div>
    </details>
  );
}
