/** Draws the page's state from the simulated Slack, the simulated Teams and the journal. */
import type { Ephemeral, SlackMessage, SlackView, SlackWorld } from '../slack/types.ts';
import { examples, openingTypes } from '../world/examples.ts';
import { people } from '../world/people.ts';
import { endings } from '../world/producer.ts';
import type { Journal } from './journal.ts';
import type { PageEphemeral, PageMessage, PageState, PageView } from './state.ts';
import { mostMessages, mostReplies, type TeamsSource, teamsSnapshot } from './teams-snapshot.ts';

/** Enough to scroll through, little enough to send whole. */
const mostEphemerals = 20;
const mostProblems = 5;

export type Sources = { slack: SlackWorld; channel: { id: string; name: string }; teams: TeamsSource; journal: Journal };

export function snapshot({ slack, channel, teams, journal }: Sources): PageState {
  const actions = journal.actions();
  const ids = actions.map((action) => action.id);
  const actionOf = (told: string) => ids.find((id) => told.includes(id)) ?? null;
  const perPerson = <T>(read: (id: string) => T) => Object.fromEntries(people.map(({ slackId }) => [slackId, read(slackId)]));
  return {
    channel: { id: channel.id, name: channel.name },
    people: people.map(({ slackId, realName, role, may, userType }) => {
      return { id: slackId, name: realName, role, may, isGuest: userType === 'Guest' };
    }),
    examples: examples.map(({ type, label, group, decidedInDefender }) => ({ id: type, label, group, decidedInDefender })),
    endings: Object.entries(endings).map(([id, { label }]) => ({ id, label })),
    messages: slack
      .messages(channel.id)
      .slice(-mostMessages)
      .map((message) => {
        return messageOf(message, slack.thread(channel.id, message.ts).slice(-mostReplies), actionOf);
      }),
    openingCards: openingTypes.length,
    ephemerals: perPerson((id) => slack.ephemerals(id).map(ephemeralOf).slice(-mostEphemerals)),
    views: perPerson((id) => viewOf(slack.view(id))),
    teams: teamsSnapshot(teams),
    actions,
    log: journal.lines(),
    problems: [
      ...slack.problems.slice(-mostProblems).map((problem) => `Slack: ${problem}`),
      ...teams.teams.problems.slice(-mostProblems).map((problem) => `Teams: ${problem}`),
    ],
  };
}

function messageOf(message: SlackMessage, replies: SlackMessage[], actionOf: (told: string) => string | null): PageMessage {
  return {
    ts: message.ts,
    user: message.user,
    text: message.text,
    blocks: message.blocks,
    edited: message.edited !== undefined,
    // Wherever the bot keeps the action's id: in the metadata or in the value of a button.
    actionId: actionOf(JSON.stringify([message.metadata, message.blocks])),
    replies: replies.map((reply) => messageOf(reply, [], actionOf)),
  };
}

function ephemeralOf({ ts, at, thread_ts, text, blocks }: Ephemeral): PageEphemeral {
  return { ts, at, threadTs: thread_ts ?? null, text, blocks };
}

function viewOf(view: SlackView | undefined): PageView | null {
  if (!view) return null;
  return {
    id: view.id,
    hash: view.hash,
    title: view.title.text,
    submit: view.submit?.text ?? null,
    close: view.close?.text ?? 'Close',
    blocks: view.blocks,
    errors: view.errors ?? {},
  };
}
