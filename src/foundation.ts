/** What bot and worker both stand on: the record, the queues, the directory, the policy. Opened once a process, closed last. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { DecidingDirectory } from './action-center/decide.ts';
import type { Stories, WaitingExports } from './action-center/export.ts';
import type { HistoryStore } from './action-center/history.ts';
import type { ActionStore, CardStore, Clock, Conversations, ExecutionStore, Lanes } from './action-center/ports.ts';
import type { Config } from './config.ts';
import { fileDirectory } from './identity/file.ts';
import { graphDirectory } from './identity/graph.ts';
import { type LoadedPolicy, loadPolicy } from './identity/policy.ts';
import { noSlackLinks, slackLinksFile } from './identity/slack-links.ts';
import { sha256 } from './ids.ts';
import type { Log } from './log.ts';
import { type Metrics, openMetrics } from './metrics.ts';
import { openQueues, type QueueLink } from './queue/connection.ts';
import { queueNames } from './queue/contract.ts';
import type { PoisonReport } from './queue/decisions.ts';
import type { Watch } from './stage.ts';
import { actionStore } from './store/actions.ts';
import { cardStore } from './store/cards.ts';
import { conversations } from './store/conversations.ts';
import { type Database, migrate, openDatabase } from './store/database.ts';
import { type Engine, openEngine } from './store/engine.ts';
import { executionStore } from './store/executions.ts';
import { stories, waitingExports } from './store/exports.ts';
import { historyStore } from './store/history.ts';
import { lanes } from './store/lanes.ts';
import { type Outbox, outbox } from './store/outbox.ts';

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
  outbox: Outbox;
  executions: ExecutionStore;
  lanes: Lanes;
  directory: DecidingDirectory;
  policy: LoadedPolicy;
  settings: { globalAdministratorMayDecide: boolean; backend: 'defender' | 'simulator' | 'consumer' };
  deciding: { store: ActionStore; policy: LoadedPolicy; now: Clock; sha256: (text: string) => string };
  /** This process, for leases. */
  holder: string;
  now: Clock;
  timing: Timing;
  watch: Watch;
  poisoned: PoisonReport;
  /** What does not answer; empty when all is well. */
  ailing: () => Promise<('store' | 'queue')[]>;
  queueCounts: () => Promise<unknown>;
  close(): Promise<void>;
};

const readyDeadlineMs = 2000;

/** How often what nobody did is looked after, and how long a decision may stand still before its job is looked for. */
export type Timing = { sweepEveryMs: number; stalledAfterMs: number; repairEveryMs: number; exportProgressEveryMs?: number };
const usualTiming: Timing = { sweepEveryMs: 5000, stalledAfterMs: 30_000, repairEveryMs: 10_000 };

/** What tests and the demo may hand in. */
export type Extras = { watch?: Watch; timing?: Timing; queuePrefix?: string };

export async function openFoundation(config: Config, log: Log, extras: Extras = {}): Promise<Foundation> {
  const onError = (what: string) => (error: unknown) => log.error({ err: error }, `${what} reported an error`);
  const policy = loadPolicy(config.policyFile, config.platforms.length > 0 ? config.platforms : undefined);
  for (const warning of [...config.warnings, ...policy.warnings]) log.warn(warning);
  const directory = openDirectory(config, log, onError('the directory file'));
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
    outbox: outbox(db, config.tenantId),
    executions: executionStore(db, config.tenantId),
    lanes: lanes(db),
    directory,
    policy,
    settings: { globalAdministratorMayDecide: config.globalAdministratorMayDecide, backend: config.backend },
    deciding: { store, policy, now, sha256 },
    holder: `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`,
    now,
    timing: extras.timing ?? usualTiming,
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

function openDirectory({ entra, identityMode, directoryFile }: Config, log: Log, onError: (error: unknown) => void): DecidingDirectory {
  if (entra === null) return fileDirectory(directoryFile, { identityMode, log, onError });
  const groups = {
    searchAndPurge: entra.searchAndPurgeGroups,
    activeRemediation: entra.activeRemediationGroups,
    exchangeSecurityAdministrator: entra.exchangeSecurityAdministratorGroups,
    devices: entra.deviceGroups,
  };
  const links = entra.slackLinksFile === null ? noSlackLinks : slackLinksFile(entra.slackLinksFile);
  return graphDirectory({ ...entra, identityMode, groups, links }, { log });
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
