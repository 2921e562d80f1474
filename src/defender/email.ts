/**
 * Moving and deleting mail. Graph accepts the request and has no way to ask for its end: what happened to each copy is read from hunting data,
 * which arrives minutes later. A lost answer is therefore waited out before anything is sent again.
 */
import { kqlDatetime, kqlStrings } from '../action-center/kql.ts';
import type { Part } from '../action-center/parts.ts';
import type { Api } from './api.ts';
import type { Driver, RequestOf, Standing, Work } from './driver.ts';
import { mailFailed, mailUnconfirmed, mailWaiting } from './outcome-words.ts';
import type { DefenderTiming } from './timing.ts';

type Request = RequestOf<'mail'>;

/** Runs a query of advanced hunting. Throws UpstreamError without an answer. */
export type Hunt = (kql: string, signal: AbortSignal) => Promise<Record<string, unknown>[]>;

const clockMs = 120_000;
const idsAtOnce = 500;
const remediate = '/v1.0/security/collaboration/analyzedEmails/remediate';
const permission = 'SecurityAnalyzedMessage.ReadWrite.All';

type Driving = { api: Api; hunt: Hunt | null; timing: DefenderTiming; now: () => number };

export function mailDriver({ api, hunt, timing, now }: Driving): Driver<Request> {
  const sinceOf = (part: Part): number => Date.parse(part.calledAt ?? new Date(now()).toISOString());

  /** What hunting shows of these parts, asked for together. */
  const rowsFor = async (works: readonly Work<Request>[], signal: AbortSignal): Promise<Row[]> => {
    if (hunt === null) return [];
    const since = Math.min(...works.map(({ part }) => sinceOf(part)));
    const ids = [...new Set(works.flatMap(({ request }) => request.messages.map(({ id }) => id)))];
    const rows: Row[] = [];
    for (let from = 0; from < ids.length; from += idsAtOnce) {
      rows.push(...(await hunt(outcomeQuery(ids.slice(from, from + idsAtOnce), since), signal)));
    }
    return rows;
  };

  return {
    call: async ({ part, request }, signal) => {
      const body = {
        displayName: `countersign ${part.decisionId}`,
        description: request.comment,
        severity: request.severity,
        action: request.call,
        remediateSendersCopy: false,
        analyzedEmails: request.messages.map(({ id, recipient }) => ({ networkMessageId: id, recipientEmailAddress: recipient })),
      };
      const call = { api: 'graph' as const, method: 'POST' as const, path: remediate, body, permission, urgency: 'decision' as const };
      const { location } = await api.ask({ ...call, decisionId: part.decisionId }, signal);
      return { state: 'submitted', message: mailWaiting, external: placeOf(location ?? null) };
    },
    find: async (work, signal) => {
      if (hunt === null) return 'unknown';
      if (seenOf(work, await rowsFor([work], signal)).any) return { state: 'submitted', message: mailWaiting };
      return now() - sinceOf(work.part) > timing.doubtMs * Math.max(1, work.part.attempts) ? 'absent' : 'later';
    },
    look: async (works, signal) => {
      const standings = new Map<Part, Standing>();
      const rows = await rowsFor(works, signal);
      for (const work of works) {
        const isOver = now() - sinceOf(work.part) > timing.confirmMs;
        const standing = standingOf(seenOf(work, rows), work.request, isOver ? timing.confirmMs : null);
        if (standing !== null) standings.set(work.part, standing);
      }
      return standings;
    },
  };
}

/** `bulkId` is what the portal calls the approval id. */
function placeOf(location: string | null): Record<string, string> {
  if (location === null) return {};
  const plain = URL.canParse(location) ? [...new URL(location).searchParams.values()].join(' ') : '';
  const bulkId = /"bulkId":\s*\[\s*"([0-9a-fA-F-]{36})"/.exec(plain)?.[1];
  return {
    ...(bulkId === undefined ? {} : { bulkId }),
    ...(location.length <= 512 && location.startsWith('https://') && URL.canParse(location) ? { portalUrl: location } : {}),
  };
}

const keyOf = (id: unknown, recipient: unknown): string => `${String(id)} ${String(recipient)}`.toLowerCase();

type Row = Record<string, unknown>;
type Seen = { any: boolean; good: number; bad: number; why: string | null };

/** What happened to each copy since shortly before we asked for it, the last of it. */
function outcomeQuery(ids: readonly string[], since: number): string {
  return [
    `let ids = ${kqlStrings(ids)};`,
    'EmailPostDeliveryEvents',
    `| where Timestamp > ${kqlDatetime(new Date(since - clockMs))} and NetworkMessageId in~ (ids)`,
    '| summarize arg_max(Timestamp, Action, ActionType, ActionTrigger, ActionResult, DeliveryLocation) by NetworkMessageId, RecipientEmailAddress',
  ].join('\n');
}

/** The copies of a message that were delivered: who has to be named to have one of them moved. */
export function copiesQuery(ids: readonly string[]): string {
  return [
    `let ids = ${kqlStrings(ids)};`,
    'EmailEvents',
    '| where Timestamp > ago(30d) and NetworkMessageId in~ (ids)',
    '| distinct NetworkMessageId, RecipientEmailAddress',
    '| take 50001',
  ].join('\n');
}

/** Of one part: what is older than its call was not its doing. */
function seenOf({ part, request: { messages } }: Work<Request>, rows: readonly Row[]): Seen {
  const since = Date.parse(part.calledAt ?? '') - clockMs;
  const ours = rows.filter((row) => !(Date.parse(String(row['Timestamp'])) < since));
  const byCopy = new Map(
    ours.map((row) => [keyOf(row['NetworkMessageId'], row['RecipientEmailAddress']), String(row['ActionResult'] ?? '')]),
  );
  const results = messages.flatMap(({ id, recipient }) => byCopy.get(keyOf(id, recipient)) ?? []);
  const bad = results.filter((result) => !/^(success|already in destination)/i.test(result));
  return { any: results.length > 0, good: results.length - bad.length, bad: bad.length, why: bad[0]?.slice(0, 100) || null };
}

/** Null: not all of it is known yet, and it is not too late. */
function standingOf({ good, bad, why }: Seen, { messages }: Request, overAfterMs: number | null): Standing | null {
  const total = messages.length;
  if (good + bad < total && overAfterMs === null) return null;
  if (bad === 0 && good === total) return { state: 'succeeded', message: null };
  if (bad > 0) {
    const message = mailFailed(bad, total, why);
    return bad === total ? { state: 'failed', message } : { state: 'succeeded', done: total - bad, message };
  }
  return { state: 'succeeded', message: mailUnconfirmed(good, total, Math.round((overAfterMs ?? 0) / 3_600_000)) };
}
