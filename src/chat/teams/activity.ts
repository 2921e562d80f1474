/** What comes in from Teams, as far as we look at it. Lengths are bounded because refusals are written down. */
import { z } from 'zod';

const id = z.string().min(1).max(512);
const optionalId = id.nullish();
const text = (max: number) => z.string().max(max).nullish();

export const Inbound = z.object({
  type: z.string().max(64),
  id: optionalId,
  name: text(128),
  channelId: z.string().max(64).nullish(),
  serviceUrl: text(512),
  from: z.object({ id, name: text(512), aadObjectId: text(64) }).nullish(),
  recipient: z.object({ id: optionalId, isTargeted: z.boolean().nullish() }).nullish(),
  conversation: z.object({ id, conversationType: text(32), tenantId: text(64), name: text(512) }).nullish(),
  channelData: z
    .object({
      tenant: z.object({ id: text(64) }).nullish(),
      team: z.object({ id: optionalId, name: text(512) }).nullish(),
      channel: z.object({ id: optionalId, name: text(512) }).nullish(),
      eventType: text(64),
    })
    .nullish(),
  replyToId: optionalId,
  /** installationUpdate: `add` or `remove`, also `add-upgrade` and `remove-upgrade`. */
  action: text(32),
  membersAdded: z
    .array(z.object({ id: optionalId }))
    .max(1000)
    .nullish(),
  membersRemoved: z
    .array(z.object({ id: optionalId }))
    .max(1000)
    .nullish(),
  text: z.string().nullish(),
  /** The sender's zone, as their client names it. */
  localTimezone: text(64).catch(null),
  /** Mentions among other things: each is read where it is needed. */
  entities: z.array(z.unknown()).nullish(),
  value: z.unknown().optional(),
});
export type Inbound = z.infer<typeof Inbound>;

/** Somebody of an allowed tenant, proven: what the guard lets through. */
export type Arrival = {
  activity: Inbound;
  serviceUrl: string;
  /** The conversation without the thread. */
  conversation: string;
  /** As the activity names it: in a channel with the thread. */
  thread: string;
  organisation: string;
  /** Null for events that no person stands behind. */
  person: { id: string; entraId: string } | null;
  /** Names the request in the log and the audit record. */
  requestKey: string;
  /** `performance.now()` when its first byte was read. */
  receivedAt: number;
};

export const withoutThread = (conversation: string): string => conversation.split(';messageid=', 1)[0] ?? conversation;
