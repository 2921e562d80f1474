/** What bot and worker both stand on: the record, the queues, the directory, the policy. Opened once a process, closed last. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { EntraId } from './action-center/action.ts';
import type { BatchStore } from './action-center/batch.ts';
import type { EvidenceStore } from './action-center/blast-radius.ts';
import type { OpenActions } from './action-center/bulk.ts';
import type { BackendName } from './action-center/catalogue.ts';
import type { DecidingDirectory } from './action-center/decide.ts';
import type { DelegationStore } from './action-center/delegation.ts';
import type { Stories, WaitingExports } from './action-center/export.ts';
import type { GroupStore } from './action-center/group.ts';
import type { HistoryStore } from './action-center/history.ts';
import type { Hunting, HuntStore } from './action-center/hunting.ts';
import type { Linking } from './action-center/link.ts';
import type { Preferences } from './action-center/look-up.ts';
import type { ActionStore, AlarmStore, CardStore, Clock, Conversations, ExecutionStore, Lanes, SignIns } from './action-center/ports.ts';
import type { PeopleBook, ReminderStore } from './action-center/reminder-ports.ts';
import type { LinkStore } from './action-center/sign-in-ports.ts';
import type { UndoStore } from './action-center/undo.ts';
import type { Config } from './config.ts';
import { hasMailRemediation } from './config-defender.ts';
import { openHunting } from './defender/hunting.ts';
import type { DefenderTiming } from './defender/timing.ts';
import { fileDirectory } from './identity/file.ts';
import { graphDirectory } from './identity/graph.ts';
import { type LoadedPolicy, loadPolicy } from './identity/policy.ts';
import { noSlackLinks, type SlackLinks, slackAccountsInFile, slackLinksFile } from './identity/slack-links.ts';
import { sha256 } from './ids.ts';
import type { Log } from './log.ts';
import { type StartLoop, startLoop } from './loop.ts';
import { type Metrics, openMetrics } from './metrics.ts';
import { tokenSource } from './microsoft/token.ts';
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
import { delegationStore } from './store/delegations.ts';
import { type Engine, openEngine } from './store/engine.ts';
import { evidenceStore } from './store/evidence.ts';
import { executionStore } from './store/executions.ts';
import { stories, waitingExports } from './store/exports.ts';
import { groupStore } from './store/groups.ts';
import { historyStore } from './store/history.ts';
import { huntStore } from './store/hunts.ts';
import { lanes } from './store/lanes.ts';
import { linkStore } from './store/links.ts';
import { type Outbox, outbox } from './store/outbox.ts';
import { preferences } from './store/preferences.ts';
import { openActions, undoStore } from './store/related-actions.ts';
import { reminderStore } from './store/reminders.ts';
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
  hunts: HuntStore;
  evidence: EvidenceStore;
  /** Null: there are no credentials for it. */
  hunting: Hunting | null;
  batches: BatchStore;
  undoing: UndoStore;
  openActions: OpenActions;
  groups: GroupStore;
  lanes: Lanes;
  directory: DecidingDirectory & PeopleBook;
  links: LinkStore;
  /** Null without DIRECTORY=graph or PUBLIC_URL: nobody can be asked to sign in afresh. */
  signIns: SignIns | null;
  /** Null: accounts are not connected from chat. */
  linking: Linking | null;
  browserSignIns: BrowserSignIns | null;
  alarms: AlarmStore;
  reminders: ReminderStore;
  delegations: DelegationStore;
  policy: LoadedPolicy;
  settings: { globalAdministratorMayDecide: boolean; backend: BackendName };
  deciding: { store: ActionStore; policy: LoadedPolicy; now: Clock; sha256: (text: string) => string };
  /** This process, for leases. */
  holder: string;
  now: Clock;
  /** The platforms' own clock, in ms since epoch: they count by it, whatever this deployment is told the time is. */
  platformNow: () => number;
  /** How work in the background is run. */
  startLoop: StartLoop;
  timing: Timing;
  /** Left out: as Defender's hunting data takes. */
  defenderTiming?: Extras['defenderTiming'];
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
  /** Between two looks at what Graph is subscribed to. */
  notificationsEveryMs?: number;
};
const usualTiming: Timing = { sweepEveryMs: 5000, stalledAfterMs: 30_000, repairEveryMs: 10_000 };

/** What tests, benchmarks and the demo may hand in. With `platformNow` and `startLoop` a month can pass in minutes. */
export type Extras = {
  watch?: Watch;
  timing?: Timing;
  queuePrefix?: string;
  signIns?: SignIns;
  now?: Clock;
  defenderTiming?: DefenderTiming;
  platformNow?: () => number;
  startLoop?: StartLoop;
};

export async function openFoundation(config: Config, log: Log, extras: Extras = {}): Promise<Foundation> {
  const onError = (what: string) => (error: unknown) => log.error({ err: error }, `${what} reported an error`);
  const policy = loadPolicy(config.policyFile, config.platforms.length > 0 ? config.platforms : undefined);
  for (const warning of [...config.warnings, ...policy.warnings, ...onCallWarnings(config, policy)]) log.warn(warning);
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
  const now = extras.now ?? (() => new Date());
  const people = openPeople({ config, log, db, store, now }, onError('the directory file'));
  return {
    config,
    log,
    metrics,
    engine,
    db,
    queues,
    store,
    ...storesOf(db, config.tenantId),
    hunting: openReader(config, log, lanes(db)),
    lanes: lanes(db),
    ...people,
    ...(extras.signIns === undefined ? {} : { signIns: extras.signIns }),
    policy,
    settings: { globalAdministratorMayDecide: config.globalAdministratorMayDecide, backend: backendOf(config) },
    deciding: { store, policy, now, sha256 },
    holder: `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`,
    now,
    platformNow: extras.platformNow ?? Date.now,
    startLoop: extras.startLoop ?? startLoop,
    timing: extras.timing ?? usualTiming,
    ...(extras.defenderTiming === undefined ? {} : { defenderTiming: extras.defenderTiming }),
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

const storesOf = (db: Database, tenantId: string) => ({
  history: historyStore(db, tenantId),
  stories: stories(db, tenantId),
  waitingExports: waitingExports(db, tenantId),
  cards: cardStore(db, tenantId),
  conversations: conversations(db, tenantId),
  preferences: preferences(db, tenantId),
  cardPlaces: cardPlaces(db, tenantId),
  outbox: outbox(db, tenantId),
  executions: executionStore(db, tenantId),
  hunts: huntStore(db, tenantId),
  evidence: evidenceStore(db, tenantId),
  batches: batchStore(db, tenantId),
  undoing: undoStore(db, tenantId),
  openActions: openActions(db, tenantId),
  groups: groupStore(db, tenantId),
  alarms: alarmStore(db, tenantId),
  reminders: reminderStore(db, tenantId),
  delegations: delegationStore(db, tenantId),
});

function onCallWarnings({ onCall, platforms }: Config, policy: LoadedPolicy): string[] {
  if (!policy.asksOnCall || onCall !== null || platforms.length === 0) return [];
  return ['POLICY_FILE: reminders: asks who is on call, but neither ON_CALL_FILE nor ON_CALL_URL is set; the next rung is told'];
}

/** What can be carried out, also to processes that carry nothing out themselves. */
const backendOf = ({ backend, cloud }: Config): BackendName =>
  backend === 'defender' && !hasMailRemediation(cloud) ? 'defenderWithoutMail' : backend;

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

function openDirectory(config: Config, links: Links, log: Log, onError: (error: unknown) => void): DecidingDirectory & PeopleBook {
  const { entra, identityMode, directoryFile } = config;
  if (entra === null) return fileDirectory(directoryFile, { identityMode, log, onError });
  const groups = {
    searchAndPurge: entra.searchAndPurgeGroups,
    activeRemediation: entra.activeRemediationGroups,
    exchangeSecurityAdministrator: entra.exchangeSecurityAdministratorGroups,
    devices: entra.deviceGroups,
  };
  const found = { links: links.fixed, ownLinks: links.own, canLink: canLink(config) };
  const { slackLinksFile: file } = entra;
  const slackAccountsOf = async (entraId: EntraId) => [
    ...(await links.own.accountsOf(entraId, new Date().toISOString())),
    ...(file === null ? [] : await slackAccountsInFile(file, entraId)),
  ];
  return { ...graphDirectory({ ...entra, ...found, identityMode, groups }, { log }), slackAccountsOf };
}

/** The app that reads the directory also hunts, where it may. */
function openReader({ entra }: Config, log: Log, lanes: Lanes): Hunting | null {
  if (entra === null) return null;
  const audience = new URL(entra.graphUrl).origin;
  const tokens = tokenSource({ ...entra, audience, service: 'directory' }, { log, now: () => performance.now() });
  return openHunting({ graphUrl: entra.graphUrl, tenantId: entra.tenantId, tokens, lanes, log });
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
