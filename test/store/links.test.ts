/** Attempts to sign in and the links that come of them: the same on PostgreSQL and on PGlite. */
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EntraId } from '../../src/action-center/action.ts';
import type { AuditEvent } from '../../src/action-center/ports.ts';
import type { Link, LinkStore, SignInAttempts, SignInPurpose, SlackAccount } from '../../src/action-center/sign-in-ports.ts';
import type { Database } from '../../src/store/database.ts';
import { linkStore } from '../../src/store/links.ts';
import { signInAttempts } from '../../src/store/sign-ins.ts';
import { type EmptyRecord, engines, openEmptyRecord } from './engines.ts';

const minuteMs = 60_000;
const start = Date.parse('2026-11-21T08:00:00Z');
const time = (minutes: number) => new Date(start + minutes * minuteMs).toISOString();
const now = time(0);
const person = (number: number) => EntraId.parse(`7f0c1c1e-52a4-4b0e-9a53-${String(number).padStart(12, '0')}`);
const event: AuditEvent = { kind: 'linked', at: now, actorId: null, data: {} };

describe.each(engines)('on $name', ({ options: make }) => {
  let record: EmptyRecord;
  let db: Database;
  let attempts: SignInAttempts;
  let links: LinkStore;

  beforeAll(async () => {
    record = await openEmptyRecord(make);
    ({ db } = record);
    attempts = signInAttempts(db, 'default');
    links = linkStore(db, 'default');
  }, 60_000);
  afterAll(() => record.close());

  let made = 0;
  const fresh = (what: string) => {
    made += 1;
    return `${what}-${made}`;
  };
  const account = (): SlackAccount => ({ teamId: 'T1', userId: fresh('U') });
  async function begun(purpose: SignInPurpose, at = 0): Promise<string> {
    const stateHash = fresh('state');
    await attempts.open({ stateHash, purpose, at: time(at), expiresAt: time(at + 10) }, 5);
    return stateHash;
  }
  const forLink = (of: SlackAccount): SignInPurpose => ({ kind: 'link', account: of, accountName: 'somebody' });
  /** Up to the code on the page. */
  async function waiting(
    of: SlackAccount,
    entraId = person(1),
    at = 0,
  ): Promise<{ stateHash: string; codeHash: string; denyHash: string }> {
    const stateHash = await begun(forLink(of), at);
    await attempts.take(stateHash, time(at));
    const hashes = { codeHash: fresh('code'), denyHash: fresh('deny') };
    await attempts.arrived(stateHash, { entraId, ...hashes, at: time(at), expiresAt: time(at + 10) });
    return { stateHash, ...hashes };
  }
  const linkOf = (of: SlackAccount, entraId: EntraId, since = now, validUntil = time(1000)): Link => ({
    ...of,
    entraId,
    upn: 'alice@contoso.example',
    displayName: 'Alice Adams',
    since,
    validUntil,
  });
  async function connected(of: SlackAccount, entraId: EntraId, at = 0, until = 1000) {
    const { stateHash } = await waiting(of, entraId, at);
    return links.connect(stateHash, linkOf(of, entraId, time(at), time(until)), event);
  }
  const options = (minutes = 1) => ({ now: time(minutes), maxTries: 5 });

  describe('an address', () => {
    it('is used once, also by two at the same moment', async () => {
      const stateHash = await begun(forLink(account()));
      expect(await attempts.find(stateHash, now)).toMatchObject({ stateHash });
      const both = await Promise.all([attempts.take(stateHash, now), attempts.take(stateHash, now)]);
      expect(both.map((one) => one?.standing).sort()).toEqual(['taken', 'used']);
      expect(await attempts.find(stateHash, now)).toBeNull();
      expect(await attempts.take('never', now)).toBeNull();
    });

    it('works for its time, and not in another deployment', async () => {
      const stateHash = await begun(forLink(account()));
      expect(await signInAttempts(db, 'other').take(stateHash, now)).toBeNull();
      expect(await attempts.find(stateHash, time(11))).toBeNull();
      expect((await attempts.take(stateHash, time(11)))?.standing).toBe('expired');
      expect((await attempts.take(stateHash, time(9)))?.standing).toBe('taken');
    });

    it('is one of the five newest of its account', async () => {
      const of = account();
      const states: string[] = [];
      for (let minute = 0; minute < 6; minute += 1) states.push(await begun(forLink(of), minute));
      const other = await begun(forLink(account()));
      const found = await Promise.all([...states, other].map((state) => attempts.find(state, time(6))));
      expect(found.map((one) => one !== null)).toEqual([false, true, true, true, true, true, true]);
      const stepUps: string[] = [];
      for (let minute = 0; minute < 6; minute += 1) stepUps.push(await begun({ kind: 'step-up', entraId: person(40) }, minute));
      expect(await attempts.find(stepUps[0] ?? '', time(6))).toBeNull();
      expect(await attempts.find(stepUps[5] ?? '', time(6))).toMatchObject({ purpose: { kind: 'step-up', entraId: person(40) } });
    });

    it('is forgotten after a day, and only then', async () => {
      const old = await begun(forLink(account()), -2000);
      const young = await begun(forLink(account()), -1000);
      expect(await attempts.forget(time(-1440))).toBe(1);
      expect(await attempts.take(old, now)).toBeNull();
      expect((await attempts.take(young, now))?.standing).toBe('expired');
    });
  });

  describe('a code', () => {
    it('is good for its own account, for its time', async () => {
      const of = account();
      const { stateHash, codeHash } = await waiting(of);
      expect(await attempts.typed(of, codeHash, options(11))).toEqual({ kind: 'nothing-waits' });
      expect(await attempts.typed(of, codeHash, options())).toEqual({ kind: 'match', stateHash, entraId: person(1) });
    });

    it('ends when another account types it, without a try of that account’s own', async () => {
      const [of, other] = [account(), account()];
      const { codeHash } = await waiting(of);
      const own = await waiting(other, person(2));
      expect(await attempts.typed(other, codeHash, options())).toEqual({ kind: 'foreign', owner: of, entraId: person(1) });
      expect(await attempts.typed(of, codeHash, options())).toEqual({ kind: 'nothing-waits' });
      expect(await attempts.typed(other, own.codeHash, options())).toMatchObject({ kind: 'match' });
    });

    it('may be missed four times, also when tried at the same moment', async () => {
      const of = account();
      const { codeHash } = await waiting(of);
      const tries = await Promise.all(Array.from({ length: 20 }, (_, index) => attempts.typed(of, `guess-${index}`, options())));
      expect(tries.filter(({ kind }) => kind === 'wrong')).toHaveLength(5);
      expect(await attempts.typed(of, codeHash, options())).toEqual({ kind: 'nothing-waits' });
    });
  });

  describe('a link', () => {
    it('is made once of each sign-in, and renewed by another one', async () => {
      const of = account();
      const { stateHash } = await waiting(of, person(3));
      const both = await Promise.all([1, 2].map(() => links.connect(stateHash, linkOf(of, person(3)), event)));
      expect(both.sort()).toEqual(['gone', 'linked']);
      expect(await connected(of, person(3), 5, 2000)).toBe('linked');
      expect(await links.of(of)).toEqual(linkOf(of, person(3), time(5), time(2000)));
    });

    it('is the only one of its person in a workspace, and of its account', async () => {
      const [of, other] = [account(), account()];
      expect(await connected(of, person(4))).toBe('linked');
      expect(await connected(other, person(4))).toBe('person-taken');
      expect(await connected(of, person(5))).toBe('account-taken');
      expect(await connected({ ...other, teamId: 'T2' }, person(4))).toBe('linked');
      expect(await links.isTaken(person(4), other, now)).toBe(true);
      expect(await links.isTaken(person(4), of, now)).toBe(false);
      expect(await links.of(of)).toMatchObject({ entraId: person(4) });
      expect(await links.of(other)).toBeNull();
    });

    it('goes to one of two accounts that claim a person at the same moment', async () => {
      const accounts = [account(), account()];
      const results = await Promise.all(accounts.map((of) => connected(of, person(6))));
      expect(results.sort()).toEqual(['linked', 'person-taken']);
      expect((await Promise.all(accounts.map((of) => links.of(of)))).filter(Boolean)).toHaveLength(1);
    });

    it('makes room once it has run out', async () => {
      const [of, other] = [account(), account()];
      await connected(of, person(7), 0, 5);
      expect(await links.isTaken(person(7), other, time(6))).toBe(false);
      expect(await connected(other, person(7), 6)).toBe('linked');
      expect(await links.of(of)).toBeNull();
    });

    it('cannot be made of a sign-in by another person or account', async () => {
      const [of, other] = [account(), account()];
      const { stateHash } = await waiting(of, person(8));
      expect(await links.connect(stateHash, linkOf(of, person(9)), event)).toBe('gone');
      expect(await links.connect(stateHash, linkOf(other, person(8)), event)).toBe('gone');
    });

    it('is removed once, with every sign-in that was under way', async () => {
      const of = account();
      await connected(of, person(10));
      const { codeHash } = await waiting(of, person(10));
      const removed = await links.remove(of, ({ entraId }) => ({ ...event, kind: 'unlinked', actorId: entraId }));
      expect(removed).toMatchObject({ entraId: person(10) });
      expect(await links.remove(of, () => event)).toBeNull();
      expect(await attempts.typed(of, codeHash, options())).toEqual({ kind: 'nothing-waits' });
    });

    it('is listed in pages', async () => {
      const all = await links.list(null, 100);
      expect(all.length).toBeGreaterThan(3);
      const first = await links.list(null, 2);
      expect([...first, ...(await links.list(first[1] ?? null, 100))]).toEqual(all);
    });
  });

  describe('a denial', () => {
    const denied = () => ({ ...event, kind: 'refused' as const });

    it('ends the code, the link or the proof, once', async () => {
      const of = account();
      const { codeHash, denyHash } = await waiting(of, person(11));
      expect(await attempts.deny(denyHash, denied)).toMatchObject({ undone: 'code', entraId: person(11) });
      expect(await attempts.deny(denyHash, denied)).toBeNull();
      expect(await attempts.typed(of, codeHash, options())).toEqual({ kind: 'nothing-waits' });

      const second = await waiting(of, person(11));
      await links.connect(second.stateHash, linkOf(of, person(11)), event);
      expect(await attempts.deny(second.denyHash, denied)).toMatchObject({ undone: 'link' });
      expect(await links.of(of)).toBeNull();
    });
  });

  describe('a fresh sign-in', () => {
    it('is found for its person, from when it was, until it is denied', async () => {
      const stateHash = await begun({ kind: 'step-up', entraId: person(12) });
      await attempts.take(stateHash, now);
      const denyHash = fresh('deny');
      expect(await attempts.lastProof(person(12), time(-60))).toBeNull();
      await attempts.arrived(stateHash, { entraId: person(12), denyHash, provedAt: time(-1), at: now, expiresAt: time(10) });
      expect(await attempts.lastProof(person(12), time(-1))).toBe(time(-1));
      expect(await attempts.lastProof(person(12), now)).toBeNull();
      expect(await attempts.lastProof(person(13), time(-60))).toBeNull();
      expect(await attempts.deny(denyHash, () => event)).toMatchObject({ undone: 'proof' });
      expect(await attempts.lastProof(person(12), time(-60))).toBeNull();
    });
  });

  it('no secret is in the tables, and a change without its event is not made', async () => {
    const { rows } = await sql<{ column_name: string }>`select column_name from information_schema.columns
      where table_name = 'sign_in_attempts'`.execute(db);
    const names = rows.map(({ column_name: name }) => name);
    expect(names).toContain('state_hash');
    expect(names.filter((name) => /token|verifier|^code$|^state$/.test(name))).toEqual([]);
    const of = account();
    await connected(of, person(14));
    await expect(links.remove(of, () => ({ ...event, at: 'never' }))).rejects.toMatchObject({ service: 'store' });
    expect(await links.of(of)).not.toBeNull();
  });
});
