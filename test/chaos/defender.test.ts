/**
 * Decisions carried out in Defender while one answer in ten is lost, one call in twenty is throttled, one in fifty fails after it was done, and the
 * worker is killed every few seconds. Every decision reaches its end, and the simulated Defender counts that none was carried out twice.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { startDefender } from '../../sandbox/defender/server.ts';
import type { DefenderWorld } from '../../sandbox/defender/types.ts';
import { startEntra } from '../../sandbox/entra/server.ts';
import type { EntraWorld } from '../../sandbox/entra/types.ts';
import { EntraId } from '../../src/action-center/action.ts';
import { announce } from '../../src/action-center/announce.ts';
import { type DecideDeps, decide } from '../../src/action-center/decide.ts';
import { Intake } from '../../src/action-center/intake.ts';
import { ok } from '../../src/action-center/refusal.ts';
import { sweep } from '../../src/action-center/sweep.ts';
import { readConfig } from '../../src/config.ts';
import { type Foundation, openFoundation } from '../../src/foundation.ts';
import { newActionId, newDecisionId } from '../../src/ids.ts';
import { openLog } from '../../src/log.ts';
import { queueNames } from '../../src/queue/contract.ts';
import { openRelay, requeueThrough } from '../../src/queue/decisions.ts';
import { actionOfType, deviceNamed, mailTo } from '../features/defender-actions.ts';
import { executorApp, member } from '../features/defender-world.ts';
import { entraTenant, erin } from '../features/people.ts';
import { freshDatabase } from '../setup/fresh.ts';
import { type Service, serve } from '../setup/processes.ts';

/** A quick look by default; 500 for the whole. */
const total = Number(process.env['CHAOS_DEFENDER_DECISIONS'] ?? 60);
const killEveryMs = 5000;
const patienceMs = 120_000 + total * 1000;
const types = ['isolateDevice', 'runAntivirusScan', 'stopAndQuarantineFile', 'blockUrl', 'softDeleteEmail', 'disableUser'] as const;
const members = Array.from({ length: Math.ceil(total / types.length) }, (_, index) => member(`u${String(index).padStart(4, '0')}`));

let folder: string;
let entra: EntraWorld;
let defender: DefenderWorld;
let ground: Foundation;
let env: Record<string, string>;

/** The same dice in every run. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-chaos-'));
  await writeFile(join(folder, 'directory.json'), JSON.stringify({ people: [erin] }));
  await writeFile(join(folder, 'policy.yaml'), 'routes:\n  - slack: [C0SOC]\n');
  entra = await startEntra({ tenantId: entraTenant, apps: [executorApp], people: members, huntingDelayMs: 500, random: dice(7) });
  // Microsoft's own limits would make 500 decisions last half an hour: these are sixty times as wide, for both sides.
  const limits = { perMinute: 6000, perHour: 90_000 };
  defender = await startDefender({
    tokens: entra.holderOf,
    knowsEveryDevice: true,
    limits,
    pendingMs: 300,
    runningMs: 700,
    random: dice(42),
  });
  env = {
    DATABASE_URL: await freshDatabase(),
    REDIS_URL: `${inject('redisUrl')}/5`,
    DIRECTORY: 'file',
    DIRECTORY_FILE: join(folder, 'directory.json'),
    POLICY_FILE: join(folder, 'policy.yaml'),
    BACKEND: 'defender',
    LOG_LEVEL: 'silent',
    SLACK_BOT_TOKEN: 'xoxb-chaos',
    SLACK_SIGNING_SECRET: 'chaos-signing-secret',
    ENTRA_TENANT_ID: entraTenant,
    ENTRA_AUTHORITY_URL: entra.authorityUrl,
    GRAPH_URL: entra.graphUrl,
    DEFENDER_API_URL: defender.url,
    DEFENDER_CALLS_PER_MINUTE: '6000',
    EXECUTOR_CLIENT_ID: executorApp.clientId,
    EXECUTOR_CLIENT_SECRET: executorApp.secret,
  };
  ground = await openFoundation(readConfig(env), openLog('silent'));
}, 60_000);

afterAll(async () => {
  await ground.close();
  await Promise.all([entra.close(), defender.close()]);
  await rm(folder, { recursive: true, force: true });
});

function bodyOf(index: number): object {
  const type = types[index % types.length] ?? 'isolateDevice';
  const who = members[Math.floor(index / types.length)] ?? member('nobody');
  const device = deviceNamed(`chaos-${index}`);
  const entities = {
    isolateDevice: [device],
    runAntivirusScan: [device],
    stopAndQuarantineFile: [device, { type: 'file', sha1: '3395856ce81f2b7382dee72602f798b642f14140' }],
    blockUrl: [{ type: 'url', url: `https://evil.example/${index}` }],
    softDeleteEmail: [mailTo(`chaos-${index}`)],
    disableUser: [{ type: 'user', entraId: who.id }],
  }[type];
  return actionOfType(type, { id: who.id, upn: who.userPrincipalName }, { entities });
}

async function approveAll(): Promise<void> {
  const decisions = ground.queues.producer(queueNames.decisions);
  const relay = openRelay(decisions, ground.outbox, Date.now, 1000);
  const deps: DecideDeps = {
    ...ground.deciding,
    directory: ground.directory,
    settings: ground.settings,
    signIns: null,
    newDecisionId,
    whoElseMay: async () => [],
    poke: (message) => relay.push(message),
  };
  for (let index = 0; index < total; index += 1) {
    const announced = await announce({ ...ground.deciding, tenantId: 'default', newActionId, poke: () => {} }, Intake.parse(bodyOf(index)));
    if (announced.kind !== 'accepted') throw new Error(`an action was ${announced.kind}`);
    const { id, scopeDigest } = announced.action;
    const claim = { platform: 'teams' as const, tenantId: entraTenant, entraId: EntraId.parse(erin.entraId) };
    const rest = { by: 'teams:chaos', account: null, platform: 'teams' as const, comment: null, clickId: `chaos-${index}` };
    const decided = await decide(deps, { ...rest, actionId: id, verb: 'approve', person: async () => ok(claim), shownDigest: scopeDigest });
    if (!decided.ok) throw new Error(`not decided: ${JSON.stringify(decided.refusal)}`);
    if (index % 20 === 19) await relay.run();
  }
  await relay.run();
}

const statuses = async (): Promise<Record<string, number>> => {
  const rows = await ground.db.selectFrom('actions').select('status').execute();
  return Object.fromEntries([...Map.groupBy(rows, ({ status }) => status)].map(([status, all]) => [status, all.length]));
};

/** As every bot does: what lost its job while its worker was killed gets another one. */
async function untilAllEnded(): Promise<Record<string, number>> {
  const decisions = ground.queues.producer(queueNames.decisions);
  const relay = openRelay(decisions, ground.outbox, Date.now, 1000);
  const requeue = requeueThrough(decisions, ground.outbox);
  const sweeping = { store: ground.store, requeue, now: ground.now, poke: () => {}, stalledAfterMs: 5000, batch: 100 };
  const until = Date.now() + patienceMs;
  let standing = await statuses();
  while ((standing['completed'] ?? 0) < total && Date.now() < until) {
    await wait(500);
    await sweep(sweeping);
    await relay.run();
    standing = await statuses();
  }
  return standing;
}

it(`${total} decisions all end, and none is carried out twice`, { timeout: patienceMs + 60_000 }, async () => {
  for (const [kind, chance] of [
    ['lostAnswer', 0.1],
    ['throttle', 0.05],
    ['http500After', 0.02],
  ] as const) {
    defender.faults.add({ kind, chance, retryAfterSeconds: 1 });
    for (const route of ['remediateMail', 'changeUser', 'user', 'hunting'] as const)
      entra.faults.add({ route, kind, chance, retryAfterSeconds: 1 });
  }
  const began = Date.now();
  let worker: Service = serve([], env, 'test/chaos/defender-worker.ts');
  let kills = 0;
  let killing = true;
  const killer = (async () => {
    while (killing) {
      await wait(killEveryMs);
      if (!killing) break;
      await worker.kill9();
      kills += 1;
      worker = serve([], env, 'test/chaos/defender-worker.ts');
    }
  })();
  let standing: Record<string, number> = {};
  try {
    await approveAll();
    standing = await untilAllEnded();
  } finally {
    killing = false;
    await killer;
    await worker.kill9();
  }

  const machine = [...defender.executions().entries()];
  const figures = {
    decisions: total,
    standing,
    kills,
    seconds: Math.round((Date.now() - began) / 1000),
    calls: defender.calls.length + entra.calls.length,
    lost: [...defender.calls, ...entra.calls].filter(({ status }) => status === 0).length,
    throttled: [...defender.calls, ...entra.calls].filter(({ status }) => status === 429).length,
    failedAfter: [...defender.calls, ...entra.calls].filter(({ status }) => status === 500).length,
    machineActions: machine.length,
    machineActionsTwice: machine.filter(([, times]) => times > 1),
    mails: entra.mail.length,
    mailsTwice: [...Map.groupBy(entra.mail, ({ id }) => id).values()].filter(({ length }) => length > 1).length,
    accounts: entra.deeds.length,
    indicators: defender.indicators().length,
  };
  process.stdout.write(`defender chaos: ${JSON.stringify(figures)}\n`);
  const each = (type: string) =>
    Array.from({ length: total }, (_, index) => types[index % types.length]).filter((one) => one === type).length;
  expect(figures).toMatchObject({
    standing: { completed: total },
    machineActions: each('isolateDevice') + each('runAntivirusScan') + each('stopAndQuarantineFile'),
    machineActionsTwice: [],
    mails: each('softDeleteEmail'),
    mailsTwice: 0,
    accounts: each('disableUser'),
    indicators: each('blockUrl'),
  });
  expect(figures.kills).toBeGreaterThan(0);
  expect(defender.problems).toEqual([]);
});
