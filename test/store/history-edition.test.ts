import { sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import { afterEach, describe, expect, it } from 'vitest';
import { HistoryQuery } from '../../src/action-center/history.ts';
import { migrate, openDatabase } from '../../src/store/database.ts';
import { openEngine } from '../../src/store/engine.ts';
import { historyStore } from '../../src/store/history.ts';
import { fileActions } from '../../src/store/history-filing.ts';
import { migrations } from '../../src/store/migrations.ts';
import { engines } from './engines.ts';
import { now, randomCase, randomFrom } from './history-cases.ts';
import { insertActions } from './history-fill.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** As the version before filed it: without the starts of its names. */
const filedBefore = sql`
  insert into history_entries (id, tenant_id, type, type_key, source, severity, words, entity_types, entity_key, asset_key, details_key,
    investigation_key, places, updated_at, status, decision, tokens)
  select id, 'default', type, type, source, severity, array_to_tsvector(array['@wks-0815']), '{device}', 'device', 'wks-0815', '', '', '{}', updated_at,
    status, 'automation', '{1,2}' from actions`;

describe.each(engines)('a record of a version before, on $name', ({ options }) => {
  it('is filed again with the starts of names, and by nobody who does not know them', async () => {
    const made = await options();
    const engine = await openEngine(made.options, { onError: () => {} });
    closing.push(async () => {
      await engine.close();
      await made.clean();
    });
    const db = openDatabase(engine.pool, { prepares: engine.kind === 'postgres' });
    const until = await new Migrator({ db, provider: { getMigrations: async () => migrations } }).migrateTo('0016-ingest');
    expect(until.error).toBeUndefined();
    const one = {
      ...randomCase(randomFrom(1), 1, 10),
      asset: 'WKS-0815',
      entities: [],
      status: 'completed' as const,
      verb: null,
      person: null,
    };
    await insertActions(db, [one], true);
    await filedBefore.execute(db);

    await migrate(db);
    const { rows: unfiled } = await sql`select id from actions where not filed`.execute(db);
    expect(unfiled).toHaveLength(1);
    const olderVersion = sql`update history_entries set tokens = '{1,2}', updated_at = now()`.execute(db);
    await expect(olderVersion).rejects.toThrow('history_entries_edition');

    const query = HistoryQuery.parse({
      tab: 'history',
      period: null,
      where: null,
      sort: { column: 'updated', descending: true },
      filters: { asset: ['wks-08*'], severity: [one.severity] },
    });
    const found = async () => {
      const answer = await historyStore(db, 'default', { sampledFrom: 0 }).page(query, { now, cursor: null, size: 10 });
      return answer.kind === 'page' ? answer.page.rows.map(({ action }) => action.id) : answer.kind;
    };
    expect(await found()).toEqual([one.id]);
    expect(await fileActions(db, 'default', { before: now, limit: 10 })).toBe(1);
    expect(await found()).toEqual([one.id]);
  });
});
