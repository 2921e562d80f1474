/** Links to posted cards, as Slack itself makes them. Without an answer there is no link: it is a convenience. */
import type { WebClient } from '@slack/web-api';
import type { Log } from '../../action-center/ports.ts';
import { threadLine } from '../command-words.ts';
import type { PostedAt } from '../commands.ts';
import type { Line } from '../show.ts';

export type ThreadLinks = (posted: readonly PostedAt[] | undefined) => Promise<Line[]>;

export function threadLinks({ client, log }: { client: WebClient; log: Log }): ThreadLinks {
  const linkTo = async ({ conversation, ref }: PostedAt): Promise<string[]> => {
    try {
      const { permalink } = await client.chat.getPermalink({ channel: conversation, message_ts: ref });
      return permalink ? [permalink] : [];
    } catch (error) {
      log.warn({ channel: conversation, err: error }, 'the link to a card could not be had');
      return [];
    }
  };
  return async (posted = []) => threadLine((await Promise.all(posted.map(linkTo))).flat());
}
