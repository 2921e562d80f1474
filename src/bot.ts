/** Composition root of the chat process: ways in, Slack, the relay, the reconciler, the sweep. No product logic in here. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AnnounceDeps, announce } from './action-center/announce.ts';
import { checkClick, type DecideDeps, decide } from './action-center/decide.ts';
import type { RemediationAction } from './action-center/intake.ts';
import type { CardRow, DecisionMessage } from './action-center/ports.ts';
import { sweep } from './action-center/sweep.ts';
import { adminServer } from './admin.ts';
import { type Card, cardFor, noteFor } from './chat/card.ts';
import { reconcile } from './chat/reconcile.ts';
import { type SlackChat, startSlack } from './chat/slack/app.ts';
import { huntLink, portalLinks } from './defender/links.ts';
import type { Foundation } from './foundation.ts';
import { dispatcher } from './http.ts';
import { newActionId, newDecisionId } from './ids.ts';
import { intakeHandler } from './intake/http.ts';
import { takeSubmission } from './intake/queue.ts';
import { type Loop, startLoop } from './loop.ts';
import { takeActions } from './queue/actions.ts';
import type { QueueLink } from './queue/connection.ts';
import { queueNames } from './queue/contract.ts';
import { openRelay, type Relay, requeueThrough } from './queue/decisions.ts';

type Queue = ReturnType<QueueLink['producer']>;

export type Running = { url: string; stop(): Promise<void> };
export type RunningBot = Running & { pokeCards(): void };

/** Graceful end: no new requests, requests in flight answered, loops ended, then the rest. Bounded, so that a hung call cannot hold a restart. */
const stopDeadlineMs = 10_000;
const beatMs = 1000;
/** Under a rush of presses many hand-overs become one batch, and many changes of cards one pass. */
const relayRestMs = 10;
const cardsRestMs = 100;
const sweepRestMs = 1000;

export async function startBot(ground: Foundation): Promise<RunningBot> {
  const { config, log, metrics } = ground;
  const decisions = ground.queues.producer(queueNames.decisions);
  const loops: Record<'relay' | 'cards' | 'sweep', Loop | null> = { relay: null, cards: null, sweep: null };
  const pokeCards = () => loops.cards?.poke();
  const relay = openRelay(decisions, watchedOutbox(ground), Date.now, beatMs);
  const pokeAll = (message?: DecisionMessage) => {
    relay.push(message);
    loops.relay?.poke();
    loops.cards?.poke();
  };

  const announceDeps: AnnounceDeps = { ...ground.deciding, tenantId: config.tenantId, newActionId, poke: pokeCards };
  const decideDeps: DecideDeps = {
    ...ground.deciding,
    directory: ground.directory,
    settings: ground.settings,
    newDecisionId,
    poke: pokeAll,
  };
  const announcing = announceThrough(ground, announceDeps);

  const slack = config.slack ? await startSlack({ ...slackDeps(ground, decideDeps), ...config.slack }) : null;
  const trouble = (what: string) => (error: unknown) => log.error({ err: error }, `${what} failed; it is tried again`);

  loops.relay = relayLoop(ground, relay, trouble('the relay'));
  loops.sweep = sweepLoop(ground, decisions, pokeAll, trouble('the sweep'));
  if (slack) loops.cards = cardLoop(ground, slack, trouble('the reconciler'));
  takeActions(ground.queues, (data) => takeSubmission(data, announcing), ground.poisoned);

  const ways = {
    slack: slack?.handle ?? null,
    intake: intakeHandler({
      secrets: config.intakeSecrets,
      now: () => Date.now(),
      log,
      announce: announcing,
      get: (id) => ground.store.get(id),
      history: (id) => ground.store.history(id),
    }),
    ailing: ground.ailing,
  };
  const http = dispatcher(ways, log);
  const url = await listen(http.server, config.port, config.host);
  const admin = config.adminPort === null ? null : adminServer({ metrics, queues: ground.queueCounts, log });
  if (admin && config.adminPort !== null) await listen(admin, config.adminPort, config.adminHost);
  log.info({ url, slack: slack !== null, store: ground.engine.describe, queue: ground.queues.kind }, 'the bot is up');

  return {
    url,
    pokeCards,
    stop: async () => {
      http.drain();
      await close(http.server);
      await slack?.stop(stopDeadlineMs);
      await Promise.all([loops.relay?.stop(), loops.cards?.stop(), loops.sweep?.stop()]);
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

function slackDeps(ground: Foundation, deps: DecideDeps) {
  const { metrics } = ground;
  return {
    log: ground.log,
    now: () => Date.now(),
    identityMode: ground.config.identityMode,
    channels: ground.policy.conversations('slack'),
    flows: {
      check: (click: Parameters<typeof checkClick>[1]) => checkClick(deps, click),
      decide: async (click: Parameters<typeof decide>[1]) => {
        const done = metrics.pressSeconds.startTimer({ verb: click.verb });
        const decided = await decide(deps, click);
        done();
        if (!decided.ok) {
          metrics.refusals.inc({ kind: decided.refusal.kind });
          return decided;
        }
        const { action, decision } = decided.value;
        metrics.decisions.inc({ verb: decision.verb, platform: decision.platform });
        // The first of two approvals decides nothing yet.
        if (action.decision) {
          const { decisionId, decidedAt, verb } = action.decision;
          ground.watch({ stage: 'decided', actionId: action.id, decisionId, at: decidedAt, detail: verb });
        }
        return decided;
      },
    },
  };
}

function relayLoop({ metrics, outbox }: Foundation, relay: Relay, onError: (error: unknown) => void): Loop {
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

function sweepLoop(ground: Foundation, decisions: Queue, poke: () => void, onError: (error: unknown) => void): Loop {
  const { timing, store, now } = ground;
  const requeue = requeueThrough(decisions, ground.outbox);
  return startLoop({
    everyMs: timing.sweepEveryMs,
    restMs: Math.min(sweepRestMs, timing.sweepEveryMs),
    run: async () => {
      const swept = await sweep({ store, requeue, now, poke, stalledAfterMs: timing.stalledAfterMs, batch: 100 });
      if (swept.expired + swept.requeued > 0) ground.log.info(swept, 'swept');
      return null;
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

function cardLoop(ground: Foundation, slack: SlackChat, onError: (error: unknown) => void): Loop {
  const { log, metrics } = ground;
  const resting = new Map<string, number>();
  return startLoop({
    everyMs: beatMs,
    restMs: cardsRestMs,
    run: async () => {
      const pass = await reconcile({
        surface: slack.surface,
        cards: ground.cards,
        lanes: ground.lanes,
        store: ground.store,
        draw: (row, action) => drawCard(ground, row, action),
        now: Date.now,
        holder: ground.holder,
        resting,
        tell: (event) => {
          const { row } = event;
          if (event.kind === 'shown') {
            metrics.cards.inc({ platform: row.platform, what: event.what });
            ground.watch({ stage: 'shown', actionId: row.actionId, decisionId: null, at: new Date().toISOString(), detail: row.kind });
          } else {
            metrics.cardFailures.inc({ platform: row.platform, trouble: event.trouble });
            log.warn(
              {
                cardId: row.cardId,
                actionId: row.actionId,
                conversation: row.conversation,
                trouble: event.trouble,
                reason: event.error.message,
              },
              'a card could not be shown; it is tried again',
            );
          }
        },
      });
      return pass.nextInMs;
    },
    onError,
  });
}

function drawCard({ config, now, settings }: Foundation, row: CardRow, action: RemediationAction): Card {
  if (row.kind === 'note' && row.note) return noteFor(row.note, action);
  const links = { portalUrl: config.portalUrl, ...(config.portalTenantId === null ? {} : { tenantId: config.portalTenantId }) };
  const huntUrl = huntLink(action, { ...links, now: now() });
  return cardFor(action, { now: now(), huntUrl, portal: portalLinks(action, links), ...settings });
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
