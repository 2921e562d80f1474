// The app comes and goes, and channels end:
// https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/subscribe-to-conversation-events

import { activityOf } from './activities.ts';
import { deliverEvent, isGood } from './deliver.ts';
import { type Conversation, conversationOf, personOf, type TeamsState } from './state.ts';
import type { Ack } from './types.ts';
import type { Fields } from './values.ts';

export const install = (state: TeamsState, id: string, by: string): Promise<Ack> => changeRoster(state, id, by, true);
export const uninstall = (state: TeamsState, id: string, by: string): Promise<Ack> => changeRoster(state, id, by, false);

async function changeRoster(state: TeamsState, id: string, by: string, added: boolean): Promise<Ack> {
  const person = personOf(state, by);
  const conversation = conversationOf(state, id);
  for (const it of together(state, conversation)) it.botInstalled = added;
  const what = `the app ${added ? 'added to' : 'removed from'} ${id} by ${by}`;
  const installation = activityOf(state, 'installationUpdate', person, { conversation });
  const settings = conversation.type === 'channel' ? { settings: { selectedChannel: { id } } } : {};
  const first = await deliverEvent(state, {
    activity: { ...installation, action: added ? 'add' : 'remove', channelData: { ...dataOf(installation), ...settings } },
    what,
  });
  const update = activityOf(state, 'conversationUpdate', person, { conversation });
  const eventType = conversation.type === 'channel' ? { eventType: added ? 'teamMemberAdded' : 'teamMemberRemoved' } : {};
  const second = await deliverEvent(state, {
    activity: {
      ...update,
      [added ? 'membersAdded' : 'membersRemoved']: [{ id: state.bot.id }],
      channelData: { ...dataOf(update), ...eventType },
    },
    what,
  });
  return isGood(first) ? second : first;
}

/** An app is added to a team, so to all of its channels. */
const together = (state: TeamsState, conversation: Conversation): Conversation[] =>
  conversation.teamId === undefined
    ? [conversation]
    : [...state.conversations.values()].filter(({ teamId }) => teamId === conversation.teamId);

const dataOf = (activity: Fields): Fields => activity['channelData'] as Fields;

/** The bot is told in the team's General channel: the deleted one is gone. */
export async function deleteChannel(state: TeamsState, id: string, by: string): Promise<Ack> {
  const person = personOf(state, by);
  const conversation = conversationOf(state, id);
  if (conversation.type !== 'channel') throw new Error(`${id} is no channel`);
  state.conversations.delete(id);
  const activity = activityOf(state, 'conversationUpdate', person, { conversation });
  const told = { ...dataOf(activity), channel: { id, name: conversation.name }, eventType: 'channelDeleted' };
  const account = { ...(activity['conversation'] as Fields), id: conversation.teamId ?? id };
  return deliverEvent(state, {
    activity: { ...activity, conversation: account, channelData: told },
    what: `the channel ${id} deleted by ${by}`,
  });
}
