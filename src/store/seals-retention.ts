/** Removes the oldest sealed events whole seals at a time, and leaves a seal that says so, so that the rest can still be checked. */
import { sql } from 'kysely';
import { checkChain } from '../action-center/check-chain.ts';
import { type Head, noHash, type Seal } from '../action-center/seal.ts';
import { type Database, at as isoOf } from './database.ts';
import { appendSeal, type Chain, ChainBrokenError, holdHead } from './seals-head.ts';
import { chainSource } from './seals-read.ts';

type OldSeal = Pick<Seal, 'number' | 'kind' | 'firstSeq' | 'lastSeq' | 'count' | 'hash'>;
export type RetireLimits = { seals: number; events: number };

/** Null: nothing is old enough; `busy`: another process is at the chain. Only within a transaction. */
export async function retireSeals(
  trx: Database,
  chain: Chain,
  before: number,
  now: number,
  limits: RetireLimits,
): Promise<Seal | 'busy' | null> {
  const head = await holdHead(trx, chain);
  if (head === null) return 'busy';
  const old = await oldestSeals(trx, chain, before, limits);
  const batches = old.filter(({ kind }) => kind === 'events');
  const [end, first] = [old.at(-1), batches.at(0)];
  if (end === undefined || first === undefined) return null;
  const lastSeq = String(Math.max(...old.map((one) => Number(one.lastSeq))));
  await mustBeSound(trx, chain, { number: end.number, hash: end.hash, lastSeq });
  const count = batches.reduce((sum, one) => sum + Number(one.count), 0);
  const removed = { firstSeq: first.firstSeq, lastSeq, count: String(count), throughNumber: end.number, throughHash: end.hash };
  const seal = await appendSeal(trx, chain, head, { ...removed, kind: 'retention', digest: noHash, marks: '' }, now);
  await remove(trx, chain, { lastSeq, number: end.number, count });
  return seal;
}

/** From the beginning on, as many as one transaction takes. */
async function oldestSeals(trx: Database, { tenantId }: Chain, before: number, limits: RetireLimits): Promise<OldSeal[]> {
  const { rows } = await sql<OldSeal & { isOld: boolean }>`
    select number::text as number, kind, first_seq::text as "firstSeq", last_seq::text as "lastSeq", count::text as count, hash,
      at < ${isoOf(before)}::timestamptz as "isOld"
    from audit_seals where tenant_id = ${tenantId} order by audit_seals.number limit ${limits.seals}`.execute(trx);
  const list: OldSeal[] = [];
  let events = 0;
  for (const { isOld, ...one } of rows) {
    events += one.kind === 'events' ? Number(one.count) : 0;
    if (!isOld || (list.length > 0 && events > limits.events)) break;
    list.push(one);
  }
  return list;
}

/** What was tampered with is evidence, and stays. */
async function mustBeSound(trx: Database, { tenantId, sha256 }: Chain, head: Head): Promise<void> {
  const source = await chainSource(trx, tenantId, { head });
  const { findings } = await checkChain(source, { sha256, isSignature: null, trustStart: true });
  const [first] = findings;
  if (first === undefined) return;
  throw new ChainBrokenError(`nothing is removed: ${first.what}, event ${first.seq ?? '-'}, seal ${first.number ?? '-'}`);
}

async function remove(trx: Database, { tenantId }: Chain, what: { lastSeq: string; number: string; count: number }): Promise<void> {
  await sql`select set_config('countersign.retention', 'on', true)`.execute(trx);
  const gone = await sql`delete from audit_events where tenant_id = ${tenantId} and seq <= ${what.lastSeq}::bigint`.execute(trx);
  await sql`delete from audit_seals where tenant_id = ${tenantId} and number <= ${what.number}::bigint`.execute(trx);
  await sql`select set_config('countersign.retention', '', true)`.execute(trx);
  if (Number(gone.numAffectedRows) !== what.count)
    throw new ChainBrokenError(`nothing is removed: ${gone.numAffectedRows} events instead of ${what.count} would have gone`);
}
