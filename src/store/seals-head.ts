/** The end of a tenant's chain of seals: held by one process at a time, looked at before anything is built on it. */
import { sql } from 'kysely';
import {
  closeSeal,
  type Head,
  isWhole,
  noHash,
  type Seal,
  type SealBody,
  type Sha256,
  type Signer,
  stampOf,
} from '../action-center/seal.ts';
import { type Database, at as isoOf } from './database.ts';
import { lastSeal, readHead } from './seals-read.ts';

/** The chain is not what was left behind: nothing is built on it, and an operator must know. */
export class ChainBrokenError extends Error {
  override name = 'ChainBrokenError' as const;
}

export type Chain = { tenantId: string; sha256: Sha256; signer: Signer | null };

/** Locks the head for this transaction. Null: another process holds it. */
export async function holdHead(trx: Database, { tenantId, sha256 }: Chain): Promise<Head | null> {
  const hold = async () => {
    const { rows } = await sql<Head>`select number::text as number, hash, last_seq::text as "lastSeq" from audit_heads
      where tenant_id = ${tenantId} for update skip locked`.execute(trx);
    return rows[0] ?? null;
  };
  let head = await hold();
  if (head === null) {
    if ((await readHead(trx, tenantId)) !== null) return null;
    head = await firstHead(trx, tenantId, hold);
  }
  if (head === null) return null;
  const last = await lastSeal(trx, tenantId);
  const fits = last === null ? head.number === '0' : last.number === head.number && last.hash === head.hash;
  if (!fits)
    throw new ChainBrokenError(`the head says seal ${head.number}; the newest seal is ${last?.number ?? 'missing'}, or another one`);
  if (last !== null && !isWhole(sha256, last)) throw new ChainBrokenError(`seal ${last.number} was altered`);
  return head;
}

async function firstHead(trx: Database, tenantId: string, hold: () => Promise<Head | null>): Promise<Head | null> {
  if ((await lastSeal(trx, tenantId)) !== null) {
    // Between the look for the head and this one another process may have made both.
    if ((await readHead(trx, tenantId)) !== null) return null;
    throw new ChainBrokenError('the head is missing, and there are seals');
  }
  await sql`insert into audit_heads (tenant_id, number, hash, last_seq) values (${tenantId}, 0, ${noHash}, 0) on conflict do nothing`.execute(
    trx,
  );
  return hold();
}

type Content = Omit<SealBody, 'tenantId' | 'number' | 'previous' | 'at' | 'keyId'>;

/** Closes the next seal; only within a transaction that holds the head. */
export async function appendSeal(
  trx: Database,
  { tenantId, sha256, signer }: Chain,
  head: Head,
  content: Content,
  now: number,
): Promise<Seal> {
  const place = { tenantId, number: String(Number(head.number) + 1), previous: head.hash, at: stampOf(now) };
  const seal = closeSeal(sha256, signer, { ...content, ...place });
  await sql`insert into audit_seals (tenant_id, number, kind, first_seq, last_seq, count, digest, marks, previous, at, through_number, through_hash,
      key_id, signature, hash)
    values (${tenantId}, ${seal.number}::bigint, ${seal.kind}, ${seal.firstSeq}::bigint, ${seal.lastSeq}::bigint, ${seal.count}::bigint,
      ${seal.digest}, decode(${seal.marks}, 'hex'), ${seal.previous}, ${isoOf(now)}::timestamptz, ${seal.throughNumber}::bigint,
      ${seal.throughHash}, ${seal.keyId}, ${seal.signature}, ${seal.hash})`.execute(trx);
  const sealedThrough = seal.kind === 'events' ? seal.lastSeq : head.lastSeq;
  await sql`update audit_heads set number = ${seal.number}::bigint, hash = ${seal.hash}, last_seq = ${sealedThrough}::bigint
    where tenant_id = ${tenantId}`.execute(trx);
  return seal;
}
