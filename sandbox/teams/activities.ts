// Activities as Teams sends them:
// https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-activities

import { randomUUID } from 'node:crypto';
import { threadId } from './message-methods.ts';
import { type Conversation, serviceUrlOf, type TeamsState } from './state.ts';
import type { TeamsPerson } from './types.ts';
import type { Fields } from './values.ts';

const CLIENT = { type: 'clientInfo', locale: 'en-US', country: 'US', platform: 'Web', timezone: 'Europe/Berlin' };

export type Spot = { conversation: Conversation /** Channels only: the message that begins the thread. */; thread?: string | undefined };

/** What every activity of this person in this place starts with. */
export function activityOf(state: TeamsState, type: string, person: TeamsPerson, { conversation, thread }: Spot): Fields {
  const at = new Date(state.now()).toISOString();
  const entra = person.aadObjectId === undefined ? {} : { aadObjectId: person.aadObjectId };
  return {
    type,
    id: `f:${randomUUID()}`,
    timestamp: at,
    localTimestamp: at,
    localTimezone: CLIENT.timezone,
    locale: CLIENT.locale,
    channelId: 'msteams',
    serviceUrl: serviceUrlOf(state),
    from: { id: person.id, name: person.name, ...entra },
    recipient: { ...state.bot },
    conversation: conversationAccount(state, conversation, thread),
    channelData: channelDataOf(state, conversation, person),
    entities: [CLIENT],
  };
}

function conversationAccount(state: TeamsState, { id, type, name }: Conversation, thread: string | undefined): Fields {
  return {
    id: type === 'channel' && thread !== undefined ? threadId(id, thread) : id,
    conversationType: type,
    tenantId: state.options.tenantId,
    ...(type === 'personal' ? {} : { isGroup: true }),
    ...(type === 'groupChat' ? { name } : {}),
  };
}

/** The tenant is the sender's own, which in a shared channel need not be the one the channel belongs to. */
function channelDataOf(state: TeamsState, { id, type, teamId }: Conversation, person: TeamsPerson): Fields {
  const tenant = { id: person.tenantId ?? state.options.tenantId };
  return type === 'channel' ? { tenant, channel: { id }, team: { id: teamId ?? id } } : { tenant };
}

/** Activities of people name messages by their number; everything else has an id of its own kind. */
export function invokeOf(
  state: TeamsState,
  person: TeamsPerson,
  p: Spot & { name: string; value: Fields; replyToId?: string | undefined },
): Fields {
  const base = activityOf(state, 'invoke', person, p);
  const source = { source: { name: 'message' }, legacy: { replyToId: p.replyToId } };
  return {
    ...base,
    name: p.name,
    channelData: { ...(base['channelData'] as Fields), ...source },
    replyToId: p.replyToId,
    value: p.value,
  };
}
