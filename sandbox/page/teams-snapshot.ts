/** Draws the Teams half of the page's state from the simulated Teams. */
import type { AdaptiveCard, PrivateMessage, TeamsConversation, TeamsMessage, TeamsWorld } from '../teams/types.ts';
import { people } from '../world/people.ts';
import { teamName } from '../world/setting.ts';
import type { PageTeams, PageTeamsBar, PageTeamsMessage, PageTeamsPrivate, PageTeamsSelf } from './state.ts';
import type { TeamsMemory } from './teams-memory.ts';

/** As many as of Slack's. */
export const mostMessages = 40;
export const mostReplies = 20;
const mostPrivate = 20;

export type TeamsSource = { teams: TeamsWorld; channel: TeamsConversation; memory: TeamsMemory };

export function teamsSnapshot({ teams, channel, memory }: TeamsSource): PageTeams {
  const threads = teams
    .messages(channel.id)
    .slice(-mostMessages)
    .map((message) => ({ message, replies: teams.thread(channel.id, message.id).slice(-mostReplies) }));
  const shown = threads.flatMap(({ message, replies }) => [message, ...replies]);
  return {
    channel: { id: channel.id, name: channel.name, team: teamName },
    messages: threads.map(({ message, replies }) => ({
      ...messageOf(message, memory),
      replies: replies.map((reply) => messageOf(reply, memory)),
    })),
    selves: Object.fromEntries(people.map(({ slackId, teamsId }) => [slackId, selfOf({ teams, channel, memory }, teamsId, shown)])),
  };
}

function messageOf({ id, from, text, card, at, edits }: TeamsMessage, memory: TeamsMemory): PageTeamsMessage {
  const person = people.find(({ teamsId }) => teamsId === from);
  return {
    id,
    from: person?.realName ?? (from === 'bot' ? 'Countersign' : 'Somebody'),
    isBot: from === 'bot',
    text,
    card,
    at,
    edited: edits > 0,
    actionId: memory.actionOf(id),
    replies: [],
  };
}

function selfOf({ teams, channel, memory }: TeamsSource, person: string, shown: readonly TeamsMessage[]): PageTeamsSelf {
  const got = teams.privateMessages(person);
  const via = (way: PrivateMessage['via']) => got.filter((message) => message.via === way);
  const bars = memory.place(person, via('bar'));
  const dialog = teams.dialog(person);
  const said = via('dialog').at(-1);
  return {
    cards: Object.fromEntries(shown.flatMap((message) => ownView(teams, person, channel.id, message))),
    bars: Object.fromEntries(Object.entries(bars).map(([id, bar]) => [id, barOf(bar)])),
    targeted: privatesOf(
      teams,
      via('targeted').filter(({ conversation }) => conversation === channel.id),
    ),
    personal: privatesOf(teams, via('personal')),
    dialog: dialog && { title: dialog.title, card: dialog.card },
    said: said ? barOf(said) : null,
  };
}

function ownView(teams: TeamsWorld, person: string, conversation: string, { id, card }: TeamsMessage): [string, AdaptiveCard][] {
  const theirs = teams.shownTo(person, conversation, id);
  if (theirs === null || theirs === card || JSON.stringify(theirs) === JSON.stringify(card)) return [];
  return [[id, theirs]];
}

const barOf = ({ text, card, at }: PrivateMessage): PageTeamsBar => ({ text, card, at });

function privatesOf(teams: TeamsWorld, messages: readonly PrivateMessage[]): PageTeamsPrivate[] {
  return messages.slice(-mostPrivate).flatMap(({ id, person, conversation, thread, text, card, at }) => {
    if (id === undefined) return [];
    return [{ id, thread: thread ?? null, text, card: teams.shownTo(person, conversation, id) ?? card, at }];
  });
}
