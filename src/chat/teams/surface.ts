/** Teams as a place where cards are kept equal to the store. One call each, never repeated here. */
import type { CardStore, Conversations, Log } from '../../action-center/ports.ts';
import type { Card } from '../card.ts';
import type { LaneUse, Place, PostedMessage, Surface } from '../surface.ts';
import { SurfaceError } from '../surface.ts';
import { clouds } from './clouds.ts';
import type { Address, Connector, Message } from './connector.ts';
import { attachmentOf, type TeamsContent, withRefresh } from './render.ts';
import { renderPosted } from './render-posted.ts';
import type { TeamsSettings } from './settings.ts';

export type Sightings = Pick<CardStore, 'sighted' | 'sightedAt'>;
export type TeamsSurfaceDeps = {
  connector: Connector;
  conversations: Pick<Conversations, 'get'>;
  sightings: Sightings;
  settings: TeamsSettings;
  /** Conversations in which somebody may be met who is known by their Entra id alone. */
  routed: readonly string[];
  log: Log;
};

/**
 * Teams counts every send and edit of a bot in a conversation: 7 in 1 s, 8 in 2 s, 60 in 30 s, 1,800 in an hour; and 50 in 1 s over the whole
 * tenant. A lane of capacity c that refills r a second lets at most c + r t through in any t seconds, so these lanes stay within all of them, with
 * room for messages that take a second longer to leave than the next ones.
 */
const conversationLimits = [
  { name: 'half-minute', capacity: 3, perSecond: 1.7 },
  { name: 'hour', capacity: 600, perSecond: 1200 / 3600 },
] as const;
const tenantLimit = { capacity: 10, perSecond: 40 };

/** People who look at the conversation answer for a message whose post got no answer; this long they are waited for. */
const settleMs = 10_000;

/** What any message to this conversation counts against. */
export const lanesOf = ({ appId }: TeamsSettings, conversation: string): LaneUse[] => [
  ...conversationLimits.map(({ name, ...limit }) => ({ lane: `teams:${appId}:${name}:${conversation}`, ...limit })),
  { lane: `teams:${appId}:tenant`, ...tenantLimit },
];

export function teamsSurface(deps: TeamsSurfaceDeps): Surface {
  const { connector, settings } = deps;
  const lanes = (conversation: string) => lanesOf(settings, conversation);
  return {
    platform: 'teams',
    settleMs,
    postLanes: ({ conversation }) => lanes(conversation),
    updateLanes: lanes,
    // The record knows.
    findLanes: () => [],
    post: (place, cardId, card) => post(deps, place, cardId, card),
    update: async (message, card) => {
      const at = await reach(deps, message.conversation);
      await connector.update(
        { ...at, conversation: threadOf(at.type, message) },
        message.ref,
        messageOf(withRefresh(renderPosted(card), message.cardId)),
      );
    },
    find: (_, cardId) => deps.sightings.sightedAt(cardId),
  };
}

export const messageOf = (content: TeamsContent): Message => ({ summary: content.summary, attachments: [attachmentOf(content)] });

type Reach = Address & { organisation: string; type: 'channel' | 'groupChat' | 'personal' };

/** What the platform told us, else what the id and the configuration say. */
async function reach({ conversations, settings }: TeamsSurfaceDeps, conversation: string): Promise<Reach> {
  const known = await conversations.get('teams', conversation);
  if (known) return known;
  const serviceUrl = settings.serviceUrls[0] ?? clouds[settings.cloud].serviceUrl;
  const organisation = settings.appTenantId || (settings.allowedTenants[0] ?? '');
  return { conversation, serviceUrl, organisation, type: typeOf(conversation) };
}

export function typeOf(conversation: string): Reach['type'] {
  if (/@thread\.(tacv2|skype)$/.test(conversation)) return 'channel';
  return conversation.startsWith('19:') ? 'groupChat' : 'personal';
}

/** In a channel every message is in some thread; elsewhere there are none. */
function threadOf(
  type: Reach['type'],
  { conversation, parentRef, ref }: { conversation: string; parentRef: string | null; ref?: string },
): string {
  const root = parentRef ?? ref;
  return type === 'channel' && root !== undefined ? `${conversation};messageid=${root}` : conversation;
}

async function post(deps: TeamsSurfaceDeps, place: Place, cardId: string, card: Card): Promise<string> {
  const { connector, sightings } = deps;
  if (isPerson(place.conversation)) return postToPerson(deps, place.conversation, card);
  const at = await reach(deps, place.conversation);
  const message = messageOf(withRefresh(renderPosted(card), cardId));
  const ref =
    at.type === 'channel' && place.parentRef === null
      ? await connector.createThread({ ...at, channel: place.conversation }, message)
      : await connector.post({ ...at, conversation: threadOf(at.type, place) }, message);
  // An earlier post of this card had no answer and was taken for lost; while this one was on its way somebody saw it. This one stands in any case.
  const other = await sightings.sightedAt(cardId).catch(() => null);
  if (other !== null && other !== ref) await removeStray(deps, { ...place, ref: other, cardId });
  return ref;
}

/** A person, as Teams names them to this bot or by their Entra id, rather than a conversation. */
const isPerson = (conversation: string): boolean => conversation.startsWith('29:') || entraIdOf(conversation) !== null;
export const entraIdOf = (conversation: string): string | null =>
  /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(conversation) ? conversation : null;
/** Rosters looked into for one person. */
const rostersMost = 5;

/**
 * The person as Teams names them to this bot, where they are a member of a conversation that has the app. Else their Entra id, which Teams takes
 * in its place where the person has the app (https://github.com/MicrosoftDocs/msteams-docs/issues/14079).
 */
async function nameToBot(deps: TeamsSurfaceDeps, entraId: string): Promise<string> {
  for (const conversation of deps.routed.filter((one) => !isPerson(one)).slice(0, rostersMost)) {
    const at = await reach(deps, conversation);
    const member = await deps.connector.member({ ...at, conversation }, entraId);
    if (member !== null) return member.id;
  }
  return entraId;
}

/** In their own chat with the bot, which is always the same. Nothing changes in it later, so it never asks for its newest state. */
async function postToPerson(deps: TeamsSurfaceDeps, person: string, card: Card): Promise<string> {
  const { serviceUrl, organisation } = await reach(deps, person);
  const named = entraIdOf(person) !== null ? await nameToBot(deps, person) : person;
  const conversation = await deps.connector.openPersonal({ serviceUrl, organisation, person: named });
  return deps.connector.post({ serviceUrl, conversation }, messageOf(renderPosted(card)));
}

/** Takes a second message of the same card away. Never rejects: whoever looks at it the next time gives another chance. */
export async function removeStray(deps: TeamsSurfaceDeps, stray: PostedMessage): Promise<void> {
  const { cardId, conversation, ref } = stray;
  try {
    const at = await reach(deps, conversation);
    await deps.connector.remove({ ...at, conversation: threadOf(at.type, stray) }, ref);
    deps.log.info({ cardId, conversation, ref }, 'a second message of the same card was taken away');
  } catch (error) {
    if (error instanceof SurfaceError && error.trouble === 'gone') return;
    deps.log.warn({ cardId, conversation, ref, err: error }, 'a second message of the same card could not be taken away');
  }
}
