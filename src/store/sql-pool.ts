/** What the store and the queue ask of a pool of connections. pg's Pool has it, and so has the embedded engine's (pglite-pool.ts). */
import pg from 'pg';

export type SqlResult<Row> = { rows: Row[]; rowCount: number | null; command: string };

export interface SqlQueryable {
  query<Row = Record<string, unknown>>(text: string, params?: readonly unknown[]): Promise<SqlResult<Row>>;
}

type Notification = { channel: string; payload?: string };

export interface SqlClient extends SqlQueryable {
  /** Gives the connection back; with `true` or an error it is thrown away instead. */
  release(destroy?: Error | boolean): void;
  on(event: 'notification', listener: (message: Notification) => void): this;
  on(event: 'error', listener: (error: Error) => void): this;
  on(event: 'end', listener: () => void): this;
  removeListener(event: 'notification', listener: (message: Notification) => void): this;
  removeAllListeners(event?: string): this;
}

/** Fits Kysely's PostgresDialect and BullMQ's PostgreSQL backend. */
export interface SqlPool extends SqlQueryable {
  readonly options: object;
  connect(): Promise<SqlClient>;
  end(): Promise<void>;
  on(event: 'error', listener: (error: Error) => void): this;
  on(event: 'connect', listener: (client: SqlClient) => void): this;
  removeAllListeners(event?: string): this;
}

/** Both engines read rows alike: as pg does, but for int8, which pg would leave as text. Ours are counters and times, far below 2^53. */
export const rowTypes: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === pg.types.builtins.INT8 && format !== 'binary' ? Number : pg.types.getTypeParser(oid, format as 'text')) as never,
};
