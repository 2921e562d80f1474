/** LinkStore: which Slack account is which person, by sign-ins that the account itself completed. */
import { sql } from 'kysely';
import { EntraId } from '../action-center/action.ts';
import type { AuditEvent } from '../action-center/ports.ts';
import type { Link, LinkStore, SlackAccount } from '../action-center/sign-in-ports.ts';
import { type Database, iso, runPrepared, storing } from './database.ts';
import { addEvent } from './sign-ins.ts';
import type { Tables } from './tables.ts';

type Row = Tables['slack_links'];
const columns = sql.raw('tenant_id, team_id, user_id, entra_id, upn, display_name, linked_at, valid_until');

const linkOf = (row: Row): Link => ({
  teamId: row.team_id,
  userId: row.user_id,
  entraId: EntraId.parse(row.entra_id),
  upn: row.upn,
  displayName: row.display_name,
  since: iso(row.linked_at),
  validUntil: iso(row.valid_until),
});

export function linkStore(db: Database, tenantId: string): LinkStore {
  return {
    of: ({ teamId, userId }) =>
      storing('looking up a link', async () => {
        const [row] = await runPrepared(
          db,
          sql<Row>`select ${columns} from slack_links where tenant_id = ${tenantId} and team_id = ${teamId} and user_id = ${userId}`,
        );
        return row ? linkOf(row) : null;
      }),
    isTaken: (entraId, { teamId, userId }, now) =>
      storing('looking up the links of a person', async () => {
        const rows = await runPrepared(
          db,
          sql<{ user_id: string }>`select user_id from slack_links where tenant_id = ${tenantId} and team_id = ${teamId}
            and entra_id = ${entraId} and user_id <> ${userId} and valid_until > ${now}::timestamptz`,
        );
        return rows.length > 0;
      }),
    accountsOf: (entraId, now) =>
      storing('looking up the accounts of a person', async () => {
        const { rows } = await sql<Row>`select ${columns} from slack_links where tenant_id = ${tenantId} and entra_id = ${entraId}
          and valid_until > ${now}::timestamptz order by linked_at desc limit 5`.execute(db);
        return rows.map(({ team_id: teamId, user_id: userId }) => ({ teamId, userId }));
      }),
    connect: (stateHash, link, event) => storing('storing a link', () => connect(db, tenantId, { stateHash, link, event })),
    remove: (account, eventOf) => storing('removing a link', () => remove(db, tenantId, account, eventOf)),
    list: (after, limit) =>
      storing('listing links', async () => {
        const { rows } = await sql<Row>`select ${columns} from slack_links where tenant_id = ${tenantId}
          and (team_id, user_id) > (${after?.teamId ?? ''}, ${after?.userId ?? ''}) order by team_id, user_id limit ${limit}`.execute(db);
        return rows.map(linkOf);
      }),
  };
}

type Connecting = { stateHash: string; link: Link; event: AuditEvent };

async function connect(db: Database, tenantId: string, { stateHash, link, event }: Connecting): ReturnType<LinkStore['connect']> {
  const { teamId, userId, entraId, upn, displayName, since, validUntil } = link;
  return db.transaction().execute(async (trx) => {
    const { rows: used } =
      await sql`update sign_in_attempts set standing = 'done' where tenant_id = ${tenantId} and state_hash = ${stateHash}
      and standing = 'arrived' and expires_at > ${since}::timestamptz and team_id = ${teamId} and user_id = ${userId}
      and entra_id = ${entraId} returning state_hash`.execute(trx);
    if (used.length === 0) return 'gone';
    const involved = sql`tenant_id = ${tenantId} and team_id = ${teamId} and (user_id = ${userId} or entra_id = ${entraId})`;
    await sql`delete from slack_links where ${involved} and valid_until <= ${since}::timestamptz`.execute(trx);
    await sql`insert into slack_links (tenant_id, team_id, user_id, entra_id, upn, display_name, linked_at, valid_until)
      values (${tenantId}, ${teamId}, ${userId}, ${entraId}, ${upn}, ${displayName}, ${since}::timestamptz, ${validUntil}::timestamptz)
      on conflict do nothing`.execute(trx);
    // Whoever inserts at the same moment was waited for, and is seen now.
    const { rows } = await sql<Row>`select ${columns} from slack_links where ${involved} for update`.execute(trx);
    const other = rows.find((row) => row.user_id !== userId || row.entra_id !== entraId);
    if (other) {
      await sql`update sign_in_attempts set standing = 'ended' where tenant_id = ${tenantId} and state_hash = ${stateHash}`.execute(trx);
      return other.user_id === userId ? 'account-taken' : 'person-taken';
    }
    await sql`update slack_links set upn = ${upn}, display_name = ${displayName}, valid_until = ${validUntil}::timestamptz,
      linked_at = ${since}::timestamptz where ${involved}`.execute(trx);
    await addEvent(trx, tenantId, event);
    return 'linked';
  });
}

async function remove(db: Database, tenantId: string, { teamId, userId }: SlackAccount, eventOf: (link: Link) => AuditEvent) {
  const theirs = sql`tenant_id = ${tenantId} and team_id = ${teamId} and user_id = ${userId}`;
  return db.transaction().execute(async (trx) => {
    await sql`update sign_in_attempts set standing = 'ended' where ${theirs} and kind = 'link' and standing in ('open', 'used', 'arrived')`.execute(
      trx,
    );
    const { rows } = await sql<Row>`delete from slack_links where ${theirs} returning ${columns}`.execute(trx);
    const [row] = rows;
    if (!row) return null;
    const link = linkOf(row);
    await addEvent(trx, tenantId, eventOf(link));
    return link;
  });
}
