/** `countersign delegations list` and `delegations remove`: who stands in for whom, and an end to one of them. */
import { type Delegation, endedEvent } from './action-center/delegation.ts';
import type { Foundation } from './foundation.ts';
import type { Speech } from './policy-commands.ts';

type Ground = Pick<Foundation, 'delegations' | 'now'>;
const page = 500;

export async function listDelegations({ delegations, now }: Ground, say: Speech['say']): Promise<number> {
  let after: string | null = null;
  let count = 0;
  for (;;) {
    const some: Delegation[] = await delegations.list(now().toISOString(), after, page);
    for (const one of some) {
      const { id, displayName, upn, standInName, standInUpn, from, until, because } = one;
      const reason = because === null ? '' : `, because ${printable(because)}`;
      say(
        `${id}: ${printable(standInName)} (${printable(standInUpn)}) for ${printable(displayName)} (${printable(upn)}), ${from} to ${until}${reason}`,
      );
    }
    count += some.length;
    const last = some.at(-1);
    if (some.length < page || !last) break;
    after = last.id;
  }
  say(`${count} ${count === 1 ? 'delegation' : 'delegations'} that ${count === 1 ? 'has' : 'have'} not ended.`);
  return 0;
}

/** 1: there was none. */
export async function removeDelegation({ delegations, now }: Ground, id: string, { say, complain }: Speech): Promise<number> {
  const at = now().toISOString();
  const [ended] = await delegations.end({ id }, at, (one) => endedEvent(one, at, null));
  if (ended === undefined) {
    complain(`${printable(id)} is no delegation that could be ended. countersign delegations list shows those that exist.`);
    return 1;
  }
  say(`${printable(ended.standInName)} stands in for ${printable(ended.displayName)} no longer; reminders reach them themselves again.`);
  return 0;
}

/** A name in the record may hold what a terminal obeys. */
const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]/gu, '?');
