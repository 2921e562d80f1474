/** Slack and Teams behind one deployment: every action has a card in each. */
import type { ChatWorld } from './chat-world.ts';
import type { DirectoryPerson } from './people.ts';
import { slackWorld } from './platforms.ts';
import { teamsWorld } from './teams-world.ts';

export type BothWorlds = {
  slack: Awaited<ReturnType<typeof slackWorld>>;
  teams: Awaited<ReturnType<typeof teamsWorld>>;
  /** For the deployment, which knows both. Presses and looks go to one of the two above. */
  chat: ChatWorld;
};

export async function bothWorlds(extra: DirectoryPerson[] = []): Promise<BothWorlds> {
  const [slack, teams] = [await slackWorld(extra), await teamsWorld(extra)];
  const chat: ChatWorld = {
    ...slack,
    env: { ...slack.env, ...teams.env },
    policy: `${slack.policy.trimEnd()}\n    ${teams.policy.split('- ')[1]}`,
    connect: (urls) => {
      slack.connect(urls);
      teams.connect(urls);
    },
    problems: () => [...slack.problems(), ...teams.problems()],
    close: async () => {
      await slack.close();
      await teams.close();
    },
  };
  return { slack, teams, chat };
}
