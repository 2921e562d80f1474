/** Joins the sources of Defender together: a loop each, by whichever bot holds it. No product logic in here. */
import type { Announced } from './action-center/announce.ts';
import { UpstreamError } from './action-center/errors.ts';
import type { Hunting } from './action-center/hunting.ts';
import type { Intake } from './action-center/intake.ts';
import { type Api, DefenderError, microsoftApi } from './defender/api.ts';
import { openHunting } from './defender/hunting.ts';
import { type IngestDeps, openReader, type Source, type Step } from './defender/ingest.ts';
import { airHuntingSource } from './defender/ingest-air-hunting.ts';
import { alertSource } from './defender/ingest-alerts.ts';
import { machineActionSource } from './defender/ingest-machine-actions.ts';
import { office365Source } from './defender/ingest-office365.ts';
import { sharedLimits } from './defender/limits.ts';
import type { Foundation } from './foundation.ts';
import { newActionId } from './ids.ts';
import { type Loop, startLoop } from './loop.ts';
import { tokenSource } from './microsoft/token.ts';
import { type Notifications, openNotifications } from './notifications.ts';
import { ingestStore } from './store/ingest.ts';
import { relatedFindings } from './store/related-findings.ts';

const beatMs = 60_000;
/** What comes there is an hour old or more. */
const feedEveryMs = 300_000;
/** Whoever does not read looks this often whether nobody does. */
const idleMs = 5000;
/** How long a source stays with a bot that does not come back. */
const spareMs = 30_000;
const dayMs = 86_400_000;
const progressEveryMs = 10_000;

type Announce = (intake: Intake) => Promise<Announced>;
/** `everyMs`: how often it is looked into. */
type Fed = { source: Source; everyMs: number };
/** `notified` null: nobody outside tells when to look. */
export type Ingest = { notified: Notifications['handle'] | null; stop(): Promise<void> };

/** Null: it is off. Says once what is off. */
export function startIngest(ground: Foundation, announce: Announce, poke: () => void): Ingest | null {
  const { config, log, db, holder, now, timing } = ground;
  if (config.ingest === null) {
    log.info(offNotice(config.backend));
    return null;
  }
  const everyMs = timing.ingestEveryMs ?? beatMs;
  const marks = ingestStore(db, config.tenantId);
  const stopping = new AbortController();
  const limits = sharedLimits(ground.lanes, { tenant: config.ingest.tenantId, perMinute: config.ingest.callsPerMinute, now: Date.now });
  const api = microsoftApi(config.ingest, { log, limits });
  const callTime = timing.ingestCallMs === undefined ? {} : { callMs: timing.ingestCallMs };
  const deps: IngestDeps = { api, marks, now, holder, leaseMs: everyMs + spareMs, lookBackMs: config.ingest.days * dayMs, ...callTime };
  const { signal } = stopping;
  const loops = sourcesOf(ground, api, announce, poke).map((fed) =>
    sourceLoop(ground, fed.source, deps, { everyMs: timing.ingestEveryMs ?? fed.everyMs, signal }),
  );
  const notifications = openNotifications(ground, api, () => loops[0]?.poke());
  return {
    notified: notifications?.handle ?? null,
    stop: async () => {
      stopping.abort();
      await Promise.all([notifications?.stop(), ...loops.map((loop) => loop.stop())]);
      await marks.release(holder).catch((error: unknown) => log.warn({ err: error }, 'a source was not given back; it runs out by itself'));
    },
  };
}

const offNotice = (backend: string): string =>
  `nothing is read from Defender (INGEST=off): actions come in by /v1/actions, the queue and files alone${
    backend === 'defender' ? '' : `; and nothing is carried out there (BACKEND=${backend})`
  }; everything else works`;

function sourcesOf(ground: Foundation, api: Api, announce: Announce, poke: () => void): Fed[] {
  const { config, store, now, log, db } = ground;
  if (config.ingest === null) return [];
  const { graphUrl, defenderUrl, tenantId: entraTenantId, air, office365 } = config.ingest;
  const marks = ingestStore(db, config.tenantId);
  const closing = { store, now, poke };
  const filing = { ...ground.deciding, tenantId: config.tenantId, newActionId };
  const isToldTwice = air.hunting !== null || office365 !== null;
  const findings = isToldTwice ? relatedFindings(db, config.tenantId) : null;
  const inTurn = oneAtATime();
  const alerts = alertSource({ graphUrl, entraTenantId, announce, marks, findings, closing, now, log });
  // The first of them is the one that notifications wake.
  const fed: Fed[] = [
    { source: isToldTwice ? inTurn(alerts) : alerts, everyMs: beatMs },
    { source: machineActionSource({ defenderUrl, filing, marks, closing, log }), everyMs: beatMs },
  ];
  if (findings === null) return fed;
  const { portalUrl } = config;
  const airDeps = { announce, filing, findings, closing, now, log, entraTenantId, portalUrl, moreTypes: air.moreTypes };
  if (air.hunting !== null) {
    const source = airHuntingSource(ground.hunting ?? ownHunting(ground, config.ingest), airDeps);
    fed.push({ source: inTurn(source), everyMs: air.hunting.everyMs });
  }
  if (office365 !== null) {
    const source = office365Source({ ...airDeps, api, feed: { url: office365.url, entraTenantId } });
    fed.push({ source: inTurn(source), everyMs: feedEveryMs });
  }
  return fed;
}

/** Sources that may tell of the same thing store one after the other: what one has stored, the next one finds. */
function oneAtATime(): (source: Source) => Source {
  let last: Promise<unknown> = Promise.resolve();
  return (source) => ({
    ...source,
    take: (values, signal) => {
      const turn = last.then(() => source.take(values, signal));
      last = turn.catch(() => null); // whoever asked for it hears of it
      return turn;
    },
  });
}

/** Where people come from a file, nothing else hunts. */
function ownHunting({ log, lanes }: Foundation, ingest: NonNullable<Foundation['config']['ingest']>): Hunting {
  const audience = new URL(ingest.graphUrl).origin;
  const tokens = tokenSource({ ...ingest, audience, service: 'directory' }, { log, now: () => performance.now() });
  return openHunting({ graphUrl: ingest.graphUrl, tenantId: ingest.tenantId, tokens, lanes, log });
}

type Timing = { everyMs: number; signal: AbortSignal };

function sourceLoop(ground: Foundation, source: Source, deps: IngestDeps, { everyMs, signal }: Timing): Loop {
  const reader = openReader(source, deps);
  const progress = progressTeller(ground, source.name);
  const trouble = troubleTeller(ground, source);
  return startLoop({
    everyMs,
    restMs: 0,
    run: async () => {
      try {
        const step = await reader.step(signal);
        trouble(null);
        progress(step);
        if (step.kind === 'idle') return Math.min(idleMs, everyMs);
        if (step.kind === 'wait') return step.ms;
        return step.kind === 'page' ? 0 : null;
      } catch (error) {
        if (signal.aborted) return null;
        trouble(error);
        return null;
      }
    },
    onError: (error) => ground.log.error({ err: error, source: source.name }, 'reading Defender failed; it is tried again'),
  });
}

/** Operators hear of a trouble once, not once a minute, and of its end. */
function troubleTeller({ log, metrics }: Foundation, { name, permission, api }: Source): (error: unknown) => void {
  let told: string | null = null;
  return (error) => {
    if (error === null) {
      if (told !== null) log.info({ source: name }, 'Defender is read again');
      told = null;
      return;
    }
    metrics.ingestFailures.inc({ source: name });
    const isRefused = error instanceof DefenderError && (error.status === 401 || error.status === 403);
    const message = error instanceof Error ? error.message : String(error);
    if (message === told) return;
    told = message;
    if (isRefused)
      log.error({ source: name, permission, api }, 'Microsoft does not let the reading app read; `countersign doctor` says what to grant');
    else log.error({ err: error, source: name, expected: error instanceof UpstreamError }, 'Defender could not be read; it is tried again');
  };
}

/** While the first days are read: how far it is, now and then. */
function progressTeller({ log, metrics, now }: Foundation, source: Source['name']): (step: Step) => void {
  let saidAt = Number.NEGATIVE_INFINITY;
  const total: Record<string, number> = {};
  return (step) => {
    if (step.kind !== 'page' && step.kind !== 'done') return;
    const { mark, counts, caughtUp } = step;
    for (const [result, count] of Object.entries(counts)) {
      if (count > 0) metrics.ingested.inc({ source, result }, count);
      total[result] = (total[result] ?? 0) + count;
    }
    metrics.ingestThrough.set({ source }, Date.parse(mark.through) / 1000);
    if (caughtUp) log.info({ source, since: mark.since, ...total }, 'caught up with Defender; from now on what is new comes in');
    if (mark.caughtUpAt !== null || performance.now() - saidAt < progressEveryMs) return;
    saidAt = performance.now();
    const [from, through, end] = [Date.parse(mark.since), Date.parse(mark.through), now().getTime()];
    const percent = Math.round((100 * (through - from)) / Math.max(1, end - from));
    log.info({ source, through: mark.through, percent, ...total }, 'reading what Defender already has');
  };
}
