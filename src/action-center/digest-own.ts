/** Flow: what somebody may do about the digest of their own: have it sent, end it, get one at once, see the next one. For readers of History only. */
import { askedFigures, type DigestDeps, type DigestPlan, type StandingPlan } from './digest.ts';
import { type DigestFigures, spanOf } from './digest-figures.ts';
import { type DigestSchedule, lastDue, nextDue, Weekday } from './digest-schedule.ts';
import { identify } from './identify.ts';
import { type Asker, type LookUpDeps, type LookUpRefusal, readerFor } from './look-up.ts';
import type { CardTarget } from './ports.ts';
import { ok, type Result } from './refusal.ts';

export type OwnDigestDeps = Pick<DigestDeps, 'digests' | 'directory' | 'policyPlans' | 'newDigestId' | 'now' | 'poke'> &
  Pick<LookUpDeps, 'store'>;
/** `account`: as its platform names whoever asks. `conversation`: where they ask. */
export type DigestAsker = Asker & { account: string; conversation: string };

export type DigestStanding = { own: StandingPlan[]; here: StandingPlan[] };
export type DigestPreview = { next: string | null; schedule: DigestSchedule; figures: DigestFigures };

const reader = (deps: OwnDigestDeps, asker: DigestAsker) => readerFor(deps, { ...asker, tab: 'history', verb: 'digest' });
const targetOf = ({ platform, account }: DigestAsker): CardTarget => ({ platform, conversation: account });
const momentOf = ({ now }: OwnDigestDeps): string => now().toISOString();

/** What is sent to whoever asks, and to where they ask. */
export async function digestStanding(deps: OwnDigestDeps, asker: DigestAsker): Promise<Result<DigestStanding, LookUpRefusal>> {
  const who = await reader(deps, asker);
  if (!who.ok) return who;
  const { platform, conversation } = asker;
  const keys = [...new Set(deps.policyPlans.map(({ planKey }) => planKey))];
  const places = [targetOf(asker), { platform, conversation }, { platform, conversation: who.value.entraId }];
  const [own, here] = await Promise.all([deps.digests.ownPlans(who.value.entraId), deps.digests.plansFor(places, keys)]);
  return ok({ own, here });
}

/** The next due time; null: there is none. */
export async function digestOn(
  deps: OwnDigestDeps,
  asker: DigestAsker,
  schedule: DigestSchedule,
): Promise<Result<string | null, LookUpRefusal>> {
  const who = await reader(deps, asker);
  if (!who.ok) return who;
  const { entraId } = who.value;
  const now = momentOf(deps);
  await deps.digests.setOwn({ planKey: `own:${entraId}`, target: targetOf(asker), entraId, schedule }, now);
  return ok(nextDue(schedule, now));
}

/** How many there were. Who may not read any more may still end it. */
export async function digestOff(deps: OwnDigestDeps, asker: DigestAsker): Promise<Result<number, LookUpRefusal>> {
  const who = await identify(deps.directory, asker.person, false);
  return who.ok ? ok(await deps.digests.clearOwn(who.value.entraId)) : who;
}

const everyDay = { weekdays: [...Weekday.options], holidays: [] };
const minuteMs = 60_000;

/** One of the last 24 hours, in their own chat; one a minute. False: this minute's is on its way already. */
export async function digestNow(deps: OwnDigestDeps, asker: DigestAsker): Promise<Result<boolean, LookUpRefusal>> {
  const who = await reader(deps, asker);
  if (!who.ok) return who;
  const { entraId } = who.value;
  const madeAt = momentOf(deps);
  const due = new Date(Math.floor(Date.parse(madeAt) / minuteMs) * minuteMs).toISOString();
  const [own] = await deps.digests.ownPlans(entraId);
  const schedule = { at: due.slice(11, 16), timezone: own?.schedule.timezone ?? 'UTC', ...everyDay };
  const plan: DigestPlan = { planKey: `now:${entraId}`, target: targetOf(asker), entraId, schedule };
  const figures = await deps.digests.figures(askedFigures(schedule, spanOf(madeAt, null), madeAt));
  const digestId = deps.newDigestId();
  const made = await deps.digests.make({ digestId, plan, due, madeAt, figures, withheld: null, next: null, event: null });
  if (made) deps.poke();
  return ok(made);
}

/** What the next digest to them, or to where they ask, would say if it were sent now. */
export async function digestPreview(deps: OwnDigestDeps, asker: DigestAsker): Promise<Result<DigestPreview, LookUpRefusal>> {
  const standing = await digestStanding(deps, asker);
  if (!standing.ok) return standing;
  const now = momentOf(deps);
  const plans = [...standing.value.own, ...standing.value.here].filter(({ nextAt }) => nextAt !== null);
  const [plan] = plans.sort((a, b) => (a.nextAt ?? '').localeCompare(b.nextAt ?? ''));
  const schedule = plan?.schedule ?? { at: '08:00', timezone: 'UTC', ...everyDay };
  const span = spanOf(now, plan === undefined ? null : lastDue(schedule, now));
  return ok({ next: plan?.nextAt ?? null, schedule, figures: await deps.digests.figures(askedFigures(schedule, span, now)) });
}
