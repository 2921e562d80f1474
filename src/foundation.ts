/** What bot and worker both stand on: the record, the queues, the directory, the policy. Opened once a process, closed last. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { BatchStore } from './action-center/batch.ts';
import type { OpenActions } from './action-center/bulk.ts';
import type { DecidingDirectory } from './action-center/decide.ts';
import type { Stories, WaitingExports } from './action-center/export.ts';
import type { HistoryStore } from './action-center/history.ts';
import type { Linking } from './action-center/link.ts';
import type { Preferences } from './action-center/look-up.ts';
import type { ActionStore, AlarmStore, CardStore, Clock, Conversations, ExecutionStore, Lanes, SignIns } from './action-center/ports.ts';
import type { LinkStore } from './action-center/sign-in-ports.ts';
import type { UndoStore } from './action-center/undo.ts';
import type { Config } from './config.ts';
import type { MailTiming } from './defender/email.ts';
import { fileDirectory } from './identity/file.ts';
import { graphDirectory } from './identity/graph.ts';
import { type LoadedPolicy, loadPolicy } from './identity/policy.ts';
import { noSlackLinks, type SlackLinks, slackLinksFile } from './identity/slack-links.ts';
import { sha256 } from './ids.ts';
import type { Log } from './log.ts';
import { type Metrics, openMetrics } from './metrics.ts';
import { openQueues, type QueueLink } from './queue/connection.ts';
import { queueNames } from './queue/contract.ts';
import type { PoisonReport } from './queue/decisions.ts';
import { type BrowserSignIns, canLink, openSignIns } from './sign-ins.ts';
import type { Watch } from './stage.ts';
import { actionStore } from './store/actions.ts';
import { alarmStore } from './store/alarms.ts';
import { batchStore } from './store/batches.ts';
import { cardPlaces } from './store/card-places.ts';
import { cardStore } from './store/cards.ts';
import { conversations } from './store/conversations.ts';
import { type Database, migrate, openDatabase } from './store/database.ts';
import { type Engine, openEngine } from './store/engine.ts';
import { executionStore } from './store/executions.ts';
import { stories, waitingExports } from './store/exports.ts';
import { historyStore } from './store/history.ts';
import { lanes } from './store/lanes.ts';
import { linkStore } from './store/links.ts';
import { type Outbox, outbox } from './store/outbox.ts';
import { preferences } from './store/preferences.ts';
import { openActions, undoStore } from './store/related-actions.ts';
import { signInAttempts } from './store/sign-ins.ts';

export type Foundation = {
  config: Config;
  log: Log;
  metrics: Metrics;
  engine: Engine;
  db: Database;
  queues: QueueLink;
  store: ActionStore;
  history: HistoryStore;
  stories: Stories;
  waitingExports: WaitingExports;
  cards: CardStore;
  conversations: Conversations;
  preferences: Preferences;
  cardPlaces: ReturnType<typeof cardPlaces>;
  outbox: Outbox;
  executions: ExecutionStore;
  batches: BatchStore;
  undoing: UndoStore;
  openActions: OpenActions;
  lanes: Lanes;
  directory: DecidingDirectory;
  links: LinkStore;
  /** Null without DIRECTORY=graph or PUBLIC_URL: nobody can be asked to sign in afresh. */
  signIns: SignIns | null;
  /** Null: accounts are not connected from chat. */
  linking: Linking | null;
  browserSignIns: BrowserSignIns | null;
  alarms: AlarmStore;
  policy: LoadedPolicy;
  settings: { globalAdministratorMayDecide: boolean; backend: 'defender' | 'simulator' | 'consumer' };
  deciding: { store: ActionStore; policy: LoadedPolicy; now: Clock; sha256: (text: string) => string };
  /** This process, for leases. */
  holder: string;
  now: Clock;
  timing: Timing;
  /** Left out: as Defender's hunting data takes. */
  mailTiming?: Extras['mailTiming'];
  watch: Watch;
  poisoned: PoisonReport;
  /** What does not answer; empty when all is well. */
  ailing: () => Promise<('store' | 'queue')[]>;
  queueCounts: () => Promise<unknown>;
  close(): Promise<void>;
};

const readyDeadlineMs = 2000;

/** How often what nobody did is looked after, and how long a decision may stand still before its job is looked for. */
export type Timing = {
  sweepEveryMs: number;
  stalledAfterMs: number;
  repairEveryMs: number;
  /** Between two publications of one person's Home tab; left out: as Slack likes it. */
  homeEveryMs?: number;
  exportProgressEveryMs?: number;
  /** Between two looks into Defender. */
  ingestEveryMs?: number;
  ingestCallMs?: number;
};
const usualTiming: Timing = { sweepEveryMs: 5000, stalledAfterMs: 30_000, repairEveryMs: 10_000 };

/** What tests and the demo may hand in. */
export type Extras = { watch?: Watch; timing?: Timing; queuePrefix?: string; signIns?: SignIns; mailTiming?: MailTiming };

export async function openFoundation(config: Config, log: Log, extras: Extras = {}): Promise<Foundation> {
  const onError = (what: string) => (error: unknown) => log.error({ err: error }, `${what} reported an error`);
  const policy = loadPolicy(config.policyFile, config.platforms.length > 0 ? config.platforms : undefined);
  for (const warning of [...config.warnings, ...policy.warnings]) log.warn(warning);
  const engine = await openEngine(config.databaseUrl === null ? { dataDir: config.dataDir } : { databaseUrl: config.databaseUrl }, {
    onError: onError('the store'),
  });
  const db = openDatabase(engine.pool, { prepares: engine.kind === 'postgres' });
  const source = config.redisUrl === null ? { pool: engine.queuePool() } : { redisUrl: config.redisUrl };
  const named = extras.queuePrefix === undefined ? {} : { prefix: extras.queuePrefix };
  const queues = await migrate(db)
    .then(() => openQueues({ ...source, ...named }, { onError: onError('the queue') }))
    .catch(async (error: unknown) => {
      await engine.close();
      throw error;
    });
  for (const warning of [...engine.warnings, ...queues.warnings]) log.warn(warning);

  const metrics = openMetrics();
  const store = actionStore(db, config.tenantId);
  const now = () => new Date();
  const people = openPeople({ config, log, db, store, now }, onError('the directory file'));
  return {
    config,
    log,
    metrics,
    engine,
    db,
    queues,
    store,
    history: historyStore(db, config.tenantId),
    stories: stories(db, config.tenantId),
    waitingExports: waitingExports(db, config.tenantId),
    cards: cardStore(db, config.tenantId),
    conversations: conversations(db, config.tenantId),
    preferences: preferences(db, config.tenantId),
    cardPlaces: cardPlaces(db, config.tenantId),
    outbox: outbox(db, config.tenantId),
    executions: executionStore(db, config.tenantId),
    batches: batchStore(db, config.tenantId),
    undoing: undoStore(db, config.tenantId),
    openActions: openActions(db, config.tenantId),
    lanes: lanes(db),
    ...people,
    ...(extras.signIns === undefined ? {} : { signIns: extras.signIns }),
    alarms: alarmStore(db, config.tenantId),
    policy,
    settings: { globalAdministratorMayDecide: config.globalAdministratorMayDecide, backend: config.backend },
    deciding: { store, policy, now, sha256 },
    holder: `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`,
    now,
    timing: extras.timing ?? usualTiming,
    ...(extras.mailTiming === undefined ? {} : { mailTiming: extras.mailTiming }),
    watch: extras.watch ?? (() => {}),
    poisoned: (queue, jobId, reason) => {
      metrics.poisoned.inc({ queue });
      log.error({ queue, jobId, reason }, 'ALARM: a poisoned message was put aside in the failed set; look at it and remove it');
    },
    ailing: () => ailingParts(db, queues),
    queueCounts: () => countQueues(queues),
    close: async () => {
      await queues.close();
      await engine.close();
    },
  };
}

type Ground = Pick<Foundation, 'config' | 'log' | 'db' | 'store' | 'now'>;
type People = Pick<Foundation, 'directory' | 'links' | 'signIns' | 'linking' | 'browserSignIns'>;

/** Who people are, and what they prove by signing in. */
function openPeople({ config, log, db, store, now }: Ground, onError: (error: unknown) => void): People {
  const { entra } = config;
  const links = linkStore(db, config.tenantId);
  const fixedLinks = entra === null || entra.slackLinksFile === null ? noSlackLinks : slackLinksFile(entra.slackLinksFile);
  const directory = openDirectory(config, { own: links, fixed: fixedLinks }, log, onError);
  const attempts = signInAttempts(db, config.tenantId);
  const browserSignIns = openSignIns(config, { attempts, links, fixedLinks, directory, store, now, log });
  return { directory, links, browserSignIns, signIns: browserSignIns?.signIns ?? null, linking: browserSignIns?.linking ?? null };
}

type Links = { own: LinkStore; fixed: SlackLinks };

function openDirectory(config: Config, links: Links, log: Log, onError: (error: unknown) => void): DecidingDirectory {
  const { entra, identityMode, directoryFile } = config;
  if (entra === null) return fileDirectory(directoryFile, { identityMode, log, onError });
  const groups = {
    searchAndPurge: entra.searchAndPurgeGroups,
    activeRemediation: entra.activeRemediationGroups,
    exchangeSecurityAdministrator: entra.exchangeSecurityAdministratorGroups,
    devices: entra.deviceGroups,
  };
  const found = { links: links.fixed, ownLinks: links.own, canLink: canLink(config) };
  return graphDirectory({ ...entra, ...found, identityMode, groups }, { log });
}

async function ailingParts(db: Database, queues: QueueLink): Promise<('store' | 'queue')[]> {
  const answers = async (probe: Promise<unknown>): Promise<boolean> => {
    const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), readyDeadlineMs).unref());
    return Promise.race([probe.then(() => true).catch(() => false), late]);
  };
  const [store, queue] = await Promise.all([answers(db.selectFrom('lanes').select('lane').limit(1).execute()), answers(queues.ping())]);
  return [...(store ? [] : (['store'] as const)), ...(queue ? [] : (['queue'] as const))];
}

async function countQueues(queues: QueueLink): Promise<unknown> {
  const names = Object.values(queueNames);
  const counts = await Promise.all(names.map((name) => queues.producer(name).getJobCounts()));
  return Object.fromEntries(names.map((name, index) => [name, counts[index]]));
}
