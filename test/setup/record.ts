/** Direct sight of the record, beside the bot's own connections. */
import pg from 'pg';

/** At most `max` connections. A server that ends while one of them rests is no reason to end the process: the next query tells. */
export function recordPool(connectionString: string, max = 1): pg.Pool {
  const pool = new pg.Pool({ connectionString, max });
  pool.on('error', () => {});
  return pool;
}
