/** Slack as a place where cards are kept equal to the store. One call each, never repeated here. */
import { setTimeout as wait } from 'node:timers/promises';
import { WebAPIPlatformError, type WebClient } from '@slack/web-api';
import type { Log } from '../../action-center/ports.ts';
import type { Card } from '../card.ts';
import type { DrawnPicture } from '../chart.ts';
import { type Place, type Surface, SurfaceError } from '../surface.ts';
import type { ChannelCheck } from './channels.ts';
import type { UploadPictures } from './pictures.ts';
import type { SlackContent } from './render.ts';
import { noPictures } from './render-picture.ts';
import { renderPosted } from './render-posted.ts';
import { surfaceErrorOf } from './surface-errors.ts';

/** Slack: 1 message per second and channel with short bursts; chat.update is tier 3, about 50 a minute for the workspace. */
const postLimit = { capacity: 3, perSecond: 1 };
const updateLimit = { capacity: 20, perSecond: 50 / 60 };

/** conversations.history and conversations.replies are tier 3, too, each by itself. */
const findLimit = { capacity: 15, perSecond: 45 / 60 };

const eventType = 'countersign_card';
const findPages = 3;
const findPageSize = 200;
/** Slack's clock and ours may differ by so much. */
const clocksDifferMs = 600_000;

export type SlackSurfaceDeps = {
  client: WebClient;
  teamId: string;
  botId: string;
  channels: ChannelCheck;
  upload: UploadPictures;
  /** Slack's own clock, as near as we know it. */
  now: () => number;
  log: Log;
};

export function slackSurface(deps: SlackSurfaceDeps): Surface {
  const { client, teamId } = deps;
  return {
    platform: 'slack',
    postLanes: ({ conversation }) => [{ lane: `slack:${teamId}:post:${conversation}`, ...postLimit }],
    updateLanes: () => [{ lane: `slack:${teamId}:update`, ...updateLimit }],
    findLanes: ({ parentRef }) => [{ lane: `slack:${teamId}:find:${parentRef === null ? 'history' : 'replies'}`, ...findLimit }],
    post: (place, cardId, card) => mapped(() => post(deps, place, cardId, card)),
    settleMs: 0,
    update: ({ conversation, ref }, card) =>
      mapped(async () => {
        await drawn(deps, card, (content) => client.chat.update({ channel: conversation, ts: ref, ...content }));
      }),
    find: (place, cardId, ageMs) => mapped(() => find(deps, place, { cardId, ageMs })),
  };
}

async function mapped<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw surfaceErrorOf(error);
  }
}

/** Slack looks a fresh picture over before it can be shown, and says `invalid_blocks` until then: nothing was posted. */
const pictureSettlesMs = 1500;

/** Writes the card with its pictures; without them where that is not possible. */
async function drawn<T>({ upload }: SlackSurfaceDeps, card: Card, write: (content: SlackContent) => Promise<T>): Promise<T> {
  const pictures = picturesOf(card);
  const files = pictures.length === 0 ? noPictures : await upload(pictures);
  for (let tries = 0; files.size > 0 && tries < 2; tries += 1) {
    try {
      return await write(renderPosted(card, files));
    } catch (error) {
      if (!(error instanceof WebAPIPlatformError) || error.data.error !== 'invalid_blocks') throw error;
      if (tries === 0) await wait(pictureSettlesMs);
    }
  }
  return write(renderPosted(card, noPictures));
}

function picturesOf(card: Card): readonly DrawnPicture[] {
  if (card.kind === 'digest') return card.pictures;
  return card.kind === 'note' && card.picture !== undefined ? [card.picture] : [];
}

async function post(deps: SlackSurfaceDeps, place: Place, cardId: string, card: Card): Promise<string> {
  const { client, channels } = deps;
  // A person is no channel that could be shared: the message goes to their own chat with the app.
  if (!isPerson(place.conversation)) await channels.mustBeOurs(place.conversation);
  const { ts } = await drawn(deps, card, (content) =>
    client.chat.postMessage({
      channel: place.conversation,
      ...content,
      ...(place.parentRef === null ? {} : { thread_ts: place.parentRef }),
      // Readable by other apps in the channel: an id, nothing about the incident.
      metadata: { event_type: eventType, event_payload: { card_id: cardId } },
      unfurl_links: false,
      unfurl_media: false,
    }),
  );
  if (typeof ts !== 'string' || ts === '') throw new SurfaceError('unknown', 'Slack did not say where the message is');
  return ts;
}

const isPerson = (conversation: string): boolean => /^[UW]/.test(conversation);

type Found = { bot_id?: string; ts?: string; metadata?: { event_type?: string; event_payload?: object } };

type Sought = { cardId: string; ageMs: number };

/** Only as far back as the card is old: after an outage many are looked up at once, and each page counts against a narrow limit. */
async function find(deps: SlackSurfaceDeps, place: Place, { cardId, ageMs }: Sought): Promise<string | null> {
  // A private message cannot be looked up without a scope for it; said twice is better than never.
  if (isPerson(place.conversation)) return null;
  const oldest = String((deps.now() - ageMs - clocksDifferMs) / 1000);
  let cursor: string | undefined;
  try {
    for (let page = 0; page < findPages; page += 1) {
      const answer = await readPage(deps.client, place, { oldest, cursor });
      const match = answer.messages?.find((message) => isThisCard(message as Found, deps.botId, cardId));
      if (match?.ts !== undefined) return match.ts;
      cursor = answer.response_metadata?.next_cursor;
      if (!cursor) return null;
    }
  } catch (error) {
    // Without the history scope nothing can be looked up. Then a card may be posted twice rather than never.
    if (!(error instanceof WebAPIPlatformError) || error.data.error !== 'missing_scope') throw error;
    deps.log.warn(
      { cardId, conversation: place.conversation },
      'a card whose post got no answer cannot be looked up: the app lacks the history scope',
    );
  }
  return null;
}

function readPage(
  client: WebClient,
  { conversation, parentRef }: Place,
  { oldest, cursor }: { oldest: string; cursor: string | undefined },
) {
  const page = { channel: conversation, oldest, limit: findPageSize, include_all_metadata: true, ...(cursor ? { cursor } : {}) };
  return parentRef === null ? client.conversations.history(page) : client.conversations.replies({ ...page, ts: parentRef });
}

/** Other apps can write the same metadata; only our own message counts. */
function isThisCard(message: Found, botId: string, cardId: string): boolean {
  const payload = message.metadata?.event_payload;
  return (
    message.bot_id === botId &&
    message.metadata?.event_type === eventType &&
    !!payload &&
    'card_id' in payload &&
    payload.card_id === cardId
  );
}
