/** Composition root of the chat process: ways in, the chat platforms, the relay, the sweep. No product logic in here. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { raiseAlarms } from './action-center/alarm.ts';
import { type AnnounceDeps, announce } from './action-center/announce.ts';
import type { DecideDeps } from './action-center/decide.ts';
import { mustBeAble } from './action-center/fresh-sign-in.ts';
import type { RemediationAction } from './action-center/intake.ts';
import { knownDeciders } from './action-center/known-deciders.ts';
import type { AuditEvent, DecisionMessage } from './action-center/ports.ts';
import { sweep } from './action-center/sweep.ts';
import { adminServer } from './admin.ts';
import { within } from './chat/press.ts';
import { type Chats, exportDepsOf, openChats } from './chats.ts';
import { openExportsDoor } from './exports-http.ts';
import type { Foundation } from './foundation.ts';
import { dispatcher } from './http.ts';
import { newActionId, newDecisionId } from './ids.ts';
import { startIngest } from './ingest.ts';
import { intakeHandler } from './intake/http.ts';
import { takeSubmission } from './intake/queue.ts';
import type { Loop } from './loop.ts';
import { takeActions } from './queue/actions.ts';
import type { QueueLink } from './queue/connection.ts';
import { queueNames } from './queue/contract.ts';
import { openRelay, type Relay, requeueThrough } from './queue/decisions.ts';
import { capacityOf, reminding, tellExpired } from './reminding.ts';
import { fileActions } from './store/history-filing.ts';

type Queue = ReturnType<QueueLink['producer']>;

export type Running = { url: string; stop(): Promise<void> };
export type RunningBot = Running & { pokeCards(): void };

/** Graceful end: no new requests, requests in flight answered, loops ended, then the rest. Bounded, so that a hung call cannot hold a restart. */
const stopDeadlineMs = 10_000;
const beatMs = 1000;
/** Under a rush of presses many hand-overs become one batch. */
const relayRestMs = 10;
const sweepRestMs = 1000;
const forgetEveryMs = 3_600_000;
/** An action is filed when nothing happened to it for `restingMs`. */
const filing = { everyMs: 5000, restMs: 200, restingMs: 30_000, batch: 100 };

export async function startBot(ground: Foundation): Promise<RunningBot> {
  const { config, log, metrics } = ground;
  mustBeAble(ground);
  const decisions = ground.queues.producer(queueNames.decisions);
  const loops: Record<'relay' | 'sweep' | 'forget' | 'filing', Loop | null> = { relay: null, sweep: null, forget: null, filing: null };
  let chats: Chats | null = null;
  const pokeCards = () => chats?.pokeCards();
  const relay = openRelay(decisions, watchedOutbox(ground), Date.now, beatMs);
  const pokeAll = (message?: DecisionMessage) => {
    relay.push(message);
    loops.relay?.poke();
    pokeCards();
  };

  const announceDeps: AnnounceDeps = { ...ground.deciding, tenantId: config.tenantId, newActionId, poke: pokeCards };
  const decideDeps: DecideDeps = {
    ...ground.deciding,
    directory: ground.directory,
    settings: ground.settings,
    signIns: ground.signIns,
    whoElseMay: (action, verb, asker) => knownDeciders({ ...ground, soon: (work, ms) => within(work, ms, null) }, action, verb, asker),
    newDecisionId,
    ...capacityOf(ground),
    poke: pokeAll,
  };
  const announcing = announceThrough(ground, announceDeps);

  const trouble = (what: string) => (error: unknown) => log.error({ err: error }, `${what} failed; it is tried again`);
  const open = await openChats(ground, decideDeps, pokeCards);
  chats = open;

  loops.relay = relayLoop(ground, relay, trouble('the relay'));
  loops.sweep = sweepLoop(ground, decisions, pokeAll, trouble);
  loops.forget = forgetLoop(ground, trouble('removing old sign-ins'));
  loops.filing = filingLoop(ground, trouble('filing actions'));
  const ingest = startIngest(ground, announcing, pokeCards);
  takeActions(ground.queues, (data) => takeSubmission(data, announcing), ground.poisoned);

  const downloads = config.publicUrl === null ? null : openExportsDoor({ ...exportDepsOf(ground), waiting: ground.waitingExports, log });
  const ways = {
    chat: open.ways,
    intake: intakeHandler({
      secrets: config.intakeSecrets,
      now: () => Date.now(),
      log,
      announce: announcing,
      get: (id) => ground.store.get(id),
      history: (id) => ground.store.history(id),
    }),
    signIn: ground.browserSignIns?.handle ?? null,
    exports: downloads?.handle ?? null,
    notifications: ingest?.notified ?? null,
    ailing: ground.ailing,
  };
  const http = dispatcher(ways, log);
  const url = await listen(http.server, config.port, config.host);
  const admin = config.adminPort === null ? null : adminServer({ metrics, queues: ground.queueCounts, log });
  if (admin && config.adminPort !== null) await listen(admin, config.adminPort, config.adminHost);
  log.info({ url, platforms: open.platforms, store: ground.engine.describe, queue: ground.queues.kind }, 'the bot is up');

  return {
    url,
    pokeCards,
    stop: async () => {
      http.drain();
      downloads?.stop();
      await close(http.server);
      await open.stop(stopDeadlineMs);
      await Promise.all([ingest?.stop(), ...Object.values(loops).map((loop) => loop?.stop())]);
      if (admin) await close(admin);
    },
  };
}

function announceThrough(ground: Foundation, deps: AnnounceDeps) {
  return async (intake: Parameters<typeof announce>[1]) => {
    const announced = await announce(deps, intake);
    ground.metrics.intake.inc({ result: announced.kind });
    if (announced.kind === 'accepted') {
      const { id, createdAt } = announced.action;
      ground.watch({ stage: 'announced', actionId: id, decisionId: null, at: createdAt });
    }
    return announced;
  };
}

function relayLoop({ metrics, outbox, startLoop }: Foundation, relay: Relay, onError: (error: unknown) => void): Loop {
  return startLoop({
    everyMs: beatMs,
    restMs: relayRestMs,
    run: async () => {
      if (await relay.run()) metrics.outboxUnsent.set(await outbox.unsent());
      return null;
    },
    onError,
  });
}

function sweepLoop(ground: Foundation, decisions: Queue, poke: () => void, trouble: (what: string) => (error: unknown) => void): Loop {
  const { timing, store, now, startLoop } = ground;
  const requeue = requeueThrough(decisions, ground.outbox);
  const remind = reminding(ground, poke);
  const expired = (action: RemediationAction) => tellExpired(ground, action);
  return startLoop({
    everyMs: timing.sweepEveryMs,
    restMs: Math.min(sweepRestMs, timing.sweepEveryMs),
    run: async () => {
      // First of all: after an outage a warning that still makes sense goes out before anything is closed.
      const reminded = (await remind().catch(trouble('reminding'))) ?? null;
      // Before what needs the queue: while Redis is away people are refused all the same.
      await raiseAlarms({ alarms: ground.alarms, targets: ground.policy.alarmTargets, now, poke, raised: alarmTeller(ground) });
      const swept = await sweep({ store, requeue, now, poke, stalledAfterMs: timing.stalledAfterMs, batch: 100, expired });
      if (swept.expired + swept.requeued > 0) ground.log.info(swept, 'swept');
      return reminded?.isMore ? 0 : null;
    },
    onError: trouble('the sweep'),
  });
}

function forgetLoop({ browserSignIns, startLoop }: Foundation, onError: (error: unknown) => void): Loop | null {
  if (browserSignIns === null) return null;
  const run = async () => {
    await browserSignIns.forget();
    return null;
  };
  return startLoop({ everyMs: forgetEveryMs, restMs: forgetEveryMs, run, onError });
}

/** Ids and facts only: the card says the rest. */
function alarmTeller({ log, metrics }: Foundation): (event: AuditEvent) => void {
  return ({ data, actorId }) => {
    const { alarm, subject, count, actionId, status } = data;
    metrics.alarms.inc({ alarm: alarm === 'refusals' ? 'refusals' : 'failed' });
    if (alarm === 'refusals') log.error({ subject, actorId, count }, 'ALARM: one person was refused again and again');
    else if (status === 'partiallyCompleted') log.error({ actionId, status }, 'ALARM: an approved action was carried out only in part');
    else if (status === 'undoFailed') log.error({ actionId, status }, 'ALARM: an undo did not come to its end');
    else log.error({ actionId, status }, 'ALARM: an approved action did not come to its end');
  };
}

/** In small bites and with rests: it only makes look-ups faster, and must not be felt by anybody who decides. */
function filingLoop({ db, config, now, startLoop }: Foundation, onError: (error: unknown) => void): Loop {
  return startLoop({
    everyMs: filing.everyMs,
    restMs: filing.restMs,
    run: async () => {
      const before = new Date(now().getTime() - filing.restingMs).toISOString();
      return (await fileActions(db, config.tenantId, { before, limit: filing.batch })) === filing.batch ? filing.restMs : null;
    },
    onError,
  });
}

/** The relay's outbox, with the watchers told what was handed over. */
function watchedOutbox({ outbox, watch }: Foundation) {
  return {
    ...outbox,
    sent: async (ids: string[], now: number) => {
      const at = new Date(now).toISOString();
      for (const { decisionId, actionId } of await outbox.sent(ids, now)) watch({ stage: 'queued', actionId, decisionId, at });
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const { port: bound } = server.address() as AddressInfo;
      resolve(`http://${host.includes(':') ? `[${host}]` : host}:${bound}`);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.closeAllConnections(), stopDeadlineMs);
    server.close(() => {
      clearTimeout(force);
      resolve();
    });
    server.closeIdleConnections();
  });
}
