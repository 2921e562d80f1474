/** The demo: the real bot and worker against a simulated company, with one page on which a person can be everybody in it. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { openBrowser } from './browser.ts';
import { buildPage } from './page/assets.ts';
import { openDeeds } from './page/deeds.ts';
import { openJournal } from './page/journal.ts';
import { type PageServer, startPage } from './page/server.ts';
import { snapshot } from './page/snapshot.ts';
import { openTeamsMemory } from './page/teams-memory.ts';
import { openRunFolder } from './run-folder.ts';
import type { SlackWorld } from './slack/types.ts';
import type { Stage } from './stage.ts';
import type { TeamsWorld } from './teams/types.ts';
import { openingTypes } from './world/examples.ts';
import { startPlatforms } from './world/platforms.ts';
import { type Ending, raise } from './world/producer.ts';
import { channel, teamsChannel, writeSetting } from './world/setting.ts';

export type DemoOptions = {
  /** Where the page is; 0 takes any free port. */
  port: number;
  /** Starts the bot and the worker of this process. */
  launch: (env: Record<string, string>, watch: (stage: Stage) => void) => Promise<{ url: string; stop(): Promise<void> }>;
  /** Holds one folder per running demo, removed at the end. */
  dataDir: string;
  say: (line: string) => void;
  /** Also opens the page in this person's browser. */
  open?: boolean;
};

export async function runDemo(options: DemoOptions): Promise<{ url: string; stop(): Promise<void> }> {
  // Stopped in the reverse order of starting, and all of them even when one fails.
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    const failures: unknown[] = [];
    for (const end of stops.splice(0).reverse()) await end().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw new AggregateError(failures, 'the demo did not stop cleanly');
  };
  try {
    const url = await start(options, stops);
    return { url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start({ port, launch, dataDir, say, open }: DemoOptions, stops: (() => Promise<void>)[]): Promise<string> {
  const assets = await buildPage(say);
  const folder = await openRunFolder(dataDir);
  stops.push(folder.remove);
  const files = await writeSetting(folder.path);
  const intakeSecret = randomBytes(24).toString('hex');
  const { slack, teams, env, connect } = await startPlatforms(stops);

  // The page comes before the bot: a port that is taken is found out at once.
  const started: { page: PageServer | null; bot: { url: string } | null } = { page: null, bot: null };
  const journal = openJournal(() => started.page?.changed());
  const memory = openTeamsMemory(teams);
  const raiseOne = (type: string, ending?: Ending, over?: Record<string, unknown>) => {
    if (!started.bot) throw new Error('the bot is still starting');
    return raise({ url: started.bot.url, secret: intakeSecret }, type, ending, over);
  };
  const page = await startPage({
    port,
    assets,
    read: () => snapshot({ slack, channel, teams: { teams, channel: teamsChannel, memory }, journal }),
    deeds: openDeeds({ slack, teams, memory, journal, raise: raiseOne }),
  });
  started.page = page;
  stops.push(page.stop, watch(slack, teams, page));

  say('Starting the bot and the worker ...');
  const bot = await launch(
    {
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: 'error',
      DATA_DIR: join(folder.path, 'record'),
      POLICY_FILE: files.policyFile,
      DIRECTORY: 'file',
      DIRECTORY_FILE: files.directoryFile,
      BACKEND: 'simulator',
      INTAKE_SECRETS: intakeSecret,
      ...env,
    },
    journal.tell,
  );
  stops.push(bot.stop);
  started.bot = bot;
  await connect(bot.url);

  for (const type of openingTypes) journal.raised(await raiseOne(type));
  announce(say, page.url);
  if (open) openBrowser(page.url, say);
  return page.url;
}

/** Returns how to stop watching. */
function watch(slack: SlackWorld, teams: TeamsWorld, page: PageServer): () => Promise<void> {
  const changed = () => page.changed();
  const offs = [
    ...(['message', 'update', 'thread', 'ephemeral', 'view'] as const).map((event) => slack.on(event, changed)),
    ...(['message', 'update', 'thread', 'delete', 'private', 'dialog', 'view'] as const).map((event) => teams.on(event, changed)),
  ];
  return async () => {
    for (const off of offs) off();
  };
}

function announce(say: (line: string) => void, url: string): void {
  say('');
  say(`Open ${url}`);
  say('The real bot and worker, against a simulated Slack, Teams and Defender, and five invented people.');
  say('Be one of them, press in either channel, and watch the decision travel. Nothing leaves this machine. Ctrl+C ends it.');
}
