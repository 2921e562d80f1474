/** A record of the tests' own with sealed events in it, on either engine. */
import { sql } from 'kysely';
import { type ChainReport, checkChain } from '../../src/action-center/check-chain.ts';
import { sha256 } from '../../src/ids.ts';
import type { Database } from '../../src/store/database.ts';
import { type Seals, sealStore } from '../../src/store/seals.ts';
import { openHorizon } from '../../src/store/seals-horizon.ts';
import { chainSource } from '../../src/store/seals-read.ts';
import { type EmptyRecord, type engines, openEmptyRecord } from './engines.ts';

export const tenant = 'default';
export const limits = { batch: 10, retire: { seals: 3, events: 1000 } };

export type Record = EmptyRecord & { seals: Seals };

export async function openRecord(make: (typeof engines)[number]['options'], connections = 10): Promise<Record> {
  const record = await openEmptyRecord(make, { max: connections });
  return { ...record, seals: sealStore(record.db, { tenantId: tenant, sha256, signer: null, limits }) };
}

let written = 0;

/** Columns with and without a value, text beyond ASCII, microseconds. */
export async function write(db: Database, count: number, tenantId = tenant): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    written += 1;
    const data = JSON.stringify({
      n: written,
      note: `ü "${written}"`,
      people: [{ upn: 'kim@contoso.example', share: 1.5 }],
      nothing: null,
    });
    await sql`insert into audit_events (tenant_id, action_id, at, kind, actor_id, data)
      values (${tenantId}, ${written % 5 === 0 ? null : `A-${written}`}, now() + ${written} * interval '1 microsecond', 'decided',
        ${written % 3 === 0 ? null : 'alice'}, ${data}::jsonb)`.execute(db);
  }
}

/** Numbers that were drawn and never used, as a rolled back transaction leaves them. */
export async function skip(db: Database, count: number): Promise<void> {
  await sql`select nextval(pg_get_serial_sequence('audit_events', 'seq')::regclass) from generate_series(1, ${count}::int)`.execute(db);
}

/** Everything that can be sealed is, however many batches it takes. Answers how many seals that made. */
export async function sealAll({ db, seals }: Pick<Record, 'db' | 'seals'>, now = Date.now()): Promise<number> {
  const { through } = await openHorizon(db).advance();
  let made = 0;
  while (through !== null && (await seals.seal(through, now)) !== null) made += 1;
  return made;
}

type Check = Partial<Parameters<typeof checkChain>[1]> & { from?: string };

export async function check(trx: Database, { from, ...options }: Check = {}): Promise<ChainReport> {
  return checkChain(await chainSource(trx, tenant, from === undefined ? {} : { from }), { sha256, isSignature: null, ...options });
}

export const checked = (db: Database, options: Check = {}): Promise<ChainReport> => db.transaction().execute((trx) => check(trx, options));

export const briefly = ({ findings }: ChainReport): string[] =>
  findings.map(({ what, seq, number, to }) =>
    [what, seq && `event ${seq}`, number && `seal ${number}`, to && `to ${to}`].filter(Boolean).join(' '),
  );
