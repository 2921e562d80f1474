/** One thread of the Teams channel, and what only one person sees between the threads. */
import type { PageTeamsBar, PageTeamsMessage, PageTeamsPrivate, PageTeamsSelf } from '../state.ts';
import { minuteClock } from './clock.ts';
import { initialsOf } from './initials.ts';
import { type CardPress, TeamsCard } from './teams-card.tsx';

export type PressCard = (messageId: string, actionId: string | null, press: CardPress) => Promise<void>;
type ThreadProps = { message: PageTeamsMessage; self: PageTeamsSelf; press: PressCard };

const Avatar = ({ name, isBot }: { name: string; isBot: boolean }) => (
  <span className={isBot ? 'round bot' : 'round'} aria-hidden="true">
    {isBot ? 'C' : initialsOf(name)}
  </span>
);

const Head = ({ from, at, isEdited }: { from: string; at: number; isEdited?: boolean }) => (
  <div className="teams-by">
    <b>{from}</b>
    <time>{minuteClock(at)}</time>
    {isEdited ? <span className="edited">Edited</span> : null}
  </div>
);

export function TeamsThread({ message, self, press }: ThreadProps) {
  const { id, from, isBot, actionId, replies } = message;
  const only = self.targeted.filter(({ thread }) => thread === id);
  return (
    <article className="post" data-action={actionId ?? undefined} data-ts={id}>
      <Avatar name={from} isBot={isBot} />
      <div className="post-body">
        <Content message={message} actionId={actionId} self={self} press={press} />
        {replies.length + only.length > 0 ? (
          <section className="replies" aria-label="Replies">
            {replies.map((reply) => (
              <div className="teams-reply" key={reply.id}>
                <Avatar name={reply.from} isBot={reply.isBot} />
                <div className="post-body">
                  <Content message={reply} actionId={actionId} self={self} press={press} />
                </div>
              </div>
            ))}
            {only.map((mine) => (
              <OnlyYou key={mine.id} message={mine} self={self} press={press} />
            ))}
          </section>
        ) : null}
      </div>
    </article>
  );
}

function Content({ message, actionId, self, press }: ThreadProps & { actionId: string | null }) {
  const { id, from, isBot, at, edited, text } = message;
  const card = self.cards[id] ?? message.card;
  const bar = self.bars[id];
  return (
    <>
      <Head from={from} at={at} isEdited={edited} />
      {text === '' ? null : <p className="teams-text">{isBot ? text : withMentions(text)}</p>}
      {card ? <TeamsCard card={card} onPress={(pressed) => press(id, actionId, pressed)} /> : null}
      {bar ? <Bar key={bar.at} bar={bar} /> : null}
    </>
  );
}

/** In what people write a mention is drawn as a name. Nothing else in it means anything. */
const withMentions = (text: string) =>
  text.split(/<at>([^<]*)<\/at>/).map((part, index) =>
    index % 2 === 1 ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text never change places
      <span className="mention" key={index}>
        {part}
      </span>
    ) : (
      part
    ),
  );

const Bar = ({ bar }: { bar: PageTeamsBar }) => (
  <div className="bar" role="status">
    {bar.text === '' ? null : <span>{bar.text}</span>}
    {bar.card ? <TeamsCard card={bar.card} /> : null}
  </div>
);

type OnlyYouProps = { message: PageTeamsPrivate; self: PageTeamsSelf; press: PressCard; isChat?: boolean };

/** A targeted message, or one in the person's own chat. */
export function OnlyYou({ message: { id, text, card, at }, self, press, isChat }: OnlyYouProps) {
  const bar = self.bars[id];
  return (
    <article className="post only-mine" data-ts={id}>
      <Avatar name="Countersign" isBot />
      <div className="post-body">
        <Head from="Countersign" at={at} />
        {text === '' || card ? null : <p className="teams-text">{text}</p>}
        {card ? <TeamsCard card={card} onPress={(pressed) => press(id, null, pressed)} /> : null}
        {bar ? <Bar key={bar.at} bar={bar} /> : null}
        {isChat ? null : <p className="only-you">Only you can see this message</p>}
      </div>
    </article>
  );
}
