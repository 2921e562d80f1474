/** The page's deeds over the real simulated Slack and Teams; where the bot would stand, a receiver that takes what is sent and answers what a test wants. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openDeeds } from '../../../sandbox/page/deeds.ts';
import { type Journal, openJournal } from '../../../sandbox/page/journal.ts';
import type { Deeds } from '../../../sandbox/page/server.ts';
import { type Sources, snapshot } from '../../../sandbox/page/snapshot.ts';
import type { PageState } from '../../../sandbox/page/state.ts';
import { openTeamsMemory } from '../../../sandbox/page/teams-memory.ts';
import { startSlack } from '../../../sandbox/slack/server.ts';
import type { SlackWorld } from '../../../sandbox/slack/types.ts';
import { startTeams } from '../../../sandbox/teams/server.ts';
import type { AdaptiveCard, TeamsWorld } from '../../../sandbox/teams/types.ts';
import { tenantId } from '../../../sandbox/world/people.ts';
import { channel, slackPeople, teamsChannel, teamsPeople } from '../../../sandbox/world/setting.ts';

type Received = { path: string; body: string; headers: Record<string, unknown> };
type Reply = { status: number; body?: unknown };

export type Rig = {
  slack: SlackWorld;
  teams: TeamsWorld;
  journal: Journal;
  deeds: Deeds;
  raised: string[];
  received: Received[];
  /** What Teams' activities that are named so are answered: `adaptiveCard/action`, `task/fetch`, `task/submit`, `message`. */
  replies: Map<string, Reply>;
  read(): PageState;
  postToTeams(card: AdaptiveCard, under?: string): Promise<string>;
  close(): Promise<void>;
};

export const botToken = 'xoxb-test';

export async function openRig(): Promise<Rig> {
  const received: Received[] = [];
  const replies = new Map<string, Reply>();
  const receiver = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      received.push({ path: request.url ?? '', body, headers: request.headers });
      const { type, name } = request.url === '/api/messages' ? (JSON.parse(body) as { type: string; name?: string }) : { type: '' };
      const reply = replies.get(name ?? type) ?? { status: 200 };
      response.writeHead(reply.status, { 'content-type': 'application/json' });
      response.end(reply.body === undefined ? '' : JSON.stringify(reply.body));
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const bot = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  const slackOptions = { signingSecret: 'a secret', botToken, people: slackPeople(), channels: [channel] };
  const slack = await startSlack({ ...slackOptions, requestUrl: `${bot}/slack/events` });
  // No app id: nobody asks for tokens.
  const teamsOptions = { appId: '', appPassword: '', tenantId, people: teamsPeople(), conversations: [teamsChannel] };
  const teams = await startTeams({ ...teamsOptions, messagesUrl: `${bot}/api/messages` });
  const journal = openJournal(() => {});
  const memory = openTeamsMemory(teams);
  const raised: string[] = [];
  const raise = async (type: string) => {
    raised.push(type);
    return { id: `action-of-${type}`, type, label: 'Isolate device', title: 'Isolate app-07' };
  };
  const sources: Sources = { slack, channel, teams: { teams, channel: teamsChannel, memory }, journal };

  return {
    slack,
    teams,
    journal,
    deeds: openDeeds({ slack, teams, memory, journal, raise }),
    raised,
    received,
    replies,
    read: () => snapshot(sources),
    postToTeams: async (card, under) => {
      const conversation = under === undefined ? teamsChannel.id : `${teamsChannel.id};messageid=${under}`;
      const answer = await fetch(`${teams.serviceUrl}v3/conversations/${encodeURIComponent(conversation)}/activities`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ type: 'message', attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', content: card }] }),
      });
      return ((await answer.json()) as { id: string }).id;
    },
    close: async () => {
      await slack.close();
      await teams.close();
      receiver.closeAllConnections();
      await new Promise((resolve) => receiver.close(resolve));
    },
  };
}
