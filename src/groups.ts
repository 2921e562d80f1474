/** Groups joined together: which cards are taken into one, as the platform's limits have it, and how its card is drawn. No product logic. */
import type { GroupCard } from './chat/card.ts';
import { groupCardFor } from './chat/group-card.ts';
import type { Surface } from './chat/surface.ts';
import type { Foundation } from './foundation.ts';

/** Nobody should wait longer for a card of their own than this; what would take longer is shown in one card. */
const withinSeconds = 20;

/** How many new cards a conversation takes in that time, by the narrowest of its lanes. */
function roomIn({ postLanes }: Surface, conversation: string): number {
  const lanes = postLanes({ conversation, parentRef: null });
  return Math.floor(Math.min(...lanes.map(({ capacity, perSecond }) => capacity + perSecond * withinSeconds)));
}

export async function gatherCards({ groups, log, platformNow }: Foundation, surface: Surface): Promise<void> {
  const { platform } = surface;
  const joined = await groups.gather({ platform, now: platformNow(), roomIn: (conversation) => roomIn(surface, conversation) });
  if (joined > 0) log.info({ platform, joined }, 'more actions than cards: they joined a group');
}

export async function drawGroup(
  { groups, settings }: Foundation,
  id: string,
): Promise<{ card: GroupCard; version: number; isRunning: boolean } | null> {
  const picture = await groups.picture(id);
  if (!picture) return null;
  const card = groupCardFor(picture, settings);
  return { card, version: picture.version, isRunning: picture.isTaking || card.isOpen };
}
