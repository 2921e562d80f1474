/** The demo: the real bot and worker against a simulated company, with one page on which a person can be everybody in it. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { openBrowser } from './browser.ts';
import { buildPage } from './page/assets.ts';
import { openDeeds } from './page/deeds.ts';
import { openJournal } from './page/journal.ts';
import { type PageServer, startPage } from './page/server.ts';
import { snapshot } from './page/snapshot.ts';
import { openRunFolder } from './run-folder.ts';
import { startSlack } from './slack/server.ts';
import type { SlackWorld } from './slack/types.ts';
import type { Stage } from './stage.ts';
import { openingTypes } from './world/examples.ts';
import { teamId } from './world/people.ts';
import { type Ending, raise } from './world/producer.ts';
import { channel, slackPeople, writeSetting } from './world/setting.ts';

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
  const secrets = { signing: secret(), botToken: `xoxb-demo-${secret()}`, intake: secret() };

  const slack = await startSlack({
    signingSecret: secrets.signing,
    botToken: secrets.botToken,
    teamId,
    people: slackPeople(),
    channels: [channel],
  });
  stops.push(() => slack.close());

  // The page comes before the bot: a port that is taken is found out at once.
  const started: { page: PageServer | null; bot: { url: string } | null } = { page: null, bot: null };
  const journal = openJournal(() => started.page?.changed());
  const raiseOne = (type: string, ending?: Ending) => {
    if (!started.bot) throw new Error('the bot is still starting');
    return raise({ url: started.bot.url, secret: secrets.intake }, type, ending);
  };
  const page = await startPage({
    port,
    assets,
    read: () => snapshot(slack, channel, journal),
    deeds: openDeeds({ slack, journal, raise: raiseOne }),
  });
  started.page = page;
  stops.push(page.stop, watchSlack(slack, page));

  say('Starting the bot and the worker ...');
  const bot = await launch(
    {
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: 'error',
      DATA_DIR: join(folder.path, 'record'),
      POLICY_FILE: files.policyFile,
      SLACK_BOT_TOKEN: secrets.botToken,
      SLACK_SIGNING_SECRET: secrets.signing,
      SLACK_API_URL: slack.apiUrl,
      DIRECTORY: 'file',
      DIRECTORY_FILE: files.directoryFile,
      BACKEND: 'simulator',
      INTAKE_SECRETS: secrets.intake,
    },
    journal.tell,
  );
  stops.push(bot.stop);
  started.bot = bot;
  slack.setRequestUrls([`${bot.url}/slack/events`]);

  for (const type of openingTypes) journal.raised(await raiseOne(type));
  announce(say, page.url);
  if (open) openBrowser(page.url, say);
  return page.url;
}

const secret = (): string => randomBytes(24).toString('hex');

/** Returns how to stop watching. */
function watchSlack(slack: SlackWorld, page: PageServer): () => Promise<void> {
  const changed = () => page.changed();
  const offs = [
    slack.on('message', changed),
    slack.on('update', changed),
    slack.on('thread', changed),
    slack.on('ephemeral', changed),
    slack.on('view', changed),
  ];
  return async () => {
    for (const off of offs) off();
  };
}

function announce(say: (line: string) => void, url: string): void {
  say('');
  say(`Open ${url}`);
  say('The real bot and worker, against a simulated Slack, a simulated Defender and five invented people.');
  say('Be one of them, press the buttons, and watch the decision travel. Nothing leaves this machine. Ctrl+C ends it.');
}
