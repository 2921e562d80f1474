/** What an operator can watch. Labels come from closed lists only: no ids, no names, so that the number of series stays bounded. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export type Metrics = {
  decisions: Counter<'verb' | 'platform'>;
  refusals: Counter<'kind'>;
  pressSeconds: Histogram<'verb'>;
  outcomes: Counter<'status'>;
  poisoned: Counter<'queue'>;
  cards: Counter<'platform' | 'what'>;
  cardFailures: Counter<'platform' | 'trouble'>;
  outOfReach: Counter<'platform' | 'standing'>;
  outboxUnsent: Gauge;
  alarms: Counter<'alarm'>;
  reminders: Counter<'kind' | 'rung' | 'to'>;
  expiredUnwarned: Counter;
  onCallFailures: Counter;
  intake: Counter<'result'>;
  ingested: Counter<'source' | 'result'>;
  ingestFailures: Counter<'source'>;
  ingestThrough: Gauge<'source'>;
  auditUnsealed: Gauge;
  auditLastSeal: Gauge;
  auditBroken: Gauge;
  /** The text a scraper reads, and its content type. */
  text(): Promise<string>;
  contentType: string;
};

/** From the press to the answer: the aim is 0.25 s, and Slack gives up at 3 s. */
const pressBuckets = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** One registry each: several bots in one process (tests, the demo) must not share counters. */
export function openMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  registry.setDefaultLabels({ app: 'countersign' });
  collectDefaultMetrics({ register: registry });
  const counter = <T extends string>(name: string, help: string, labelNames: T[]) =>
    new Counter<T>({ name: `countersign_${name}`, help, labelNames, registers });
  const gauge = (name: string, help: string) => new Gauge({ name: `countersign_${name}`, help, registers });
  return {
    decisions: counter('decisions_total', 'Decisions stored.', ['verb', 'platform']),
    refusals: counter('refusals_total', 'Clicks that were refused.', ['kind']),
    pressSeconds: new Histogram({
      name: 'countersign_press_seconds',
      help: 'From the press of a button to the answer.',
      labelNames: ['verb'],
      buckets: pressBuckets,
      registers,
    }),
    outcomes: counter('outcomes_total', 'Outcomes that changed the record.', ['status']),
    poisoned: counter('poisoned_messages_total', 'Queue messages put aside because they cannot be understood or trusted.', ['queue']),
    cards: counter('cards_total', 'Cards and notes posted or updated.', ['platform', 'what']),
    cardFailures: counter('card_failures_total', 'Cards that could not be shown and are tried again.', ['platform', 'trouble']),
    outOfReach: counter(
      'conversations_out_of_reach_total',
      'Conversations with a route that the app was removed from, or that were deleted.',
      ['platform', 'standing'],
    ),
    alarms: counter('alarms_total', 'Alarms raised: people refused again and again, approved actions that failed.', ['alarm']),
    reminders: counter('reminders_total', 'Reminders put on their way; rung 0 is a warning of a deadline.', ['kind', 'rung', 'to']),
    expiredUnwarned: counter('expired_without_warning_total', 'Actions that expired before any warning could be delivered.', []),
    onCallFailures: counter('on_call_failures_total', 'Times nobody who is on call could be found or told.', []),
    outboxUnsent: gauge('outbox_unsent', 'Decisions that are stored and not yet on the queue.'),
    intake: counter('intake_total', 'Submitted actions.', ['result']),
    ingested: counter('ingested_total', 'What was read from Defender, and what became of it.', ['source', 'result']),
    ingestFailures: counter('ingest_failures_total', 'Looks into Defender that failed and are tried again.', ['source']),
    ingestThrough: new Gauge({
      name: 'countersign_ingest_through_timestamp_seconds',
      help: 'Until when each source of Defender was read; only in the process that reads it.',
      labelNames: ['source'],
      registers,
    }),
    auditUnsealed: gauge('audit_unsealed_events', 'Audit events that no seal holds yet; infinite when there are more than 100,000.'),
    auditLastSeal: gauge('audit_last_seal_timestamp_seconds', 'When the newest seal of the audit record was closed.'),
    auditBroken: gauge('audit_chain_broken', '1 when the audit record does not fit its seals.'),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
