/** Where the simulated month takes place: people, channels and the policy between them. */
import { startSlack } from '../../sandbox/slack/server.ts';
import type { SlackWorld } from '../../sandbox/slack/types.ts';
import { startTeams } from '../../sandbox/teams/server.ts';
import { settingsFor } from '../../sandbox/teams/settings.ts';
import type { TeamsWorld } from '../../sandbox/teams/types.ts';
import { crowd, entraTenant, person, team, teamsIdOf } from '../../test/features/people.ts';

export const analysts = crowd(6).map((one) => ({ ...one, roles: ['SecurityAdministrator', 'SearchAndPurge'] }));
/** Both have a digest of their own at eight in New York. */
export const mira = person('Mira Manager', ['SecurityReader']);
export const nora = person('Nora Night', ['SecurityReader']);
/** Gets the policy's digest in Teams, and what is escalated. */
export const theo = person('Theo Team', ['SecurityReader']);
export const everybody = [...analysts, mira, nora, theo];

const slackChannels = ['C0URGENT', 'C0WORK', 'C0BRANCH', 'C0LAPTOP', 'C0LEADS'];
const teamsNames = ['urgent', 'mail', 'mail-by-hand', 'servers', 'laptops', 'leads'];
const threadOf = (name: string): string => `19:${name}@thread.tacv2`;
export const teamsChannels = teamsNames.map(threadOf);

export const ladder = {
  /** After the announcement, in ms, and whom it tells beside the thread. */
  high: { firstMs: 900_000, secondMs: 3_600_000, thenMs: 7_200_000 },
  usual: { firstMs: 14_400_000, thenMs: 72_000_000 },
  warnMs: [86_400_000, 7_200_000],
} as const;

export const policy = `routes:
  - { match: { severity: high }, slack: [C0URGENT], teams: ["${threadOf('urgent')}"] }
  - { match: { source: automatedEmailAction }, teams: ["${threadOf('mail')}"] }
  - { match: { workload: email }, teams: ["${threadOf('mail-by-hand')}"] }
  - { match: { group: Laptops }, slack: [C0LAPTOP], teams: ["${threadOf('laptops')}"] }
  - { match: { group: Servers }, teams: ["${threadOf('servers')}"] }
  - { match: { group: Branch offices }, slack: [C0BRANCH] }
  - { slack: [C0WORK] }
reminders:
  rules:
    - match: { severity: high }
      rungs:
        - { after: 15m, to: thread }
        - { after: 1h, to: [thread, { channel: { slack: [C0LEADS] } }] }
        - { sinceLast: 2h, to: { managers: ["${theo.entraId}"] } }
    - rungs:
        - { after: 4h, to: thread }
        - { sinceLast: 20h, to: { channel: { slack: [C0LEADS], teams: ["${threadOf('leads')}"] } } }
  warnBeforeExpiry: [24h, 2h]
  warnTo: thread
  quietHours: { from: "22:00", to: "06:00", timezone: Europe/Berlin, except: { severity: [high] } }
digests:
  - at: "08:00"
    timezone: Europe/Berlin
    weekdays: [mon, tue, wed, thu, fri]
    slack: [C0LEADS, ${mira.slack[0]?.userId ?? ''}]
    teams: ["${threadOf('leads')}", "${theo.entraId}"]
`;

const secrets = { signingSecret: 'slack-signing-secret-of-the-month', botToken: 'xoxb-token-of-the-month' };
const app = { appId: '99999999-8888-4777-8666-555555555555', appPassword: 'teams-app-password-of-the-month', tenantId: entraTenant };

/** Both platforms at their real limits, counted by the clock that is handed in. */
export async function openPlatforms(now: () => number): Promise<{ slack: SlackWorld; teams: TeamsWorld; env: Record<string, string> }> {
  const slack = await startSlack({
    ...secrets,
    now,
    teamId: team,
    channels: slackChannels.map((id) => ({ id, name: id.slice(2).toLowerCase() })),
    people: everybody.map((one) => ({
      id: one.slack[0]?.userId ?? '',
      name: one.upn.split('@')[0] ?? '',
      realName: one.displayName,
      email: one.email,
    })),
  });
  const teams = await startTeams({
    ...app,
    now,
    loginNow: Date.now,
    people: everybody.map((one) => ({ id: teamsIdOf(one), aadObjectId: one.entraId, name: one.displayName, upn: one.upn })),
    conversations: [
      ...teamsNames.map((name) => ({ id: threadOf(name), type: 'channel' as const, name, teamId: '19:soc@thread.tacv2' })),
      ...everybody.map((one) => ({
        id: `a:own-${one.entraId}`,
        type: 'personal' as const,
        name: one.displayName,
        members: [teamsIdOf(one)],
      })),
    ],
  });
  const env = {
    SLACK_BOT_TOKEN: secrets.botToken,
    SLACK_SIGNING_SECRET: secrets.signingSecret,
    SLACK_API_URL: slack.apiUrl,
    ...settingsFor(teams, app),
  };
  return { slack, teams, env };
}
