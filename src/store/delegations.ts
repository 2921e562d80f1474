/** DelegationStore: who stands in for whom, and until when. */
import { type RawBuilder, sql } from 'kysely';
import { EntraId } from '../action-center/action.ts';
import type { Delegation, DelegationStore } from '../action-center/delegation.ts';
import { type Database, iso, json, storing } from './database.ts';
import { addEvent } from './sign-ins.ts';
import type { DelegationRow } from './telling-tables.ts';

const columns = sql.raw(
  `delegation_id, tenant_id, entra_id, display_name, upn, stand_in, stand_in_name, stand_in_upn, from_at, until_at, because, made_at, ended_at`,
);

const delegationOf = (row: DelegationRow): Delegation => ({
  id: row.delegation_id,
  entraId: EntraId.parse(row.entra_id),
  displayName: row.display_name,
  upn: row.upn,
  standIn: EntraId.parse(row.stand_in),
  standInName: row.stand_in_name,
  standInUpn: row.stand_in_upn,
  from: iso(row.from_at),
  until: iso(row.until_at),
  because: row.because,
  madeAt: iso(row.made_at),
  endedAt: row.ended_at === null ? null : iso(row.ended_at),
});

/** Of one person few are open at once: they may not overlap. */
const most = 50;

/** One at a time: two that would make a circle must not pass each other. */
async function add(
  db: Database,
  tenantId: string,
  [delegation, event, notice]: Parameters<DelegationStore['add']>,
): Promise<Delegation | null> {
  const { id, entraId, standIn, from, until } = delegation;
  return db.transaction().execute(async (trx) => {
    await sql`lock table delegations in share row exclusive mode`.execute(trx);
    const { rows } = await sql<DelegationRow>`select ${columns} from delegations where tenant_id = ${tenantId} and ended_at is null
      and from_at < ${until}::timestamptz and until_at > ${from}::timestamptz
      and (entra_id in (${entraId}, ${standIn}) or stand_in = ${entraId}) order by (entra_id = ${entraId}) desc, from_at limit 1`.execute(
      trx,
    );
    const [other] = rows;
    if (other) return delegationOf(other);
    await sql`insert into delegations (${columns}) values (${id}, ${tenantId}, ${entraId}, ${delegation.displayName}, ${delegation.upn}, ${standIn},
      ${delegation.standInName}, ${delegation.standInUpn}, ${from}::timestamptz, ${until}::timestamptz, ${delegation.because},
      ${delegation.madeAt}::timestamptz, null)`.execute(trx);
    await addEvent(trx, tenantId, event);
    if (notice !== null) {
      const { platform, conversation } = notice.target;
      await sql`insert into cards (card_id, tenant_id, action_id, platform, conversation, kind, note, wanted_version, next_try_at, created_at)
        values (${notice.noticeId}, ${tenantId}, null, ${platform}, ${conversation}, 'notice', ${json(event)}::jsonb, 1, ${event.at}::timestamptz,
          ${event.at}::timestamptz)`.execute(trx);
    }
    return null;
  });
}

export function delegationStore(db: Database, tenantId: string): DelegationStore {
  const select = async (where: RawBuilder<unknown>, limit: number): Promise<Delegation[]> => {
    const { rows } =
      await sql<DelegationRow>`select ${columns} from delegations where tenant_id = ${tenantId} and ended_at is null and ${where}
      limit ${limit}`.execute(db);
    return rows.map(delegationOf);
  };
  return {
    add: (...given) => storing('storing a delegation', () => add(db, tenantId, given)),
    of: (entraId, now) =>
      storing('reading delegations', () =>
        select(
          sql`(entra_id = ${entraId} or stand_in = ${entraId}) and until_at > ${now}::timestamptz order by from_at, delegation_id`,
          most,
        ),
      ),
    current: (entraId, now) =>
      storing('reading a delegation', async () => {
        const found = await select(
          sql`entra_id = ${entraId} and from_at <= ${now}::timestamptz and until_at > ${now}::timestamptz order by from_at`,
          1,
        );
        return found[0] ?? null;
      }),
    end: (which, now, eventOf) =>
      storing('ending delegations', () =>
        db.transaction().execute(async (trx) => {
          const theirs = 'id' in which ? sql`delegation_id = ${which.id}` : sql`entra_id = ${which.entraId}`;
          const { rows } = await sql<DelegationRow>`update delegations set ended_at = ${now}::timestamptz where tenant_id = ${tenantId}
            and ended_at is null and until_at > ${now}::timestamptz and ${theirs} returning ${columns}`.execute(trx);
          const ended = rows.map(delegationOf);
          for (const one of ended) await addEvent(trx, tenantId, eventOf(one));
          return ended;
        }),
      ),
    list: (now, after, limit) =>
      storing('listing delegations', () =>
        select(sql`until_at > ${now}::timestamptz and delegation_id > ${after ?? ''} order by delegation_id`, limit),
      ),
  };
}
