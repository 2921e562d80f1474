/** An export through the store, beside a bare cursor that reads the same rows. */
import pg from 'pg';
import { HistoryQuery, type HistoryStore } from '../../src/action-center/history.ts';
import { round } from './figures.ts';
import { benchNow } from './history-rows.ts';

const usedMiB = (): number => process.memoryUsage().rss / 2 ** 20;

/** Reads through to the end or to `wanted` rows; the most memory that was used on the way, above what was used before. */
async function readThrough(batches: AsyncIterable<number>, wanted: number) {
  globalThis.gc?.();
  const before = usedMiB();
  const begun = performance.now();
  let [rows, most] = [0, before];
  for await (const size of batches) {
    rows += size;
    if (rows % 10_000 < size) most = Math.max(most, usedMiB());
    if (rows >= wanted) break;
  }
  return { rows, perSecond: Math.round((rows * 1000) / (performance.now() - begun)), addedMiB: round(most - before, 1) };
}

async function* bareCursor(url: string): AsyncGenerator<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('begin read only');
    await client.query(`declare bare no scroll cursor for select a.* from history_entries h join actions a on a.id = h.id collate "default"
      where h.tenant_id = 'default' and h.updated_at is not null and h.status not in ('pending', 'awaitingSecondApproval')
      order by h.updated_at desc, h.id desc`);
    for (;;) {
      const { rows } = await client.query('fetch 500 from bare');
      if (rows.length === 0) return;
      yield rows.length;
    }
  } finally {
    await client.end();
  }
}

async function* exported(store: HistoryStore): AsyncGenerator<number> {
  const query = HistoryQuery.parse({
    tab: 'history',
    period: null,
    filters: {},
    sort: { column: 'updated', descending: true },
    where: null,
  });
  for await (const _ of store.stream(query, { now: benchNow }, new AbortController().signal)) yield 1;
}

export async function measureExport(store: HistoryStore, url: string, wanted: number) {
  const bare = await readThrough(bareCursor(url), wanted);
  const ours = await readThrough(exported(store), wanted);
  return { ...ours, barePerSecond: bare.perSecond, bareAddedMiB: bare.addedMiB, ratio: round(ours.perSecond / bare.perSecond, 2) };
}
