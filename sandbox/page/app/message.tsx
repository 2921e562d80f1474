/** One message in the channel, with its thread, and the private messages next to it. */
import { useState } from 'react';
import type { PageEphemeral, PageMessage } from '../state.ts';
import { Blocks, type Names } from './blocks.tsx';
import type { Button } from './buttons.ts';
import { slackClock } from './clock.ts';

export type Press = (ts: string, button: Button) => Promise<void>;
type Shared = { names: Names; press: Press };

const Head = ({ ts, isEdited }: { ts: string; isEdited?: boolean }) => (
  <div className="head">
    <b>Countersign</b>
    <span className="badge">APP</span>
    <time>{slackClock(ts)}</time>
    {isEdited ? <span className="edited">(edited)</span> : null}
  </div>
);

function Body({ ts, text, blocks, names, press }: Shared & { ts: string; text: string; blocks: PageMessage['blocks'] }) {
  const [isBusy, setBusy] = useState(false);
  const onPress = (button: Button) => {
    setBusy(true);
    void press(ts, button).finally(() => setBusy(false));
  };
  return (
    <div className="body" aria-busy={isBusy}>
      <Blocks blocks={blocks} text={text} names={names} onPress={onPress} />
    </div>
  );
}

export function Message({ message, privately, ...shared }: Shared & { message: PageMessage; privately: PageEphemeral[] }) {
  const { ts, text, blocks, replies, edited } = message;
  const count = replies.length;
  return (
    <article className="message" data-action={message.actionId ?? undefined} data-ts={ts}>
      <span className="avatar app" aria-hidden="true">
        C
      </span>
      <div className="content">
        <Head ts={ts} isEdited={edited} />
        <Body ts={ts} text={text} blocks={blocks} {...shared} />
        {count > 0 || privately.length > 0 ? (
          <section className="thread" aria-label="Thread">
            {count > 0 ? <div className="count">{count === 1 ? '1 reply' : `${count} replies`}</div> : null}
            {replies.map((reply) => (
              <div className="reply" key={reply.ts}>
                <Head ts={reply.ts} />
                <Body ts={reply.ts} text={reply.text} blocks={reply.blocks} {...shared} />
              </div>
            ))}
            {privately.map((ephemeral) => (
              <Private key={ephemeral.ts} message={ephemeral} {...shared} />
            ))}
          </section>
        ) : null}
      </div>
    </article>
  );
}

type PrivateProps = Shared & { message: PageEphemeral; onDismiss?: () => void };

export function Private({ message, onDismiss, ...shared }: PrivateProps) {
  return (
    <article className="message private" data-ts={message.ts}>
      <span className="avatar app" aria-hidden="true">
        C
      </span>
      <div className="content">
        <div className="only-you">Only visible to you</div>
        <Head ts={message.ts} />
        <Body ts={message.ts} text={message.text} blocks={message.blocks} {...shared} />
      </div>
      {onDismiss ? (
        <button type="button" className="cross" aria-label="Dismiss" onClick={onDismiss}>
          ×
        </button>
      ) : null}
    </article>
  );
}
