/** The simulated company's files, its Slack and its Teams: what an operator would have set up before the first action comes in. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SlackChannel, SlackPerson } from '../slack/types.ts';
import type { TeamsConversation, TeamsPerson } from '../teams/types.ts';
import { people, teamId } from './people.ts';

export const channel: SlackChannel = { id: 'C0SOC', name: 'soc-approvals' };
export const teamsChannel: TeamsConversation = {
  id: '19:soc-approvals@thread.tacv2',
  type: 'channel',
  name: 'SOC approvals',
  teamId: '19:security-operations@thread.tacv2',
};
/** What the team around that channel is called. */
export const teamName = 'Security operations';

/** Somebody from another company, in the channel through Slack Connect. The directory does not know them. */
const stranger: SlackPerson = {
  id: 'U0SAM',
  name: 'sam',
  realName: 'Sam Stone',
  email: 'sam@fabrikam.example',
  teamId: 'T000000099',
  isStranger: true,
};

export function slackPeople(): SlackPerson[] {
  const ours = people.map(({ slackId, name, realName, upn, userType }): SlackPerson => {
    return { id: slackId, name, realName, email: upn, teamId, isRestricted: userType === 'Guest', isEmailConfirmed: true };
  });
  return [...ours, stranger];
}

export const teamsPeople = (): TeamsPerson[] =>
  people.map(({ teamsId, entraId, realName, upn }) => ({ id: teamsId, aadObjectId: entraId, name: realName, upn }));

function directory(): unknown {
  return {
    people: people.map(({ slackId, realName, upn, entraId, userType, roles, deviceGroups }) => ({
      entraId,
      upn,
      displayName: realName,
      email: upn,
      enabled: true,
      userType,
      slack: [{ teamId, userId: slackId }],
      roles,
      deviceGroups,
    })),
  };
}

/** JSON is YAML, too. */
const policy = {
  routes: [{ slack: [channel.id], teams: [teamsChannel.id] }],
  approvals: [{ match: { type: ['offboardMachine', 'hardDeleteEmail'] }, needed: 2 }],
};

/** Writes the directory and the policy into `folder` and returns where they are. */
export async function writeSetting(folder: string): Promise<{ directoryFile: string; policyFile: string }> {
  await mkdir(folder, { recursive: true });
  const files = { directoryFile: join(folder, 'directory.json'), policyFile: join(folder, 'policy.yaml') };
  await writeFile(files.directoryFile, `${JSON.stringify(directory(), null, 2)}\n`);
  await writeFile(files.policyFile, `${JSON.stringify(policy, null, 2)}\n`);
  return files;
}
