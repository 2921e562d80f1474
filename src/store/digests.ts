/** DigestStore: who gets a digest when, and what was made. */
import { type RawBuilder, sql } from 'kysely';
import { EntraId, type Platform } from '../action-center/action.ts';
import type { DigestPlan, DigestStore, MadeDigest, NewDigest, StandingPlan } from '../action-center/digest.ts';
import { DigestFigures } from '../action-center/digest-figures.ts';
import { DigestSchedule, nextDue } from '../action-center/digest-schedule.ts';
import type { CardTarget } from '../action-center/ports.ts';
import { type Database, iso, json, storing } from './database.ts';
import { readFigures } from './digest-figures.ts';
import type { DigestPlanRow } from './telling-tables.ts';

/** Longer than anything could be made late or shown again. */
const keptFor = sql.raw("interval '180 days'");
const mostPlans = 50;

const planOf = (row: DigestPlanRow): StandingPlan => ({
  planKey: row.plan_key,
  target: { platform: row.platform, conversation: row.target },
  entraId: row.entra_id === null ? null : EntraId.parse(row.entra_id),
  schedule: DigestSchedule.parse(row.schedule),
  servedAt: iso(row.served_at),
  nextAt: row.next_at === null ? null : iso(row.next_at),
  withheld: row.withheld,
});

const isPlan = (tenantId: string, { planKey, target }: DigestPlan): RawBuilder<unknown> => sql`tenant_id = ${tenantId}
  and plan_key = ${planKey} and platform = ${target.platform} and target = ${target.conversation}`;

/** Personal plans are everybody's business, those of the policy only while it names them. */
const served = (keys: readonly string[]): RawBuilder<unknown> => sql`(entra_id is not null or plan_key = any (${[...keys]}::text[]))`;

type Policy = { plans: readonly DigestPlan[]; platforms: readonly Platform[]; now: string };

const nameOf = ({ planKey, target }: DigestPlan): string => `${planKey} ${target.platform} ${target.conversation}`;

async function keepPlans(db: Database, tenantId: string, { plans, platforms, now }: Policy): Promise<void> {
  // Taken up again later, a plan must not be told of what it missed meanwhile.
  await sql`delete from digest_plans where tenant_id = ${tenantId} and entra_id is null and platform = any (${[...platforms]}::text[])
    and not plan_key || ' ' || platform || ' ' || target = any (${plans.map(nameOf)}::text[])`.execute(db);
  for (const plan of plans) {
    const { planKey, target, schedule } = plan;
    const { rows } = await sql<{ served_at: Date }>`
      insert into digest_plans (tenant_id, plan_key, platform, target, schedule, served_at)
      values (${tenantId}, ${planKey}, ${target.platform}, ${target.conversation}, ${json(schedule)}::jsonb, ${now}::timestamptz)
      on conflict (tenant_id, plan_key, platform, target) do update set schedule = excluded.schedule returning served_at`.execute(db);
    const since = iso(rows[0]?.served_at ?? now);
    // Holidays may have changed: the next one is found anew.
    await sql`update digest_plans set next_at = ${nextDue(schedule, since)}::timestamptz where ${isPlan(tenantId, plan)}
      and served_at = ${since}::timestamptz`.execute(db);
  }
}

/** Whoever comes second finds the row there, and nothing more is written. */
async function make(db: Database, tenantId: string, digest: NewDigest): Promise<boolean> {
  const { digestId, plan, due, madeAt, figures, withheld, next, event } = digest;
  const { platform, conversation } = plan.target;
  const { rows } = await sql<{ made: number }>`
    with made as (
      insert into digests (digest_id, tenant_id, plan_key, platform, target, due_at, schedule, figures, made_at)
      values (${digestId}, ${tenantId}, ${plan.planKey}, ${platform}, ${conversation}, ${due}::timestamptz, ${json(plan.schedule)}::jsonb,
        ${figures === null ? null : json(figures)}::jsonb, ${madeAt}::timestamptz)
      on conflict (tenant_id, plan_key, platform, target, due_at) do nothing returning digest_id),
    moved as (
      update digest_plans set served_at = ${due}::timestamptz, next_at = ${next}::timestamptz, withheld = ${withheld}::text
      where ${isPlan(tenantId, plan)} and served_at < ${due}::timestamptz),
    audited as (
      insert into audit_events (tenant_id, action_id, at, kind, actor_id, data)
      select ${tenantId}, null::text, ${madeAt}::timestamptz, 'digest', ${event?.actorId ?? null}::text, ${json(event?.data ?? {})}::jsonb
      from made where ${event !== null}::boolean),
    carded as (
      insert into cards (card_id, tenant_id, action_id, platform, conversation, kind, wanted_version, next_try_at, created_at)
      select made.digest_id, ${tenantId}, null::text, ${platform}::text, ${conversation}::text, 'digest', 1, ${madeAt}::timestamptz,
        ${madeAt}::timestamptz from made where ${figures !== null}::boolean)
    select 1 as made from made`.execute(db);
  if (rows.length === 0) return false;
  // A card without its digest could never be drawn.
  await sql`with gone as (
      delete from digests where tenant_id = ${tenantId} and made_at < ${madeAt}::timestamptz - ${keptFor} returning digest_id)
    update cards set stopped = true from gone where cards.card_id = gone.digest_id`.execute(db);
  return true;
}

async function get(db: Database, tenantId: string, digestId: string): Promise<MadeDigest | null> {
  type Row = { plan_key: string; due_at: Date; schedule: unknown; figures: unknown; shown_at: Date | null };
  const { rows } = await sql<Row>`select d.plan_key, d.due_at, d.schedule, d.figures, c.shown_at from digests d
    left join cards c on c.card_id = d.digest_id where d.digest_id = ${digestId} and d.tenant_id = ${tenantId}`.execute(db);
  const [row] = rows;
  if (!row || row.figures === null) return null;
  return {
    digestId,
    planKey: row.plan_key,
    due: iso(row.due_at),
    schedule: DigestSchedule.parse(row.schedule),
    figures: DigestFigures.parse(row.figures),
    shownAt: row.shown_at === null ? null : iso(row.shown_at),
  };
}

async function setOwn(db: Database, tenantId: string, plan: DigestPlan, now: string): Promise<void> {
  const { planKey, target, schedule, entraId } = plan;
  await sql`insert into digest_plans (tenant_id, plan_key, platform, target, entra_id, schedule, served_at, next_at)
    values (${tenantId}, ${planKey}, ${target.platform}, ${target.conversation}, ${entraId}, ${json(schedule)}::jsonb, ${now}::timestamptz,
      ${nextDue(schedule, now)}::timestamptz)
    on conflict (tenant_id, plan_key, platform, target) do update set schedule = excluded.schedule, served_at = excluded.served_at,
      next_at = excluded.next_at, withheld = null`.execute(db);
}

async function read(db: Database, where: RawBuilder<unknown>, limit = mostPlans): Promise<StandingPlan[]> {
  const { rows } = await sql<DigestPlanRow>`select * from digest_plans where ${where}
    order by next_at nulls last, plan_key, platform, target limit ${limit}`.execute(db);
  return rows.map(planOf);
}

export function digestStore(db: Database, tenantId: string): DigestStore {
  const ours = sql`tenant_id = ${tenantId}`;
  return {
    figures: (asked) => readFigures(db, tenantId, asked),
    keepPlans: (plans, platforms, now) =>
      storing('keeping the digests of the policy', () => keepPlans(db, tenantId, { plans, platforms, now })),
    duePlans: ({ keys, now, limit }) =>
      storing('looking for digests that are due', () =>
        read(db, sql`${ours} and ${served(keys)} and next_at <= ${now}::timestamptz`, limit),
      ),
    putOff: (plan, next) =>
      storing('putting a digest off', async () => {
        await sql`update digest_plans set next_at = ${next}::timestamptz where ${isPlan(tenantId, plan)}`.execute(db);
      }),
    make: (digest) => storing('making a digest', () => make(db, tenantId, digest)),
    get: (digestId) => storing('reading a digest', () => get(db, tenantId, digestId)),
    ownPlans: (entraId) => storing('reading the digests of a person', () => read(db, sql`${ours} and entra_id = ${entraId}`)),
    plansFor: (targets, keys) =>
      storing('reading the digests of a place', () =>
        read(db, sql`${ours} and plan_key = any (${[...keys]}::text[]) and ${amongTargets(targets)}`),
      ),
    setOwn: (plan, now) => storing('keeping the digest of a person', () => setOwn(db, tenantId, plan, now)),
    clearOwn: (entraId) =>
      storing('forgetting the digest of a person', async () => {
        const { rows } = await sql`delete from digest_plans where ${ours} and entra_id = ${entraId} returning plan_key`.execute(db);
        return rows.length;
      }),
  };
}

const amongTargets = (targets: readonly CardTarget[]): RawBuilder<unknown> =>
  sql`platform || ' ' || target = any (${targets.map(({ platform, conversation }) => `${platform} ${conversation}`)}::text[])`;
