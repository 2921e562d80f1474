/** The command line. The only file that ends the process, and the only one that reaches the sandbox. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { setFlagsFromString } from 'node:v8';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { announce } from './action-center/announce.ts';
import { ConfigError, UpstreamError } from './action-center/errors.ts';
import { ExportFormat } from './action-center/export.ts';
import { type ExportOptions, exportAudit, showHead, type VerifyOptions, verifyAudit } from './audit-commands.ts';
import { loadEnvironment, readConfig } from './config.ts';
import { listDelegations, removeDelegation } from './delegation-commands.ts';
import { runDoctor } from './doctor.ts';
import { type Foundation, openFoundation } from './foundation.ts';
import { exportHistory, showHistory, textOfWords } from './history-commands.ts';
import { newActionId } from './ids.ts';
import { submitFile } from './intake/file.ts';
import { httpSender } from './intake/sender.ts';
import { sentOf } from './intake/submission.ts';
import { launch, type Parts } from './launch.ts';
import { listLinks, removeLinkOf } from './link-commands.ts';
import { openLog } from './log.ts';
import { manifestFor } from './manifest.ts';
import { checkPolicyFile, replayPolicy } from './policy-commands.ts';
import { contractSchemas } from './queue/contract.ts';

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
const complain = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** Exit codes: 0 done, 1 it failed, 2 the configuration or the command is wrong. */
async function ending(run: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await run();
  } catch (error) {
    if (error instanceof ConfigError) {
      complain(error.message);
      process.exit(2);
    }
    complain(
      error instanceof UpstreamError
        ? `${error.service}: ${error.message}`
        : error instanceof Error
          ? (error.stack ?? error.message)
          : String(error),
    );
    process.exit(1);
  }
}

/** Runs until SIGTERM or SIGINT, then stops in order; a second signal ends at once. */
function untilSignal(stop: () => Promise<void>): Promise<number> {
  return new Promise((resolve, reject) => {
    let asked = false;
    const onSignal = () => {
      if (asked) process.exit(1);
      asked = true;
      stop().then(() => resolve(0), reject);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}

async function serve(parts: Parts): Promise<number> {
  const config = readConfig(loadEnvironment(), { needs: parts.bot ? 'bot' : 'worker', executes: parts.worker });
  const running = await launch(config, openLog(config.logLevel), parts);
  const code = await untilSignal(running.stop);
  process.exit(code);
}

type SubmitOptions = { url?: string };

async function submit(source: string, options: SubmitOptions): Promise<number> {
  const isTty = process.stderr.isTTY === true;
  const summarise = (send: Parameters<typeof submitFile>[1]['send']) =>
    submitFile(source, { send, isTty, say, draw: (text) => process.stderr.write(text) });
  const config = readConfig(loadEnvironment(), { needs: options.url === undefined ? 'store' : 'client' });
  if (options.url !== undefined) return (await summarise(httpSender({ url: options.url, secret: config.intakeSecrets[0] ?? '' }))).exitCode;
  const ground = await openFoundation(config, openLog('warn'));
  try {
    const deps = { ...ground.deciding, tenantId: config.tenantId, newActionId, poke: () => {} };
    return (await summarise(async (intake) => sentOf(await announce(deps, intake)))).exitCode;
  } finally {
    await ground.close();
  }
}

async function demo(options: { port: string; data: string }): Promise<number> {
  const { runDemo } = await import('../sandbox/demo.ts');
  const running = await runDemo({
    port: Number(options.port),
    dataDir: options.data,
    say,
    launch: (env, watch) => {
      const config = readConfig(env, { executes: true });
      return launch(config, openLog(config.logLevel), { bot: true, worker: true }, { watch });
    },
  });
  const code = await untilSignal(running.stop);
  process.exit(code);
}

async function replayDecisions({ days }: { days: string }): Promise<number> {
  const wanted = Number(days);
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > 3650)
    throw new ConfigError(['--days: must be a whole number of days, 1 to 3650']);
  const ground = await openFoundation(readConfig(loadEnvironment(), { needs: 'store' }), openLog('warn'));
  try {
    return await replayPolicy(ground, wanted, say);
  } finally {
    await ground.close();
  }
}

async function onStore(run: (ground: Foundation) => Promise<number>): Promise<number> {
  const ground = await openFoundation(readConfig(loadEnvironment(), { needs: 'store' }), openLog('warn'));
  try {
    return await run(ground);
  } finally {
    await ground.close();
  }
}

const wholeNumber = (text: string): number => {
  if (!/^\d{2,4}$/.test(text) || Number(text) < 20) throw new InvalidArgumentError('must be a whole number, 20 to 9999');
  return Number(text);
};

/** Rows of a look-up to standard output or a file. The first Ctrl-C ends it in order. */
function exportRows(words: string[], options: { format?: ExportFormat; out?: string }): Promise<number> {
  // Left alone V8 keeps a few hundred thousand rows before it cleans up after them.
  setFlagsFromString('--optimize-for-size');
  const stopping = new AbortController();
  process.once('SIGINT', () => stopping.abort());
  process.once('SIGTERM', () => stopping.abort());
  const draw = process.stderr.isTTY === true && options.out !== undefined ? (text: string) => void process.stderr.write(text) : null;
  const how = { ...options, signal: stopping.signal, draw };
  return onStore((ground) => exportHistory(ground, textOfWords(words), how, { say, complain, stdout: process.stdout }));
}

function lookUps(cli: Command): void {
  cli
    .command('history [words...]')
    .description('look remediation actions up, as in chat: period, filters, free text, sort:, columns:, page-size:')
    .option('--after <place>', 'the page behind this place')
    .option('--width <cells>', 'how wide the table may be (without it: as wide as the terminal)', wholeNumber)
    .action((words: string[], { width = process.stdout.columns ?? 120, ...options }: { after?: string; width?: number }) =>
      ending(() => onStore((ground) => showHistory(ground, textOfWords(words), { ...options, width }, { say, complain }))),
    );
  cli
    .command('export [words...]')
    .description('write every action of a look-up as CSV or JSON Lines')
    .addOption(new Option('--format <format>', 'csv or jsonl (without it: csv)').choices(ExportFormat.options))
    .option('--out <file>', 'where to (without it: standard output)')
    .action((words: string[], options: { format?: ExportFormat; out?: string }) => ending(() => exportRows(words, options)));
}

type ManifestOptions = { publicUrl: string; appId?: string; socketMode?: boolean; out?: string };

async function manifest(platform: 'slack' | 'teams', { out, ...values }: ManifestOptions): Promise<number> {
  const content = await manifestFor(platform, values);
  const file = out ?? (platform === 'teams' ? 'countersign-teams.zip' : null);
  if (file === null) process.stdout.write(content);
  else await writeFile(file, content);
  if (file !== null) say(`${file} is written`);
  return 0;
}

const recordConfig = () => readConfig(loadEnvironment(), { needs: 'record' });

/** Waits for a slow reader instead of filling the memory; a reader that left (head, less) is the end, not an error. */
async function writeOut(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}

async function exportEvents(options: ExportOptions): Promise<number> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  return exportAudit(recordConfig(), options, writeOut);
}

function addAudit(cli: Command): void {
  const audit = cli.command('audit').description('the sealed record of everything that happened');
  audit
    .command('verify')
    .description('check that nothing in it was altered, removed, inserted or exchanged; exits 1 and names what was')
    .option('--from <seal>', 'begin with this seal and trust what is before it')
    .option('--public-key <file>', 'check the signatures with these public Ed25519 keys (PEM)')
    .option('--expect <number:hash>', 'a head that was kept elsewhere; the chain must hold it')
    .action((options: VerifyOptions) => ending(() => verifyAudit(recordConfig(), options, say)));
  audit
    .command('head')
    .description('print the newest seal in one line, to keep it elsewhere')
    .action(() => ending(() => showHead(recordConfig(), say)));
  audit
    .command('export')
    .description('write the events to standard output as JSON Lines')
    .option('--since <time>', 'from this time on (ISO 8601)')
    .option('--until <time>', 'before this time (ISO 8601)')
    .action((options: ExportOptions) => ending(() => exportEvents(options)));
}

function program(): Command {
  const cli = new Command('countersign').description("Microsoft Defender's Action center in Slack and Teams.").showHelpAfterError();
  const serving = (name: string, parts: Parts, text: string) =>
    cli
      .command(name)
      .description(text)
      .action(() => ending(() => serve(parts)));
  serving('start', { bot: true, worker: true }, 'run bot and worker in one process');
  serving('bot', { bot: true, worker: false }, 'run the chat process alone');
  serving('worker', { bot: false, worker: true }, 'run the action backend alone');
  cli
    .command('demo')
    .description('run everything against simulated outside worlds and show it on a page')
    .option('--port <port>', 'where the page is', '4400')
    .option('--data <folder>', 'where the demo keeps its data', '.data/demo')
    .action((options: { port: string; data: string }) => ending(() => demo(options)));
  cli
    .command('actions')
    .description('remediation actions')
    .command('submit <file>')
    .description('submit actions: NDJSON, one JSON object or an array; - reads standard input')
    .option('--url <url>', 'a running bot; without it the configured store is written directly')
    .action((file: string, options: SubmitOptions) => ending(() => submit(file, options)));
  cli
    .command('doctor')
    .description('check what this deployment needs: settings, record, queues, chat, and each permission with where to grant it')
    .option('--worker', 'check what the worker alone needs')
    .option('--json', 'print the findings as JSON')
    .action((options: { worker?: boolean; json?: boolean }) =>
      ending(() => runDoctor(loadEnvironment(), { ...options, width: process.stdout.columns ?? 120 }, say)),
    );
  lookUps(cli);
  const policy = cli.command('policy').description('the policy file');
  policy
    .command('check [file]')
    .description('say everything that is wrong with it, by line (without a file: POLICY_FILE)')
    .action((file: string | undefined) =>
      ending(async () => checkPolicyFile(file ?? loadEnvironment()['POLICY_FILE'] ?? 'policy.yaml', { say, complain })),
    );
  policy
    .command('replay')
    .description("say what the record's past decisions would have met under POLICY_FILE; changes nothing")
    .option('--days <days>', 'how far back', '30')
    .action((options: { days: string }) => ending(() => replayDecisions(options)));
  addLinks(cli);
  addDelegations(cli);
  addAudit(cli);
  cli
    .command('manifest')
    .description('write the app manifest of a chat platform')
    .addArgument(new Argument('<platform>').choices(['slack', 'teams']))
    .requiredOption('--public-url <url>', 'where the bot is reached from outside (https)')
    .option('--app-id <guid>', "Teams: the bot's Microsoft app id")
    .option('--socket-mode', 'Slack: no address from outside')
    .option('--out <file>', 'where to write it (Slack: standard output if left out)')
    .action((platform: 'slack' | 'teams', options: ManifestOptions) => ending(() => manifest(platform, options)));
  cli
    .command('contract')
    .description('print the public queue contract as JSON Schema')
    .action(() => say(JSON.stringify(contractSchemas(), null, 2)));
  return cli;
}

function addLinks(cli: Command): void {
  const links = cli.command('links').description('Slack accounts that people connected by signing in');
  links
    .command('list')
    .description('say which account is which person, since when and until when')
    .action(() => ending(() => onStore((ground) => listLinks(ground, say))));
  links
    .command('remove <teamId> <userId>')
    .description("end an account's link; it counts no longer from the next press on")
    .action((teamId: string, userId: string) =>
      ending(() => onStore((ground) => removeLinkOf(ground, { teamId, userId }, { say, complain }))),
    );
}

function addDelegations(cli: Command): void {
  const delegations = cli.command('delegations').description('who stands in for whom');
  delegations
    .command('list')
    .description('say who stands in for whom, from when until when')
    .action(() => ending(() => onStore((ground) => listDelegations(ground, say))));
  delegations
    .command('remove <id>')
    .description('end one of them; reminders reach the person themselves again')
    .action((id: string) => ending(() => onStore((ground) => removeDelegation(ground, id, { say, complain }))));
}

await program().parseAsync(process.argv);
