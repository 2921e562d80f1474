/**
 * What sealing costs and how fast the record is checked. Decisions go through the store as a press stores them, ten at a time, with the sealer
 * beside them in the same process and without it, in turns; each decision is one event, sealed within
 * a second. Then a record of a million
 * events is sealed and checked by what `countersign audit verify` runs.
 *   node bench/seal.ts [--quick] [--rounds 5] [--amount 4000] [--out folder]
 */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import pg from 'pg';
import { type Decision, EntraId } from '../src/action-center/action.ts';
import { type AnnounceDeps, announce, parseSubmission } from '../src/action-center/announce.ts';
import { decisionMessage } from '../src/action-center/decide.ts';
import type { RemediationAction } from '../src/action-center/intake.ts';
import { decided } from '../src/action-center/transitions.ts';
import { verifyAudit } from '../src/audit-commands.ts';
import type { Config } from '../src/config.ts';
import { newActionId, newDecisionId, sha256 } from '../src/ids.ts';
import { openLog } from '../src/log.ts';
import { openMetrics } from '../src/metrics.ts';
import { openSigner } from '../src/seal-keys.ts';
import { startSealer } from '../src/sealer.ts';
import { actionStore } from '../src/store/actions.ts';
import { type Database, migrate, openDatabase } from '../src/store/database.ts';
import { openEngine } from '../src/store/engine.ts';
import { type Seals, sealStore } from '../src/store/seals.ts';
import { openHorizon } from '../src/store/seals-horizon.ts';
import { quarantineFile } from '../test/features/actions.ts';
import { startPostgres, startRedis } from '../test/setup/local-services.ts';
import { cpuMicrosOf } from './harness/cpu.ts';
import { type Aim, loadNow, machineFacts, median, publish, round, tableOf } from './harness/figures.ts';
import { type CleanUp, type Options, readOptions, withCleanUp } from './harness/options.ts';

const tenantId = 'default';
const atOnce = 10;
const aimCost = 0.05;
/** Of this process's own use only; nothing is proved with it. */
const signingKey =
  '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIGZvciBhIGJlbmNobWFyayBvbmx5LCBubyBzZWNyZXQh\n-----END PRIVATE KEY-----\n';

type Round = {
  sealing: boolean;
  round: number;
  decisions: number;
  perSecond: number;
  /** Processor time of this process and of PostgreSQL: on a machine that has other things to do, more to be trusted than the rate. */
  cpuMicrosPerDecision: number | null;
  sealedMeanwhile: number;
  machineLoad: number;
};
type Ground = { db: Database; seals: Seals; databaseUrl: string; postgresPid: number };

async function openGround(url: string, postgresPid: number, cleanUp: CleanUp): Promise<Ground> {
  const engine = await openEngine(
    { databaseUrl: url, statementTimeoutMs: 600_000 },
    { onError: (error) => isOpen && console.error(error) },
  );
  // A connection that is being closed still hears of the server's end.
  let isOpen = true;
  cleanUp.push(() => {
    isOpen = false;
    return engine.close();
  });
  const db = openDatabase(engine.pool, { prepares: true });
  await migrate(db);
  return { db, seals: sealStore(db, { tenantId, sha256, signer: openSigner(signingKey) }), databaseUrl: url, postgresPid };
}

/** One after the other until none is left, ten at a time. */
async function each<T>(list: readonly T[], run: (one: T) => Promise<void>): Promise<void> {
  let place = 0;
  const work = async () => {
    for (let one = list[place++]; one !== undefined; one = list[place++]) await run(one);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

async function announceMany({ db }: Ground, amount: number): Promise<RemediationAction[]> {
  const policy: AnnounceDeps['policy'] = { version: 'v1', routesFor: () => [], approvalsNeeded: () => 1, isProtected: () => false };
  const deps = { store: actionStore(db, tenantId), policy, tenantId, now: () => new Date(), sha256, newActionId, poke: () => {} };
  const actions: RemediationAction[] = [];
  await each([...Array(amount).keys()], async () => {
    const parsed = parseSubmission(quarantineFile());
    if ('issues' in parsed) throw new Error(JSON.stringify(parsed.issues));
    const announced = await announce(deps, parsed.intake);
    if (announced.kind !== 'accepted') throw new Error(announced.kind);
    actions.push(announced.action);
  });
  return actions;
}

const decisionOn = (action: RemediationAction): Decision => ({
  decisionId: newDecisionId(),
  verb: 'approve',
  actor: { entraId: EntraId.parse(randomUUID()), upn: 'kim@contoso.example', displayName: 'Kim', rolesUsed: ['SecurityAdministrator'] },
  platform: 'slack',
  comment: null,
  decidedAt: new Date().toISOString(),
  scopeDigest: action.scopeDigest,
});

async function sealAll({ db, seals }: Ground): Promise<void> {
  const { through } = await openHorizon(db).advance();
  while (through !== null && (await seals.seal(through, Date.now())) !== null);
}

const sealedSoFar = async ({ seals }: Ground): Promise<number> => Number((await seals.head())?.lastSeq ?? 0);

function cpuMicros({ postgresPid }: Ground): number | null {
  const postgres = cpuMicrosOf(postgresPid);
  const { user, system } = process.cpuUsage();
  return postgres === null ? null : postgres + user + system;
}

async function runRound(ground: Ground, sealing: boolean, number: number, amount: number): Promise<Round> {
  const actions = await announceMany(ground, amount);
  await sealAll(ground);
  for (const table of ['actions', 'outbox', 'audit_events']) await sql.raw(`analyze ${table}`).execute(ground.db);
  const store = actionStore(ground.db, tenantId);
  const before = await sealedSoFar(ground);
  const config = { tenantId, auditSigningKey: signingKey, auditRetentionDays: null } as Config;
  const log = openLog('error');
  const sealer = sealing ? startSealer({ config, db: ground.db, log, metrics: openMetrics(), now: () => new Date() }) : null;
  // More often than its own beat: what is decided in a round is sealed in it.
  const poking = setInterval(() => sealer?.poke(), 500);
  const machineLoad = loadNow();
  const cpuBefore = cpuMicros(ground);
  const began = performance.now();
  await each(actions, async (action) => {
    const decision = decisionOn(action);
    const { final: _final, ...step } = decided(action, decision);
    if ((await store.apply({ ...step, decision: decisionMessage(action, decision) })) === null) throw new Error('a decision was lost');
  });
  const seconds = (performance.now() - began) / 1000;
  clearInterval(poking);
  const cpuAfter = cpuMicros(ground);
  const cpuMicrosPerDecision = cpuBefore === null || cpuAfter === null ? null : round((cpuAfter - cpuBefore) / amount, 1);
  const sealedMeanwhile = (await sealedSoFar(ground)) - before;
  await sealer?.stop();
  // A short round is over before the sealer has begun.
  const isIdle = sealing ? sealedMeanwhile === 0 && amount >= 2000 : sealedMeanwhile > 0;
  if (actions.length !== amount || isIdle) throw new Error(`${actions.length} decisions, ${sealedMeanwhile} events sealed`);
  return {
    sealing,
    round: number,
    decisions: amount,
    perSecond: round(amount / seconds, 0),
    cpuMicrosPerDecision,
    sealedMeanwhile,
    machineLoad,
  };
}

/** Pairs, each half first in turn: what else the machine does meets both alike. */
async function runRounds(ground: Ground, { rounds, amount }: Options): Promise<Round[]> {
  await runRound(ground, true, 0, Math.ceil(amount / 4));
  const done: Round[] = [];
  for (let number = 1; number <= rounds; number += 1) {
    for (const sealing of number % 2 === 0 ? [true, false] : [false, true]) {
      const one = await runRound(ground, sealing, number, amount);
      console.log(
        `round ${number}  ${sealing ? 'sealing' : 'alone  '}  ${one.perSecond} decisions/s  ${one.cpuMicrosPerDecision} us of processor time each  sealed meanwhile ${one.sealedMeanwhile}  load ${one.machineLoad}`,
      );
      done.push(one);
    }
  }
  return done;
}

/** What a decision takes more with the sealer beside it, as a share, by the median of the pairs. */
function costOf(rounds: Round[], timeOf: (one: Round) => number): number {
  const pairs = [...Map.groupBy(rounds, (one) => one.round).values()];
  const time = (pair: Round[], sealing: boolean) => pair.filter((one) => one.sealing === sealing).map(timeOf)[0] ?? Number.NaN;
  return round(median(pairs.map((pair) => 1 - time(pair, false) / time(pair, true))));
}

async function runCheck(ground: Ground, events: number) {
  const { rows: counted } = await sql<{ n: number }>`select count(*)::int as n from audit_events where kind = 'decided'`.execute(ground.db);
  const sample = Math.min(1000, counted[0]?.n ?? 0);
  await sql`insert into audit_events (tenant_id, action_id, at, kind, actor_id, data)
    select tenant_id, action_id, at, kind, actor_id, data
    from (select * from audit_events where kind = 'decided' order by seq limit ${sample}) as sample, generate_series(1, ${Math.ceil(events / sample)}::int)`.execute(
    ground.db,
  );
  await sql`analyze audit_events`.execute(ground.db);
  const from = await sealedSoFar(ground);
  const began = performance.now();
  await sealAll(ground);
  const sealSeconds = (performance.now() - began) / 1000;
  const sealed = (await sealedSoFar(ground)) - from;
  const memoryBefore = process.memoryUsage.rss();
  let memoryMost = memoryBefore;
  const watch = setInterval(() => {
    memoryMost = Math.max(memoryMost, process.memoryUsage.rss());
  }, 20);
  const lines: string[] = [];
  const checkBegan = performance.now();
  const code = await verifyAudit({ databaseUrl: ground.databaseUrl, dataDir: '', tenantId }, {}, (line) => lines.push(line));
  const checkSeconds = (performance.now() - checkBegan) / 1000;
  clearInterval(watch);
  console.log(lines.join('\n'));
  if (code !== 0) throw new Error('the record of the benchmark does not fit its seals');
  const { rows } = await sql<{ n: number }>`select count(*) as n from audit_events`.execute(ground.db);
  const checked = rows[0]?.n ?? 0;
  if (sealed < events || checked < events) throw new Error(`${sealed} events were sealed and ${checked} checked, instead of ${events}`);
  return {
    sealedPerSecond: round(sealed / sealSeconds, 0),
    checked,
    checkSeconds: round(checkSeconds, 2),
    checkedPerSecond: round(checked / checkSeconds, 0),
    memoryMiB: round((memoryMost - memoryBefore) / 2 ** 20, 1),
  };
}

async function main(options: Options, cleanUp: CleanUp): Promise<void> {
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis({ args: [] })]);
  cleanUp.push(async () => void (await Promise.all([postgres.stop(), redis.stop()])));
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  await client.query('create database sealed');
  await client.end();
  const ground = await openGround(postgres.url.replace(/postgres$/, 'sealed'), postgres.pid, cleanUp);
  const loadAtStart = loadNow();
  const rounds = await runRounds(ground, options);
  const check = await runCheck(ground, options.quick ? 20_000 : 1_000_000);
  const of = (sealing: boolean) => median(rounds.filter((one) => one.sealing === sealing).map(({ perSecond }) => perSecond));
  const cost = costOf(rounds, ({ perSecond }) => 1 / perSecond);
  const cpuCost = costOf(rounds, ({ cpuMicrosPerDecision }) => cpuMicrosPerDecision ?? Number.NaN);
  const aims: Aim[] = [
    { aim: `sealing takes less than ${aimCost} of decision throughput`, measured: cost, met: cost < aimCost },
    { aim: `sealing takes less than ${aimCost} of the processor time of decisions`, measured: cpuCost, met: cpuCost < aimCost },
  ];
  const table = tableOf(
    ['what', 'per second'],
    [
      ['decisions stored, nobody seals', of(false)],
      ['decisions stored, sealed and signed meanwhile', of(true)],
      ['events sealed, one sealer, nothing else', check.sealedPerSecond],
      [
        `events checked by \`audit verify\`, of ${check.checked.toLocaleString('en')} (${check.checkSeconds} s, ${check.memoryMiB} MiB more memory)`,
        check.checkedPerSecond,
      ],
    ],
  );
  const text = ['', table, '', ...aims.map(({ aim, measured, met }) => `* ${aim}: ${measured} (${met ? 'met' : 'missed'})`), ''].join('\n');
  console.log(text);
  const result = {
    what: 'seal',
    date: new Date().toISOString(),
    machine: await machineFacts(ground.databaseUrl, redis.url),
    machineLoad: { atStart: loadAtStart, atEnd: loadNow() },
    settings: { rounds: options.rounds, decisionsPerRound: options.amount, atOnce, signed: true },
    aims,
    check,
    rounds,
  };
  publish(options, 'seal', result, text);
}

const options = readOptions({ rounds: 5, amount: 4000, quickAmount: 300 });
await withCleanUp((cleanUp) => main(options, cleanUp));
