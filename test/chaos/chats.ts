/** Chat platforms with many channels, for tests that kill what speaks to them. */
import { startSlack } from '../../sandbox/slack/server.ts';
import { startTeams } from '../../sandbox/teams/server.ts';
import { settingsFor } from '../../sandbox/teams/settings.ts';
import { type DirectoryPerson, entraTenant, team, teamsIdOf } from '../features/people.ts';
import { buttonsOf, textOf } from '../features/platforms.ts';
import { textOfCard, titlesOf } from '../features/teams-world.ts';

export type Chat = {
  env: Record<string, string>;
  /** The part of a route that names the channel of a lane. */
  route(lane: number): string;
  connect(botUrls: string[]): void;
  /** Presses Approve on the card, if it is there and still asks; what came of it, for whoever looks into a failure. */
  approve(who: DirectoryPerson, lane: number, title: string): Promise<string>;
  close(): Promise<void>;
};

type Options = { lanes: number; people: DirectoryPerson[] };
const isApproval = (text: string): boolean => text.startsWith('Approve');

async function manySlackChannels({ lanes, people }: Options): Promise<Chat> {
  const secrets = { signingSecret: 'chaos-signing-secret', botToken: 'xoxb-chaos' };
  const channelOf = (lane: number): string => `C${String(lane).padStart(4, '0')}`;
  const userOf = (one: DirectoryPerson): string => one.slack[0]?.userId ?? '';
  const slack = await startSlack({
    ...secrets,
    teamId: team,
    channels: Array.from({ length: lanes }, (_, lane) => ({ id: channelOf(lane), name: `soc-${lane}` })),
    people: people.map((one) => ({ id: userOf(one), name: one.upn, realName: one.displayName, email: one.email })),
    enforceRates: false,
  });
  return {
    env: { SLACK_BOT_TOKEN: secrets.botToken, SLACK_SIGNING_SECRET: secrets.signingSecret, SLACK_API_URL: slack.apiUrl },
    route: (lane) => `slack: [${channelOf(lane)}]`,
    connect: (urls) => slack.setRequestUrls(urls.map((url) => `${url}/slack/events`)),
    approve: async (who, lane, title) => {
      const channel = channelOf(lane);
      const message = slack.messages(channel).find((one) => buttonsOf(one).some(isApproval) && textOf(one.blocks).includes(title));
      const button = message && buttonsOf(message).find(isApproval);
      if (!message || !button) return 'no card that asks';
      const { status, timedOut } = await slack.click({ user: userOf(who), channel, ts: message.ts, button });
      return `pressed ${message.ts}: ${timedOut ? 'no answer' : status}; told: ${slack.ephemerals(userOf(who)).at(-1)?.text ?? 'nothing'}`;
    },
    close: () => slack.close(),
  };
}

async function manyTeamsChannels({ lanes, people }: Options): Promise<Chat> {
  const app = { appId: '99999999-8888-4777-8666-555555555555', appPassword: 'chaos-app-password', tenantId: entraTenant };
  const channelOf = (lane: number): string => `19:soc-${lane}@thread.tacv2`;
  const teams = await startTeams({
    ...app,
    people: people.map((one) => ({ id: teamsIdOf(one), aadObjectId: one.entraId, name: one.displayName, upn: one.upn })),
    conversations: Array.from({ length: lanes }, (_, lane) => ({
      id: channelOf(lane),
      type: 'channel' as const,
      name: `SOC ${lane}`,
      teamId: '19:soc@thread.tacv2',
    })),
    enforceRates: false,
  });
  const [first] = people;
  if (first) for (let lane = 0; lane < lanes; lane += 1) teams.watch(teamsIdOf(first), channelOf(lane));
  return {
    env: settingsFor(teams, app),
    route: (lane) => `teams: ["${channelOf(lane)}"]`,
    connect: (urls) => teams.setMessagesUrls(urls.map((url) => `${url}/api/messages`)),
    approve: async (who, lane, title) => {
      const conversation = channelOf(lane);
      const message = teams.messages(conversation).find(({ card }) => titlesOf(card).some(isApproval) && textOfCard(card).includes(title));
      const button = titlesOf(message?.card).find(isApproval);
      if (!message || !button) return 'no card that asks';
      const { status, timedOut } = await teams.press({ person: teamsIdOf(who), conversation, messageId: message.id, button });
      return `pressed ${message.id}: ${timedOut ? 'no answer' : status}; told: ${teams.privateMessages(teamsIdOf(who)).at(-1)?.text ?? 'nothing'}`;
    },
    close: () => teams.close(),
  };
}

export const chats = [
  { name: 'Slack', open: manySlackChannels },
  { name: 'Teams', open: manyTeamsChannels },
];
