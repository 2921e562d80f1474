/** Lanes: token buckets in one row each, shared by all bots. A take is one statement, so two bots never take the same token. */
import { sql } from 'kysely';
import type { Lanes } from '../action-center/ports.ts';
import { type Database, storing } from './database.ts';

type Taken = { tokens: number; blocked_until: number; took: boolean };

export function lanes(db: Database): Lanes {
  return {
    take: (lane, { capacity, perSecond, leave = 0 }, now) =>
      storing('taking a lane', async () => {
        // `refilled_at` never goes back, so a bot with a slow clock cannot refill twice.
        const { rows } = await sql<Taken>`
          insert into lanes as l (lane, tokens, refilled_at) values (${lane}, ${capacity - 1}::float8, ${now}::float8)
          on conflict (lane) do update set
            tokens = least(${capacity}::float8, l.tokens + greatest(0, ${now}::float8 - l.refilled_at) / 1000 * ${perSecond}::float8) - 1,
            refilled_at = greatest(l.refilled_at, ${now}::float8)
          where l.blocked_until <= ${now}::float8
            and least(${capacity}::float8, l.tokens + greatest(0, ${now}::float8 - l.refilled_at) / 1000 * ${perSecond}::float8) >= ${1 + leave}::float8
          returning tokens, blocked_until, true as took`.execute(db);
        if (rows.length > 0) return 0;
        const held = await sql<{ tokens: number; refilled_at: number; blocked_until: number }>`
          select tokens, refilled_at, blocked_until from lanes where lane = ${lane}`.execute(db);
        const [row] = held.rows;
        if (!row) return 0;
        const have = row.tokens + (Math.max(0, now - row.refilled_at) / 1000) * perSecond;
        const refill = Math.ceil(((1 + leave - have) / perSecond) * 1000);
        return Math.max(1, refill, row.blocked_until - now);
      }),
    block: (lane, until) =>
      storing('blocking a lane', async () => {
        await sql`insert into lanes as l (lane, tokens, refilled_at, blocked_until) values (${lane}, 0, ${until}::float8, ${until}::float8)
          on conflict (lane) do update set blocked_until = greatest(l.blocked_until, ${until}::float8)`.execute(db);
      }),
  };
}
