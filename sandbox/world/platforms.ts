/** The company's Slack and its Teams, each with the bot's app in it. */
import { randomBytes, randomUUID } from 'node:crypto';
import { startSlack } from '../slack/server.ts';
import type { SlackWorld } from '../slack/types.ts';
import { startTeams } from '../teams/server.ts';
import { settingsFor } from '../teams/settings.ts';
import type { TeamsWorld } from '../teams/types.ts';
import { people, teamId, tenantId } from './people.ts';
import { channel, slackPeople, teamsChannel, teamsPeople } from './setting.ts';

export type Platforms = {
  slack: SlackWorld;
  teams: TeamsWorld;
  /** What the bot has to be told to reach both. */
  env: Record<string, string>;
  /** Tells the platforms where the bot is, and adds the app to the Teams channel. */
  connect(botUrl: string): Promise<void>;
};

/** `stops` gets how to end what was started, even when a later part fails. */
export async function startPlatforms(stops: (() => Promise<void>)[]): Promise<Platforms> {
  const signingSecret = secret();
  const botToken = `xoxb-demo-${secret()}`;
  const slack = await startSlack({ signingSecret, botToken, teamId, people: slackPeople(), channels: [channel] });
  stops.push(() => slack.close());
  const app = { appId: randomUUID(), appPassword: secret(), tenantId };
  const teams = await startTeams({ ...app, people: teamsPeople(), conversations: [teamsChannel] });
  stops.push(() => teams.close());
  return {
    slack,
    teams,
    env: {
      SLACK_BOT_TOKEN: botToken,
      SLACK_SIGNING_SECRET: signingSecret,
      SLACK_API_URL: slack.apiUrl,
      ...settingsFor(teams, app),
    },
    connect: async (botUrl) => {
      slack.setRequestUrls([`${botUrl}/slack/events`]);
      teams.setMessagesUrls([`${botUrl}/api/messages`]);
      const { status, timedOut } = await teams.install(teamsChannel.id, installer.teamsId);
      if (timedOut || status >= 300) throw new Error(`the bot answered ${timedOut ? 'nothing' : status} when it was added to Teams`);
    },
  };
}

const [installer] = people;
const secret = (): string => randomBytes(24).toString('hex');
