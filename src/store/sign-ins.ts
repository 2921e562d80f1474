/** SignInAttempts: what chat asked people to sign in for. A state is used once, a code by its own account alone. */
import { sql } from 'kysely';
import { EntraId } from '../action-center/action.ts';
import type { AuditEvent } from '../action-center/ports.ts';
import type { Arrival, Attempt, Denied, SignInAttempts, SignInPurpose, SlackAccount, TypedCode } from '../action-center/sign-in-ports.ts';
import { type Database, iso, json, storing } from './database.ts';
import type { Tables } from './tables.ts';

type Row = Pick<Tables['sign_in_attempts'], 'state_hash' | 'kind' | 'team_id' | 'user_id' | 'account_name' | 'entra_id' | 'expires_at'>;

const columns = sql.raw('state_hash, kind, team_id, user_id, account_name, entra_id, expires_at');

function purposeOf(row: Omit<Row, 'state_hash' | 'expires_at'>): SignInPurpose {
  if (row.kind === 'step-up') return { kind: 'step-up', entraId: EntraId.parse(row.entra_id) };
  const account = { teamId: row.team_id ?? '', userId: row.user_id ?? '' };
  return { kind: 'link', account, accountName: row.account_name };
}

const attemptOf = (row: Row): Attempt => ({ stateHash: row.state_hash, purpose: purposeOf(row), expiresAt: iso(row.expires_at) });

export function signInAttempts(db: Database, tenantId: string): SignInAttempts {
  return {
    open: (attempt, keep) => storing('beginning a sign-in', () => open(db, tenantId, attempt, keep)),
    find: (stateHash, now) =>
      storing('looking up a sign-in', async () => {
        const { rows } = await sql<Row>`select ${columns} from sign_in_attempts where tenant_id = ${tenantId}
          and state_hash = ${stateHash} and standing = 'open' and expires_at > ${now}::timestamptz`.execute(db);
        return rows[0] ? attemptOf(rows[0]) : null;
      }),
    take: (stateHash, now) => storing('using a sign-in up', () => take(db, tenantId, stateHash, now)),
    arrived: (stateHash, arrival) => storing('storing a sign-in', () => arrived(db, tenantId, stateHash, arrival)),
    end: (stateHash) =>
      storing('ending a sign-in', async () => {
        await sql`update sign_in_attempts set standing = 'ended' where tenant_id = ${tenantId} and state_hash = ${stateHash}
          and standing <> 'done'`.execute(db);
      }),
    typed: (account, codeHash, options) => storing('checking a code', () => typed(db, tenantId, { account, codeHash, ...options })),
    deny: (denyHash, eventOf) => storing('denying a sign-in', () => deny(db, tenantId, denyHash, eventOf)),
    lastProof: (entraId, since) =>
      storing('looking up a fresh sign-in', async () => {
        const { rows } = await sql<{ proved_at: Date | null }>`select max(proved_at) as proved_at from sign_in_attempts
          where tenant_id = ${tenantId} and entra_id = ${entraId} and kind = 'step-up' and standing = 'arrived'
          and proved_at >= ${since}::timestamptz`.execute(db);
        const last = rows[0]?.proved_at ?? null;
        return last === null ? null : iso(last);
      }),
    forget: (before) =>
      storing('removing old sign-ins', async () => {
        const { rows } = await sql<{ state_hash: string }>`delete from sign_in_attempts where tenant_id = ${tenantId}
          and created_at < ${before}::timestamptz returning state_hash`.execute(db);
        return rows.length;
      }),
  };
}

/** Those that nobody came back from are removed, so that asking again and again leaves no more than `keep` rows. */
async function open(db: Database, tenantId: string, { stateHash, purpose, at, expiresAt }: Attempt & { at: string }, keep: number) {
  const { account, accountName } = purpose.kind === 'link' ? purpose : { account: null, accountName: null };
  const entraId = purpose.kind === 'step-up' ? purpose.entraId : null;
  const same =
    account === null
      ? sql`kind = 'step-up' and entra_id = ${entraId} and standing = 'open'`
      : sql`kind = 'link' and team_id = ${account.teamId} and user_id = ${account.userId} and standing in ('open', 'arrived')`;
  await sql`
    with older as (
      select state_hash from sign_in_attempts where tenant_id = ${tenantId} and ${same} order by created_at desc, state_hash offset ${keep - 1}),
    dropped as (delete from sign_in_attempts where tenant_id = ${tenantId} and state_hash in (select state_hash from older))
    insert into sign_in_attempts (tenant_id, state_hash, kind, team_id, user_id, account_name, entra_id, standing, created_at, expires_at)
    values (${tenantId}, ${stateHash}, ${purpose.kind}, ${account?.teamId ?? null}, ${account?.userId ?? null}, ${accountName}, ${entraId},
      'open', ${at}::timestamptz, ${expiresAt}::timestamptz)`.execute(db);
}

async function take(db: Database, tenantId: string, stateHash: string, now: string): Promise<Awaited<ReturnType<SignInAttempts['take']>>> {
  const { rows } = await sql<Row & { taken: boolean }>`
    with taken as (
      update sign_in_attempts set standing = 'used' where tenant_id = ${tenantId} and state_hash = ${stateHash} and standing = 'open'
        and expires_at > ${now}::timestamptz returning state_hash)
    select ${columns}, standing, exists (select 1 from taken) as taken from sign_in_attempts
    where tenant_id = ${tenantId} and state_hash = ${stateHash}`.execute(db);
  const row = rows[0] as (Row & { taken: boolean; standing: string }) | undefined;
  if (!row) return null;
  // Of two that come at once the slower one still sees `open` here, and has taken nothing.
  const isLate = row.standing === 'open' && iso(row.expires_at) <= now;
  return { attempt: attemptOf(row), standing: row.taken ? 'taken' : isLate ? 'expired' : 'used' };
}

async function arrived(db: Database, tenantId: string, stateHash: string, arrival: Arrival): Promise<void> {
  const { entraId, denyHash, expiresAt } = arrival;
  const [codeHash, provedAt] = 'codeHash' in arrival ? [arrival.codeHash, null] : [null, arrival.provedAt];
  await sql`update sign_in_attempts set standing = 'arrived', entra_id = ${entraId}, deny_hash = ${denyHash}, code_hash = ${codeHash},
    proved_at = ${provedAt}::timestamptz, expires_at = ${expiresAt}::timestamptz
    where tenant_id = ${tenantId} and state_hash = ${stateHash} and standing = 'used'`.execute(db);
}

type Typing = { account: SlackAccount; codeHash: string; now: string; maxTries: number };

/** One statement, so that tries made at the same moment count each. */
async function typed(db: Database, tenantId: string, { account, codeHash, now, maxTries }: Typing): Promise<TypedCode> {
  const waiting = sql`tenant_id = ${tenantId} and kind = 'link' and standing = 'arrived' and expires_at > ${now}::timestamptz`;
  const own = sql`team_id = ${account.teamId} and user_id = ${account.userId}`;
  const { rows } = await sql<{
    what: 'match' | 'foreign' | 'wrong';
    state_hash: string;
    entra_id: string;
    user_id: string;
    team_id: string;
    tries: number;
  }>`
    with matching as (select state_hash, entra_id, team_id, user_id, tries from sign_in_attempts where ${waiting} and ${own} and code_hash = ${codeHash}),
    exposed as (
      update sign_in_attempts set standing = 'ended' where ${waiting} and not (${own}) and code_hash = ${codeHash}
        and not exists (select 1 from matching) returning state_hash, entra_id, team_id, user_id, tries),
    missed as (
      update sign_in_attempts set tries = tries + 1, standing = case when tries + 1 >= ${maxTries} then 'ended' else standing end
        where ${waiting} and ${own} and not exists (select 1 from matching) returning state_hash, entra_id, team_id, user_id, tries)
    select 'match' as what, * from matching union all select 'foreign', * from exposed union all select 'wrong', * from missed`.execute(db);
  const match = rows.find(({ what }) => what === 'match');
  if (match) return { kind: 'match', stateHash: match.state_hash, entraId: EntraId.parse(match.entra_id) };
  const foreign = rows.find(({ what }) => what === 'foreign');
  const owner = foreign && { teamId: foreign.team_id, userId: foreign.user_id };
  if (foreign && owner) return { kind: 'foreign', owner, entraId: EntraId.parse(foreign.entra_id) };
  if (rows.length === 0) return { kind: 'nothing-waits' };
  return { kind: 'wrong', left: Math.max(0, ...rows.map(({ tries }) => maxTries - tries)) };
}

/** Also after the code was typed: then the link that came of it goes. */
async function deny(db: Database, tenantId: string, denyHash: string, eventOf: (denied: Denied) => AuditEvent): Promise<Denied | null> {
  return db.transaction().execute(async (trx) => {
    const { rows } = await sql<Row & { standing: string }>`select ${columns}, standing from sign_in_attempts
      where tenant_id = ${tenantId} and deny_hash = ${denyHash} and standing in ('arrived', 'done') for update`.execute(trx);
    const [row] = rows;
    if (!row) return null;
    await sql`update sign_in_attempts set standing = 'ended' where tenant_id = ${tenantId} and state_hash = ${row.state_hash}`.execute(trx);
    if (row.standing === 'done') {
      await sql`delete from slack_links where tenant_id = ${tenantId} and team_id = ${row.team_id} and user_id = ${row.user_id}
        and entra_id = ${row.entra_id}`.execute(trx);
    }
    const undone = row.kind === 'step-up' ? 'proof' : row.standing === 'done' ? 'link' : 'code';
    const denied: Denied = { purpose: purposeOf(row), entraId: EntraId.parse(row.entra_id), undone };
    await addEvent(trx, tenantId, eventOf(denied));
    return denied;
  });
}

export async function addEvent(db: Database, tenantId: string, { at, kind, actorId, data }: AuditEvent): Promise<void> {
  await sql`insert into audit_events (tenant_id, action_id, at, kind, actor_id, data)
    values (${tenantId}, null, ${at}::timestamptz, ${kind}, ${actorId}, ${json(data)}::jsonb)`.execute(db);
}
