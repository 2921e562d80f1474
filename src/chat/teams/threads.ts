/** Links to posted cards: https://learn.microsoft.com/microsoftteams/platform/concepts/build-and-test/deep-link-teams */
import { threadLine } from '../command-words.ts';
import type { PostedAt } from '../commands.ts';
import type { Line } from '../show.ts';

export function threadLinks(posted: readonly PostedAt[] | undefined, organisation: string): Line[] {
  const links = (posted ?? []).map(({ conversation, ref }) => {
    const query = new URLSearchParams({ tenantId: organisation, parentMessageId: ref });
    return `https://teams.microsoft.com/l/message/${encodeURIComponent(conversation)}/${encodeURIComponent(ref)}?${query}`;
  });
  return threadLine(links);
}
