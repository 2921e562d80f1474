/** Seals the audit record, one batch a transaction, and removes what is older than it has to be. Reads events; their writers never wait for it. */
import { sql } from 'kysely';
import { describeBatch, type ExactEvent, type Head, type Seal } from '../action-center/seal.ts';
import { type Database, storing } from './database.ts';
import { appendSeal, type Chain, ChainBrokenError, holdHead } from './seals-head.ts';
import { exactEvent, lastSeal, readHead, readUnsealed, type Unsealed } from './seals-read.ts';
import { type RetireLimits, retireSeals } from './seals-retention.ts';

/** `busy`: another process is at the chain at this moment. */
export type Sealed = Seal | 'busy' | null;

export type Seals = {
  /** Closes the next batch of events up to `through` (see seals-horizon.ts); null when there are none. Throws ChainBrokenError. */
  seal(through: string, now: number): Promise<Sealed>;
  /** Removes the oldest seals closed before `before`, with their events; null when there are none. Throws ChainBrokenError. */
  retire(before: number, now: number): Promise<Sealed>;
  head(): Promise<Head | null>;
  last(): Promise<Seal | null>;
  unsealed(head: Head | null): Promise<Unsealed>;
};

type Limits = { batch: number; retire: RetireLimits };
/** Of one transaction. */
const usualLimits: Limits = { batch: 1000, retire: { seals: 2000, events: 10_000 } };

export function sealStore(db: Database, { limits = usualLimits, ...chain }: Chain & { limits?: Limits }): Seals {
  const { tenantId } = chain;
  const inTransaction = (what: string, run: (trx: Database) => Promise<Sealed>) => sealing(what, () => db.transaction().execute(run));
  return {
    seal: (through, now) =>
      inTransaction('sealing the audit record', (trx) => sealBatch(trx, chain, { through, now, limit: limits.batch })),
    retire: (before, now) => inTransaction('removing old audit events', (trx) => retireSeals(trx, chain, before, now, limits.retire)),
    head: () => storing('reading the head of the audit record', () => readHead(db, tenantId)),
    last: () => storing('reading the newest seal', () => lastSeal(db, tenantId)),
    unsealed: (head) => storing('counting what is not sealed yet', () => readUnsealed(db, tenantId, head)),
  };
}

type Batch = { through: string; now: number; limit: number };

async function sealBatch(trx: Database, chain: Chain, { through, now, limit }: Batch): Promise<Sealed> {
  const head = await holdHead(trx, chain);
  if (head === null) return 'busy';
  const { rows } = await sql<ExactEvent>`select ${exactEvent} from audit_events
    where tenant_id = ${chain.tenantId} and seq > ${head.lastSeq}::bigint and seq <= ${through}::bigint
    order by audit_events.seq limit ${limit}`.execute(trx);
  if (rows.length === 0) return null;
  const content = { ...describeBatch(chain.sha256, rows), kind: 'events' as const, throughNumber: null, throughHash: null };
  return appendSeal(trx, chain, head, content, now);
}

/** A broken chain is no trouble of the store: it is told apart. */
async function sealing(what: string, run: () => Promise<Sealed>): Promise<Sealed> {
  const outcome = await storing(what, () =>
    run().catch((error: unknown) => {
      if (error instanceof ChainBrokenError) return error;
      throw error;
    }),
  );
  if (outcome instanceof ChainBrokenError) throw outcome;
  return outcome;
}
