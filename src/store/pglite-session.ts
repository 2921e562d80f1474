/**
 * PGlite's one session, spoken to with pg's own client, so that values, row counts and errors are exactly those of a PostgreSQL server.
 * Whoever uses it takes a turn first.
 */
import type { PGlite } from '@electric-sql/pglite';
import { PGlitePgConfig } from '@electric-sql/pglite/node-postgres';
import { Client, type QueryResult } from 'pg';
import { rowTypes, type SqlResult } from './sql-pool.ts';

/** Ends the turn; calling it again does nothing. */
export type Turn = () => void;

export type SessionLimits = {
  /** How long a statement may wait for the session. Also what ends a wait for oneself: a query outside one's own open transaction. */
  waitMs: number;
  maxWaiting: number;
};

type Waiting = { begin: (turn: Turn) => void; refuse: (error: Error) => void; timer: NodeJS.Timeout };
export type NotificationListener = (message: { channel: string; payload?: string | undefined }) => void;

const closedMessage = 'The embedded database is closed.';

export class PgliteSession {
  readonly #db: PGlite;
  readonly #limits: SessionLimits;
  readonly #onError: (error: Error) => void;
  readonly #waiting = new Set<Waiting>();
  readonly #listeners = new Set<NotificationListener>();
  #taken = false;
  #ended = false;
  #client: Client | null = null;
  #searchPath: string | null = null;

  constructor(db: PGlite, limits: SessionLimits, onError: (error: Error) => void) {
    this.#db = db;
    this.#limits = limits;
    this.#onError = onError;
  }

  /** Resolves when nobody else uses the session, in the order of asking. */
  take(): Promise<Turn> {
    if (this.#ended) return Promise.reject(new Error(closedMessage));
    if (!this.#taken) {
      this.#taken = true;
      return Promise.resolve(this.#turn());
    }
    const { waitMs, maxWaiting } = this.#limits;
    if (this.#waiting.size >= maxWaiting)
      return Promise.reject(new Error(`The embedded database is overloaded: ${maxWaiting} statements wait.`));
    return new Promise((begin, refuse) => {
      const waiting: Waiting = {
        begin,
        refuse,
        timer: setTimeout(() => {
          this.#waiting.delete(waiting);
          refuse(new Error(`The embedded database was busy for ${waitMs} ms. Does a query wait for its own open transaction?`));
        }, waitMs),
      };
      this.#waiting.add(waiting);
    });
  }

  /** Only within a turn. */
  async run<Row>(searchPath: string, text: string, params?: readonly unknown[]): Promise<SqlResult<Row>> {
    const client = this.#client ?? (await this.#connect());
    if (this.#searchPath !== searchPath) {
      await client.query("select set_config('search_path', $1, false)", [searchPath]);
      this.#searchPath = searchPath;
    }
    const answer: QueryResult | QueryResult[] = await client.query(text, params && [...params]);
    // Several statements in one text: the last one counts.
    const { rows, rowCount, command } = Array.isArray(answer) ? (answer.at(-1) as QueryResult) : answer;
    return { rows: rows as Row[], rowCount, command };
  }

  /** Only within a turn. */
  get inTransaction(): boolean {
    return this.#client !== null && this.#client.getTransactionStatus() !== 'I';
  }

  /** False once the connection has failed: what was open on it is rolled back before the next statement. */
  get isSound(): boolean {
    return this.#client !== null;
  }

  /** Only within a turn. */
  async rollBack(): Promise<void> {
    // A lost connection is rolled back when it is made anew.
    if (this.inTransaction) await this.#client?.query('ROLLBACK');
  }

  onNotification(listener: NotificationListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Waits for the turn that runs, up to the usual limit, then closes the database whatever happens. */
  async close(): Promise<void> {
    if (this.#ended) return;
    const turn = await this.take().catch(this.#onError);
    this.#ended = true;
    for (const { timer, refuse } of this.#waiting) {
      clearTimeout(timer);
      refuse(new Error(closedMessage));
    }
    this.#waiting.clear();
    await this.#db.close();
    turn?.();
  }

  #turn(): Turn {
    let over = false;
    return () => {
      if (over) return;
      over = true;
      const [next] = this.#waiting;
      if (!next) {
        this.#taken = false;
        return;
      }
      this.#waiting.delete(next);
      clearTimeout(next.timer);
      next.begin(this.#turn());
    };
  }

  async #connect(): Promise<Client> {
    if (this.#ended) throw new Error(closedMessage);
    const config = { ...new PGlitePgConfig({ pglite: this.#db }), types: rowTypes };
    const client = new Client(config as object);
    client.on('error', (error) => {
      if (this.#client === client) this.#client = null;
      this.#onError(error);
    });
    client.on('notification', (message) => {
      for (const listener of this.#listeners) listener(message);
    });
    await client.connect();
    // Nothing of the connection before this one may live on; outside a transaction this is a mere warning.
    await client.query('ROLLBACK');
    this.#searchPath = null;
    this.#client = client;
    return client;
  }
}
