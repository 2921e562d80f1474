/** Direct sight of the record, beside the bot's own connections. */
import pg from 'pg';

/** One question on a connection of its own. */
export async function askRecord<Row extends pg.QueryResultRow>(
  connectionString: string,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}

type StoredEvent = { actor_id: string | null; data: Record<string, unknown> };

/** Every audit event of one kind, the oldest first. */
export const eventsIn = (connectionString: string, kind: string): Promise<StoredEvent[]> =>
  askRecord(connectionString, 'select actor_id, data from audit_events where kind = $1 order by seq', [kind]);

/** At most `max` connections. A server that ends while one of them rests is no reason to end the process: the next query tells. */
export function recordPool(connectionString: string, max = 1): pg.Pool {
  const pool = new pg.Pool({ connectionString, max });
  pool.on('error', () => {});
  return pool;
}
