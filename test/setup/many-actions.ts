/** Records with many actions: one that really came in, and as many copies of its rows as a test needs, each its own action. */
import pg from 'pg';
import type { RemediationAction } from '../../src/action-center/intake.ts';
import { actionStore } from '../../src/store/actions.ts';
import { migrate, openDatabase } from '../../src/store/database.ts';
import { openEngine } from '../../src/store/engine.ts';
import { anAction } from './builders.ts';

/** Brings an empty database up to date and adds these actions, each as it stands. */
export async function fillRecord(databaseUrl: string, actions: readonly RemediationAction[]): Promise<void> {
  const engine = await openEngine({ databaseUrl }, { onError: () => {} });
  try {
    const db = openDatabase(engine.pool, { prepares: true });
    await migrate(db);
    const store = actionStore(db, 'default');
    for (const { decision, outcome, status, ...action } of actions) {
      const { id, createdAt: at, version } = action;
      const event = { kind: 'announced' as const, at, actorId: null, data: {} };
      await store.add({ ...action, contentDigest: id } as never, [{ platform: 'slack', conversation: 'C0SOC' }], event);
      if (status === 'pending') continue;
      const told = { kind: 'decided' as const, at: action.updatedAt, actorId: decision?.actor.entraId ?? null, data: { ...decision } };
      await store.apply({
        id,
        expect: { status: 'pending', version },
        set: { status, decision, outcome } as never,
        at: action.updatedAt,
        event: told,
      });
    }
  } finally {
    await engine.close();
  }
}

/** `count` more actions like the one with this id, one second older each. */
export async function copyAction(databaseUrl: string, id: string, count: number): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000, query_timeout: 120_000 });
  await client.connect();
  try {
    const own = `'A-COPY' || lpad(n::text, 20, '0')`;
    const numbers = `generate_series(1, ${Math.trunc(count)}) as n`;
    await client.query(
      `insert into actions select r.* from actions a, ${numbers}, lateral jsonb_populate_record(a, jsonb_build_object(
        'id', ${own}, 'key', ${own}, 'title', 'Copy ' || n, 'updated_at', a.updated_at - n * interval '1 second')) r where a.id = $1`,
      [id],
    );
    await client.query(
      `insert into history_entries select r.* from history_entries h, ${numbers},
        lateral jsonb_populate_record(h, jsonb_build_object('id', ${own})) r where h.id = $1`,
      [id],
    );
    await client.query('analyze');
  } finally {
    await client.end();
  }
}

const soon = (ago: number) => new Date(Date.now() - ago).toISOString();
/** Completed a moment ago, so that the usual period holds it and its copies. */
export const completedNow = (over: Partial<Parameters<typeof anAction>[0]> = {}): RemediationAction =>
  anAction({ status: 'completed', updatedAt: soon(60_000), createdAt: soon(120_000), ...over });
