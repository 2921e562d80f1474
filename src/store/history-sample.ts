/**
 * How common what is asked for is: from a random sample of the record, which each process reads once and keeps for a while. It decides about time,
 * never about an answer, so it may be old. A small record has none, and needs none.
 */
import { sql } from 'kysely';
import type { HistoryQuery } from '../action-center/history.ts';
import type { Database } from './database.ts';
import { inTab, sides } from './history-filter.ts';
import { type Frequency, groupsOf, type Lexeme } from './history-lexemes.ts';
import { within } from './history-session.ts';
import { askedProperties, askedStarts, type Properties, propertyText, weekMs } from './history-tokens.ts';

const sampleRows = 2000;
const limitMs = 200;
const keptMs = 600_000;

/** Which rows of the sample have something, by their numbers. */
type Having = Map<string, number[]>;

export class RecordSample {
  readonly #properties: Having = new Map();
  readonly #lexemes: Having = new Map();
  readonly #inOrder: string[];
  /** Rows of the sample. */
  readonly of: number;
  /** Rows of the record, in all and in a week. */
  readonly total: number;
  readonly perWeek: number;

  constructor(rows: readonly SampledRow[], total: number) {
    for (const [index, row] of rows.entries()) {
      for (const text of propertiesIn(row)) note(this.#properties, text, index);
      for (const lexeme of row.words) note(this.#lexemes, lexeme, index);
    }
    this.#inOrder = [...this.#lexemes.keys()].sort();
    this.of = rows.length;
    this.total = total;
    const times = rows.map((row) => row.updated_at.getTime());
    const [first, last] = [times.reduce((a, b) => Math.min(a, b)), times.reduce((a, b) => Math.max(a, b))];
    this.perWeek = (total * weekMs) / Math.max(weekMs, last - first);
  }

  /** How often a lexeme stands in the record; what is not in the sample may still be there. */
  readonly frequency: Frequency = (lexeme) => {
    const found = this.#rowsWith(lexeme).reduce((sum, rows) => sum + rows.length, 0);
    return (this.total * Math.max(found, 0.3)) / this.of;
  };

  #rowsWith({ text, isStart }: Lexeme): number[][] {
    if (!isStart) return [this.#lexemes.get(text) ?? []];
    const found: number[][] = [];
    for (let index = firstFrom(this.#inOrder, text); this.#inOrder[index]?.startsWith(text); index += 1)
      found.push(this.#lexemes.get(this.#inOrder[index] ?? '') ?? []);
    return found;
  }

  /** How many rows of the sample have the words, the start of a name, the properties, and all of it. */
  odds(query: HistoryQuery): Odds {
    const isStart = askedStarts(query) !== null;
    const wordsOf = (filters: HistoryQuery['filters']) => groupsOf(filters).map((group) => group.flatMap((one) => this.#rowsWith(one)));
    const words = wordsOf({ ...query.filters, asset: isStart ? [] : query.filters.asset });
    const starts = isStart ? wordsOf({ ...query.filters, text: [], investigation: [] }) : [];
    const properties = askedProperties(query).map((values) => values.map((value) => this.#properties.get(value) ?? []));
    const count = (groups: number[][][]): number => this.#countWith(groups);
    const rarity = { words: count(words), starts: count(starts), properties: count(properties), of: this.of };
    return { rarity, found: count([...words, ...starts, ...properties]), rows: this.of, perWeek: this.perWeek };
  }

  /** Rows that are in one list of each group. */
  #countWith(groups: readonly number[][][]): number {
    const reached = new Uint8Array(this.of);
    for (const [index, lists] of groups.entries())
      for (const list of lists) for (const row of list) if (reached[row] === index) reached[row] = index + 1;
    return reached.reduce((sum, last) => sum + (last === groups.length ? 1 : 0), 0);
  }
}

/** `found` of `rows` of a sample are wanted. */
export type Odds = {
  rarity: { words: number; starts: number; properties: number; of: number };
  found: number;
  rows: number;
  perWeek: number;
};

function note(having: Having, text: string, row: number): void {
  const rows = having.get(text);
  if (rows) rows.push(row);
  else having.set(text, [row]);
}

/** By halves: the first that is not before it. */
function firstFrom(texts: readonly string[], text: string): number {
  let [low, high] = [0, texts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((texts[middle] ?? '') < text) low = middle + 1;
    else high = middle;
  }
  return low;
}

type SampledRow = {
  tenant_id: string;
  words: string[];
  type: string;
  source: string;
  severity: string;
  status: string;
  decision: string;
  platform: string | null;
  entity_types: string[];
  decided_by: string[] | null;
  places: string[];
  updated_at: Date;
};

function propertiesIn(row: SampledRow): string[] {
  const properties: Properties = {
    type: [row.type],
    source: [row.source],
    severity: [row.severity],
    status: [row.status],
    decision: [row.decision],
    platform: row.platform === null ? [] : [row.platform],
    entity: row.entity_types,
    by: row.decided_by ?? (row.decision === 'automation' ? [row.decision] : []),
    place: row.places,
  };
  return Object.entries(properties).flatMap(([kind, values]) => values.map((value) => propertyText(kind, value)));
}

/** Null: it took too long. */
function readSample(db: Database, tenantId: string, from: number): Promise<{ sample: RecordSample | null } | null> {
  return within(db, { limitMs }, async ({ tx }) => {
    const { rows: sizes } = await sql<{ size: number }>`
      select reltuples::float8 as size from pg_class where oid = 'history_entries'::regclass`.execute(tx);
    const size = sizes[0]?.size ?? 0;
    if (size <= from) return { sample: null };
    const share = Math.min(1, sampleRows / size);
    const { rows } = await sql<SampledRow>`
      select tenant_id, tsvector_to_array(words) as words, type, source, severity, status, decision, platform, entity_types, decided_by, places, updated_at
      from history_entries h tablesample system (${100 * share}) where updated_at is not null and ${inTab('history', sides.filed)}`.execute(
      tx,
    );
    const own = rows.filter((row) => row.tenant_id === tenantId);
    return { sample: own.length === 0 ? null : new RecordSample(own, own.length / share) };
  });
}

/** Null as long as the record has no more rows than `from`, or the sample takes too long. One sample for all who ask at once. */
export function recordSamples(db: Database, tenantId: string, from: number): () => Promise<RecordSample | null> {
  let kept: { until: number; sample: Promise<RecordSample | null> } | null = null;
  const forget = () => {
    kept = null;
  };
  const read = async (): Promise<RecordSample | null> => {
    const answer = await readSample(db, tenantId, from);
    if (answer === null) forget();
    return answer?.sample ?? null;
  };
  return () => {
    if (kept === null || kept.until < performance.now()) {
      kept = { until: performance.now() + keptMs, sample: read() };
      kept.sample.catch(forget);
    }
    return kept.sample;
  };
}
