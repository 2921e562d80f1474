/** A pool of connections in looks only: its clients take turns on PGlite's one session, and a transaction is one long turn. */
import { EventEmitter } from 'node:events';
import type { PgliteSession, Turn } from './pglite-session.ts';
import type { SqlClient, SqlPool, SqlResult } from './sql-pool.ts';

export type PglitePoolOptions = {
  searchPath: string;
  /** A transaction in which nothing happens for so long is rolled back: it would keep everybody else out. */
  idleInTransactionMs: number;
};

// The words that BullMQ looks for while it shuts down.
const endedMessage = 'Cannot use a pool after calling end on the pool';

export class PglitePool extends EventEmitter implements SqlPool {
  /** BullMQ asks whether a lost connection would be noticed: there is none to lose. */
  readonly options = { keepAlive: true, max: 1 };
  readonly #session: PgliteSession;
  readonly #settings: PglitePoolOptions;
  #ended = false;

  constructor(session: PgliteSession, settings: PglitePoolOptions) {
    super();
    // Every queue and every worker listens.
    this.setMaxListeners(0);
    this.#session = session;
    this.#settings = settings;
  }

  async query<Row = Record<string, unknown>>(text: string, params?: readonly unknown[]): Promise<SqlResult<Row>> {
    const client = await this.connect();
    try {
      return await client.query<Row>(text, params);
    } finally {
      client.release();
    }
  }

  async connect(): Promise<SqlClient> {
    if (this.#ended) throw new Error(endedMessage);
    const client = new PgliteClient(this.#session, this.#settings, (error) => this.emit('error', error));
    this.emit('connect', client);
    return client;
  }

  /** Closes this door; the session behind it belongs to the engine. */
  async end(): Promise<void> {
    this.#ended = true;
  }
}

class PgliteClient extends EventEmitter implements SqlClient {
  readonly #session: PgliteSession;
  readonly #settings: PglitePoolOptions;
  readonly #report: (error: Error) => void;
  readonly #stopListening: () => void;
  /** The end of what this client was asked so far: its statements run one after the other. */
  #last: Promise<unknown> = Promise.resolve();
  #turn: Turn | null = null;
  #idle: NodeJS.Timeout | undefined;
  #failure: Error | null = null;
  #released = false;

  constructor(session: PgliteSession, settings: PglitePoolOptions, report: (error: Error) => void) {
    super();
    this.setMaxListeners(0);
    this.#session = session;
    this.#settings = settings;
    this.#report = report;
    this.#stopListening = session.onNotification((message) => this.emit('notification', message));
  }

  query<Row = Record<string, unknown>>(text: string, params?: readonly unknown[]): Promise<SqlResult<Row>> {
    if (this.#released) return Promise.reject(new Error('The client was released already'));
    const answer = this.#last.then(() => this.#queryNow<Row>(text, params));
    this.#last = answer.catch(() => {});
    return answer;
  }

  release(_destroy?: Error | boolean): void {
    if (this.#released) throw new Error('Release called on client which has already been released to the pool.');
    this.#released = true;
    this.#stopListening();
    this.#last = this.#last.then(() => this.#giveBack());
  }

  async #queryNow<Row>(text: string, params?: readonly unknown[]): Promise<SqlResult<Row>> {
    clearTimeout(this.#idle);
    if (this.#failure) throw this.#failure;
    const turn = this.#turn ?? (await this.#session.take());
    const inTransaction = this.#turn !== null;
    this.#turn = turn;
    try {
      return await this.#session.run<Row>(this.#settings.searchPath, text, params);
    } catch (error) {
      if (inTransaction && !this.#session.isSound) this.#failure = new Error('The connection was lost in a transaction', { cause: error });
      throw error;
    } finally {
      if (this.#session.inTransaction) this.#idle = setTimeout(() => this.#endIdle(), this.#settings.idleInTransactionMs);
      else this.#endTurn();
    }
  }

  #endIdle(): void {
    this.#failure = new Error(`The transaction was idle for ${this.#settings.idleInTransactionMs} ms and was rolled back`);
    this.#report(this.#failure);
    this.#last = this.#last.then(() => this.#giveBack());
  }

  /** Rolls back what was left open, so that the session is never locked by a client that is gone. */
  async #giveBack(): Promise<void> {
    clearTimeout(this.#idle);
    if (!this.#turn) return;
    try {
      await this.#session.rollBack();
    } catch (error) {
      this.#report(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#endTurn();
    }
  }

  #endTurn(): void {
    this.#turn?.();
    this.#turn = null;
  }
}
