/** Sealing while others write, two sealers, a restart, signatures, retention: the same on both engines. */
import { generateKeyPairSync } from 'node:crypto';
import { setTimeout as beat } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { closeSeal, describeBatch, type ExactEvent, noHash, type Signer, stampOf } from '../../src/action-center/seal.ts';
import { sha256 } from '../../src/ids.ts';
import { openSigner, openVerifier } from '../../src/seal-keys.ts';
import type { Database } from '../../src/store/database.ts';
import { sealStore } from '../../src/store/seals.ts';
import { openHorizon } from '../../src/store/seals-horizon.ts';
import { exactEvent } from '../../src/store/seals-read.ts';
import { engines } from './engines.ts';
import { briefly, check, checked, limits, openRecord, type Record, sealAll, skip, tenant, write } from './sealed-record.ts';

const dayMs = 86_400_000;

function aKey(): { signer: Signer; publicPem: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const signer = openSigner(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  return { signer, publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString() };
}

describe.each(engines)('the seals on $name', ({ options }) => {
  let record: Record;
  let db: Database;

  beforeAll(async () => {
    record = await openRecord(options, 24);
    ({ db } = record);
  });
  beforeEach(() =>
    asAttacker(async (trx) => void (await sql`truncate audit_events, audit_seals, audit_heads restart identity`.execute(trx))),
  );
  afterAll(() => record.close());

  const signedBy = (signer: Signer) => sealStore(db, { tenantId: tenant, sha256, signer, limits });
  const count = async () =>
    Number((await sql<{ n: number }>`select count(*) as n from audit_events where tenant_id = ${tenant}`.execute(db)).rows[0]?.n);

  /** As somebody who may do anything in the database. */
  const asAttacker = (run: (trx: Database) => Promise<void>) =>
    db.transaction().execute(async (trx) => {
      await sql`set local session_replication_role = replica`.execute(trx);
      await run(trx);
    });

  it('refuse to be changed or removed, and so do the events, whatever the session says', async () => {
    await write(db, 5);
    await sealAll(record);
    for (const setting of ['', 'on']) {
      for (const table of ['audit_events', 'audit_seals']) {
        for (const statement of [`update ${table} set tenant_id = 'x'`, `delete from ${table}`, `truncate ${table}`]) {
          const attempt = db.transaction().execute(async (trx) => {
            await sql`select set_config('countersign.retention', ${setting}, true)`.execute(trx);
            await sql.raw(statement).execute(trx);
          });
          await expect(attempt, statement).rejects.toThrow(/append-only/);
        }
      }
    }
  });

  it('hold every event of sixteen writers that two sealers race with', async () => {
    const [one, other] = [record.seals, sealStore(db, { tenantId: tenant, sha256, signer: null, limits })];
    let writing = true;
    let made = 0;
    const several = record.engine.kind !== 'pglite';
    const sealer = async (seals: typeof one) => {
      const horizon = openHorizon(db);
      while (writing) {
        const { through } = await horizon.advance();
        const sealed = through === null ? null : await seals.seal(through, Date.now());
        if (sealed !== null && sealed !== 'busy') made += 1;
        await beat(5);
      }
    };
    const sealing = [sealer(one), sealer(other)];
    let kept = 0;
    const writer = async (number: number, round: number) => {
      const isTakenBack = (number + round) % 4 === 0;
      const write2 = db.transaction().execute(async (trx) => {
        await write(trx, 2);
        if (isTakenBack) throw new Error('taken back');
      });
      if (isTakenBack) return expect(write2).rejects.toThrow('taken back');
      await write2;
      kept += 2;
    };
    try {
      // Until they were in the middle of it, several times; the embedded engine has one session, and nobody is in the middle of anything.
      for (let round = 0; round < 3 || (several && round < 300 && made < 3); round += 1)
        await Promise.all(Array.from({ length: 16 }, (_, number) => writer(number, round)));
    } finally {
      writing = false;
      await Promise.all(sealing);
    }
    await sealAll(record);
    const report = await checked(db);
    expect(briefly(report)).toEqual([]);
    expect(report.events).toBe(await count());
    expect(report.events).toBe(kept);
    if (several) expect(made, 'seals that were made while others wrote').toBeGreaterThanOrEqual(3);
  });

  it('begin once, whoever seals first', async () => {
    for (let round = 0; round < 25; round += 1) {
      await asAttacker(async (trx) => void (await sql`truncate audit_events, audit_seals, audit_heads restart identity`.execute(trx)));
      await write(db, 1);
      const { through } = await openHorizon(db).advance();
      const sealers = Array.from({ length: 8 }, () => sealStore(db, { tenantId: tenant, sha256, signer: null, limits }));
      const sealed = await Promise.all(sealers.map((seals) => seals.seal(through ?? '', Date.now())));
      expect(sealed.filter((one) => one !== null && one !== 'busy')).toHaveLength(1);
    }
  });

  it('never close over a number whose transaction is still open', async ({ skip: skipTest }) => {
    // The embedded engine has one session: while a transaction is open there, nobody else gets a turn.
    skipTest(record.engine.kind === 'pglite');
    await write(db, 3);
    const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
    const { promise: begun, resolve: hasBegun } = Promise.withResolvers<void>();
    const late = db.transaction().execute(async (trx) => {
      await write(trx, 1);
      hasBegun();
      await held;
    });
    await begun;
    await write(db, 20);
    const horizon = openHorizon(db);
    for (let look = 0; look < 3; look += 1) expect(await horizon.advance()).toEqual({ through: null, waiting: true });
    letGo();
    await late;
    const { through } = await horizon.advance();
    expect(Number(through)).toBe(24);
    await sealAll(record);
    const report = await checked(db);
    expect(briefly(report)).toEqual([]);
    expect(report.events).toBe(24);
  });

  it('go on where they were when a sealer dies in the middle', async () => {
    await write(db, 15);
    const dying = sealStore(db, { tenantId: tenant, sha256, limits, signer: { keyId: 'k', sign: () => expect.unreachable('dies') } });
    await record.seals.seal('15', Date.now());
    await expect(dying.seal('15', Date.now())).rejects.toThrow('dies');
    expect(await record.seals.head()).toMatchObject({ number: '1', lastSeq: '10' });
    expect(await sealAll(record)).toBe(1);
    const report = await checked(db);
    expect(briefly(report)).toEqual([]);
    expect(report).toMatchObject({ events: 15, seals: 2 });
  });

  it('make one chain for each tenant', async () => {
    await write(db, 7);
    await write(db, 9, 'other');
    await write(db, 4);
    const others = sealStore(db, { tenantId: 'other', sha256, signer: null, limits });
    await Promise.all([sealAll(record), sealAll({ db, seals: others })]);
    expect(await record.seals.head()).toMatchObject({ number: '2', lastSeq: '20' });
    expect(await others.head()).toMatchObject({ number: '1', lastSeq: '16' });
    await asAttacker(async (trx) => void (await sql`update audit_events set tenant_id = 'other' where seq = 2`.execute(trx)));
    expect(briefly(await checked(db))).toEqual(['event-missing event 2 seal 1']);
  });

  it('can be checked from any of them on', async () => {
    await write(db, 30);
    await sealAll(record);
    await asAttacker(async (trx) => void (await sql`update audit_events set kind = 'refused' where seq in (5, 25)`.execute(trx)));
    expect(briefly(await checked(db))).toEqual(['event-altered event 5 seal 1', 'event-altered event 25 seal 3']);
    const report = await checked(db, { from: '2' });
    expect(briefly(report)).toEqual(['event-altered event 25 seal 3']);
    expect(report.events).toBe(20);
  });

  it('are not built upon once they do not fit', async () => {
    await write(db, 5);
    await sealAll(record);
    await write(db, 5);
    for (const change of [
      sql`update audit_heads set hash = ${noHash}`,
      sql`delete from audit_heads`,
      sql`delete from audit_seals`,
      sql`update audit_seals set count = 4`,
    ]) {
      const attempt = db.transaction().execute(async (trx) => {
        await sql`set local session_replication_role = replica`.execute(trx);
        await change.execute(trx);
        // Savepoints instead of a second transaction: the change is undone with the attempt.
        await sealStoreWithin(trx).seal('10', Date.now());
      });
      await expect(attempt).rejects.toMatchObject({ name: 'ChainBrokenError' });
    }
    expect(await sealAll(record)).toBe(1);
  });

  /** The transactions of the store as parts of the one that is open. */
  function sealStoreWithin(trx: Database) {
    const within = Object.assign(Object.create(trx) as Database, {
      transaction: () => ({ execute: (run: (same: Database) => unknown) => run(trx) }),
    });
    return sealStore(within, { tenantId: tenant, sha256, signer: null, limits });
  }

  describe('with a key', () => {
    /** Makes the whole chain anew over what is there now, as good as it can be done without the right key. */
    async function forge(trx: Database, signer: Signer | null): Promise<void> {
      const { rows } =
        await sql<ExactEvent>`select ${exactEvent} from audit_events where tenant_id = ${tenant} order by audit_events.seq`.execute(trx);
      await sql`delete from audit_seals`.execute(trx);
      const seal = closeSeal(sha256, signer, {
        ...describeBatch(sha256, rows),
        ...{ tenantId: tenant, number: '1', previous: noHash, at: stampOf(0), kind: 'events', throughNumber: null, throughHash: null },
      });
      await sql`insert into audit_seals (tenant_id, number, kind, first_seq, last_seq, count, digest, marks, previous, at, key_id, signature, hash)
        values (${tenant}, 1, 'events', ${seal.firstSeq}::bigint, ${seal.lastSeq}::bigint, ${seal.count}::bigint, ${seal.digest},
          decode(${seal.marks}, 'hex'), ${noHash}, '1970-01-01T00:00:00Z', ${seal.keyId}, ${seal.signature}, ${seal.hash})`.execute(trx);
      await sql`update audit_heads set number = 1, hash = ${seal.hash}, last_seq = ${seal.lastSeq}::bigint`.execute(trx);
    }

    it('are signed, and only the right key fits', async () => {
      const [ours, strange] = [aKey(), aKey()];
      await write(db, 12);
      await sealAll({ db, seals: signedBy(ours.signer) });
      const report = await checked(db, { isSignature: openVerifier(ours.publicPem, 'test') });
      expect(briefly(report)).toEqual([]);
      expect(report.signed).toBe(2);
      const wrong = await checked(db, { isSignature: openVerifier(strange.publicPem, 'test') });
      expect(briefly(wrong)).toEqual(['signature-wrong seal 1', 'signature-wrong seal 2']);
      const flipped = sql`overlay(signature placing (case when signature like 'f%' then 'e' else 'f' end) from 1 for 1)`;
      await asAttacker(async (trx) => void (await sql`update audit_seals set signature = ${flipped} where number = 1`.execute(trx)));
      expect(briefly(await checked(db))).toEqual(['seal-altered seal 1']);
    });

    it('may change their key, and the next seals are checked with either', async () => {
      const [first, second] = [aKey(), aKey()];
      await write(db, 4);
      await sealAll(record);
      for (const { signer } of [first, second]) {
        await write(db, 4);
        await sealAll({ db, seals: signedBy(signer) });
      }
      const isSignature = openVerifier(first.publicPem + second.publicPem, 'test');
      expect(briefly(await checked(db, { isSignature }))).toEqual([]);
      await write(db, 4);
      await sealAll(record);
      expect(briefly(await checked(db, { isSignature }))).toEqual(['seal-unsigned seal 4']);
    });

    it('show a chain that was made anew: by the key, or by a head that was kept elsewhere', async () => {
      const [ours, strange] = [aKey(), aKey()];
      const isSignature = openVerifier(ours.publicPem, 'test');
      await write(db, 12);
      await sealAll({ db, seals: signedBy(ours.signer) });
      const head = await record.seals.head();
      if (head === null) throw new Error('nothing is sealed');
      const { number, hash } = head;
      expect(briefly(await checked(db, { isSignature, expect: { number, hash } }))).toEqual([]);
      await asAttacker(async (trx) => {
        await sql`update audit_events set actor_id = 'mallory' where seq = 3`.execute(trx);
        await forge(trx, null);
      });
      expect(briefly(await checked(db))).toEqual([]);
      expect(briefly(await checked(db, { isSignature }))).toEqual(['seal-unsigned seal 1']);
      expect(briefly(await checked(db, { expect: { number, hash } }))).toEqual(['head-unexpected seal 2']);
      await asAttacker((trx) => forge(trx, strange.signer));
      expect(briefly(await checked(db, { isSignature }))).toEqual(['signature-wrong seal 1']);
    });
  });

  describe('with retention', () => {
    const now = Date.now();
    const old = now - 40 * dayMs;
    const before = now - 30 * dayMs;

    async function retireAll(): Promise<number> {
      let made = 0;
      while ((await record.seals.retire(before, now)) !== null) made += 1;
      return made;
    }

    it('are removed whole with their events, what is left can be checked, and a seal says what went', async () => {
      await write(db, 35);
      await skip(db, 2);
      await sealAll(record, old);
      await write(db, 12);
      await sealAll(record, now);
      await write(db, 3);
      // Three seals at a time: 3 and the retention seal of before, which is as new as now.
      expect(await retireAll()).toBe(2);
      const report = await checked(db);
      expect(briefly(report)).toEqual([]);
      expect(report).toMatchObject({ events: 12, seals: 4 });
      expect(report.first?.number).toBe('5');
      expect(report.last).toMatchObject({ kind: 'retention', number: '8', throughNumber: '4', firstSeq: '31', lastSeq: '35', count: '5' });
      expect(await count()).toBe(15);
      expect(await sealAll(record)).toBe(1);
      expect(briefly(await checked(db))).toEqual([]);
    });

    it('may remove everything that is sealed, and the chain goes on', async () => {
      await write(db, 25);
      await sealAll(record, old);
      expect(await retireAll()).toBe(1);
      expect(briefly(await checked(db))).toEqual([]);
      await write(db, 5);
      await sealAll(record);
      const report = await checked(db);
      expect(briefly(report)).toEqual([]);
      expect(report).toMatchObject({ events: 5, seals: 2 });
    });

    it('do not hide what was changed: it is evidence, and stays', async () => {
      await write(db, 25);
      await sealAll(record, old);
      await asAttacker(async (trx) => void (await sql`update audit_events set kind = 'x' where seq = 17`.execute(trx)));
      await expect(record.seals.retire(before, now)).rejects.toThrow(/nothing is removed: event-altered, event 17, seal 2/);
      expect(await count()).toBe(25);
    });

    it('show what is put back, and what else is removed', async () => {
      await write(db, 45);
      await sealAll(record, old);
      expect(await record.seals.retire(before, now)).not.toBe('busy');
      const trials: [statement: string, findings: string[]][] = [
        [
          `insert into audit_events (seq, tenant_id, at, kind, data) overriding system value values (7, '${tenant}', now(), 'decided', '{}')`,
          ['event-inserted event 7 seal 4'],
        ],
        ['delete from audit_seals where number = 4; delete from audit_events where seq <= 40', ['seal-missing seal 4 to 4']],
        ["delete from audit_seals where kind = 'retention'", ['seal-missing seal 1 to 3', 'seal-missing seal 6 to 6']],
        ["update audit_seals set through_number = 4 where kind = 'retention'", ['seal-missing seal 1 to 3', 'seal-altered seal 6']],
        [
          'insert into audit_seals select tenant_id, 3, kind, first_seq, last_seq, count, digest, marks, previous, at, through_number, through_hash, key_id, signature, hash from audit_seals where number = 4',
          ['seal-inserted seal 3 to 3'],
        ],
      ];
      for (const [statements, findings] of trials) {
        const rolledBack = new Error('rolled back');
        const trial = asAttacker(async (trx) => {
          for (const statement of statements.split('; ')) await sql.raw(statement).execute(trx);
          expect(briefly(await check(trx)).slice(0, findings.length), statements).toEqual(findings);
          throw rolledBack;
        });
        await expect(trial).rejects.toBe(rolledBack);
      }
    });
  });
});
