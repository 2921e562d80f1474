/** `countersign links list` and `links remove`: which Slack accounts people have connected, and an end to one of them. */
import { removeLink } from './action-center/link.ts';
import type { SlackAccount } from './action-center/sign-in-ports.ts';
import type { Foundation } from './foundation.ts';
import type { Speech } from './policy-commands.ts';

type Ground = Pick<Foundation, 'links' | 'now'>;
const page = 500;

export async function listLinks({ links, now }: Ground, say: Speech['say']): Promise<number> {
  let after: SlackAccount | null = null;
  let count = 0;
  for (;;) {
    const some = await links.list(after, page);
    for (const { teamId, userId, entraId, upn, displayName, since, validUntil } of some) {
      const end = validUntil <= now().toISOString() ? 'ran out' : 'valid until';
      say(
        `${printable(teamId)} ${printable(userId)}: ${printable(displayName)} (${printable(upn)}), ${entraId}, since ${since}, ${end} ${validUntil}`,
      );
    }
    count += some.length;
    const last = some.at(-1);
    if (some.length < page || !last) break;
    after = { teamId: last.teamId, userId: last.userId };
  }
  say(`${count} ${count === 1 ? 'link' : 'links'} made by signing in. Those of SLACK_LINKS_FILE are not listed here.`);
  return 0;
}

/** 1: there was none. */
export async function removeLinkOf(ground: Ground, account: SlackAccount, { say, complain }: Speech): Promise<number> {
  const link = await removeLink(ground, account, 'operator');
  if (link === null) {
    complain(`${printable(account.teamId)} ${printable(account.userId)} has no link. countersign links list shows those that exist.`);
    return 1;
  }
  say(
    `The link of ${printable(account.teamId)} ${printable(account.userId)} to ${printable(link.upn)} is ended; presses from it no longer count.`,
  );
  return 0;
}

/** A name in the record may hold what a terminal obeys. */
const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]/gu, '?');
