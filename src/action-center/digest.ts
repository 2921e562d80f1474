/**
 * Flow: digests become due and are made, each once, with their figures frozen; as cards they are posted like any other. Who gets one in private
 * must be allowed to read History; where a digest goes to a conversation the policy has the word.
 */
import type { Actor, EntraId, Platform } from './action.ts';
import { type AskedFigures, askedFor, chartDays, type DigestFigures, spanOf } from './digest-figures.ts';
import { type DigestSchedule, dayBounds, lastDue, nextDue } from './digest-schedule.ts';
import { UpstreamError } from './errors.ts';
import { type AskingPerson, identify } from './identify.ts';
import { mayViewHistory } from './permissions.ts';
import type { AuditEvent, CardTarget, Clock, Directory } from './ports.ts';
import type { PersonRefusal, Result } from './refusal.ts';

/** `planKey` stays the same as long as time, zone and weekdays do. `entraId`: whose own plan it is; null: the policy's. */
export type DigestPlan = { planKey: string; target: CardTarget; entraId: EntraId | null; schedule: DigestSchedule };
export type StandingPlan = DigestPlan & {
  /** The due time it was served last; in the beginning, since when it is known. */
  servedAt: string;
  nextAt: string | null;
  /** Why the last one was withheld. */
  withheld: string | null;
};

export type NewDigest = {
  digestId: string;
  plan: DigestPlan;
  due: string;
  madeAt: string;
  /** Null: withheld, for that reason. */
  figures: DigestFigures | null;
  withheld: string | null;
  next: string | null;
  event: AuditEvent | null;
};

/** A digest as it was made. `shownAt` null: not posted yet. */
export type MadeDigest = {
  digestId: string;
  planKey: string;
  due: string;
  schedule: DigestSchedule;
  figures: DigestFigures;
  shownAt: string | null;
};

/** Throws UpstreamError{service:'store'} without an answer. */
export interface DigestStore {
  figures(asked: AskedFigures): Promise<DigestFigures>;
  /** Makes the policy's plans known, with their next due time; what they were served stays. Others of these platforms are forgotten. */
  keepPlans(plans: readonly DigestPlan[], platforms: readonly Platform[], now: string): Promise<void>;
  /** Personal plans, and those of the policy with these keys, that are due. */
  duePlans(asked: { keys: readonly string[]; now: string; limit: number }): Promise<StandingPlan[]>;
  /** Nothing is due after all. */
  putOff(plan: DigestPlan, next: string | null): Promise<void>;
  /** The digest, its card and its audit event at once. False: somebody made it already. */
  make(digest: NewDigest): Promise<boolean>;
  get(digestId: string): Promise<MadeDigest | null>;
  ownPlans(entraId: EntraId): Promise<StandingPlan[]>;
  /** The policy's plans for this conversation or person. */
  plansFor(targets: readonly CardTarget[], keys: readonly string[]): Promise<StandingPlan[]>;
  setOwn(plan: DigestPlan & { entraId: EntraId }, now: string): Promise<void>;
  /** How many there were. */
  clearOwn(entraId: EntraId): Promise<number>;
}

export type DigestDeps = {
  digests: DigestStore;
  directory: Directory;
  /** Null: a conversation and no person. */
  personAt: (target: CardTarget) => AskingPerson | null;
  /** Whether the account from which somebody asked for a digest still belongs to them. */
  isTheirs: (target: CardTarget, entraId: EntraId) => Promise<boolean>;
  policyPlans: readonly DigestPlan[];
  newDigestId: () => string;
  now: Clock;
  poke: () => void;
  /** Told of what could not be made and is tried again. */
  delayed: (plan: DigestPlan, error: unknown) => void;
};

/** A decision is stamped before it is stored; whoever counts too soon would miss it. */
const settleMs = 5000;
const batch = 50;
/** Without an answer from the directory or the record. */
const retryMs = 30_000;
/** Posted later than this after its time, a digest says so. */
export const lateMs = 600_000;

/** When each is tried again that could not be made. One bot's memory; at worst another one tries as well. */
export type DigestRests = Map<string, number>;

/** Makes what is due; answers how many there were. */
export async function runDigests(deps: DigestDeps, rests: DigestRests): Promise<number> {
  const now = deps.now().getTime();
  for (const [key, until] of rests) if (until <= now) rests.delete(key);
  const settled = new Date(now - settleMs).toISOString();
  const keys = [...new Set(deps.policyPlans.map(({ planKey }) => planKey))];
  // Those that rest are due as well, and must not keep the others out.
  const due = await deps.digests.duePlans({ keys, now: settled, limit: batch + rests.size });
  const counted = new Map<string, Promise<DigestFigures>>();
  let made = 0;
  for (const plan of due) {
    if (rests.has(restKey(plan))) continue;
    try {
      if (await serve(deps, plan, { settled, counted })) made += 1;
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      rests.set(restKey(plan), now + retryMs);
      deps.delayed(plan, error);
    }
  }
  if (made > 0) deps.poke();
  return made;
}

const restKey = ({ planKey, target }: DigestPlan): string => `${planKey} ${target.platform} ${target.conversation}`;

type Serving = { settled: string; counted: Map<string, Promise<DigestFigures>> };

async function serve(deps: DigestDeps, plan: StandingPlan, { settled, counted }: Serving): Promise<boolean> {
  const { schedule } = plan;
  const due = lastDue(schedule, settled);
  const next = nextDue(schedule, settled);
  if (due === null || due <= plan.servedAt) {
    await deps.digests.putOff(plan, next);
    return false;
  }
  const withheld = await whyWithheld(deps, plan);
  const figures = withheld === null ? await figuresFor(deps, { plan, due, counted }) : null;
  const digestId = deps.newDigestId();
  const isNews = withheld === null || withheld !== plan.withheld;
  const madeAt = deps.now().toISOString();
  const made = { digestId, plan, due, madeAt, figures, withheld, next };
  return deps.digests.make({ ...made, event: isNews ? eventOf(made) : null });
}

const eventOf = ({ digestId, plan, due, madeAt, withheld }: Omit<NewDigest, 'event' | 'figures' | 'next'>): AuditEvent => ({
  kind: 'digest',
  at: madeAt,
  actorId: plan.entraId,
  data: {
    digestId,
    due,
    platform: plan.target.platform,
    target: plan.target.conversation,
    what: withheld === null ? 'made' : 'withheld',
    why: withheld,
  },
});

/** Null: nothing speaks against it. Throws UpstreamError when nobody can say. */
async function whyWithheld(deps: Asking, { target, entraId }: DigestPlan): Promise<string | null> {
  const person = await whoGets(deps, { target, entraId });
  if (person === null) return null;
  if (person.ok && entraId !== null && !(await deps.isTheirs(target, entraId))) return 'not-their-account';
  if (person.ok) return mayViewHistory(person.value) ? null : 'may-not-read';
  if (person.refusal.kind === 'identity-unavailable')
    throw new UpstreamError('directory', 'nobody can say who may read', { retryable: true });
  return person.refusal.kind;
}

type Asking = Pick<DigestDeps, 'directory' | 'personAt' | 'isTheirs'>;

/** Null: a conversation. */
async function whoGets(
  { directory, personAt }: Asking,
  { target, entraId }: Pick<DigestPlan, 'target' | 'entraId'>,
): Promise<Result<Actor, PersonRefusal> | null> {
  if (entraId !== null) return directory.personById(entraId, { fresh: true });
  const asking = personAt(target);
  return asking === null ? null : identify(directory, asking, true);
}

type Wanted = { plan: StandingPlan; due: string; counted: Serving['counted'] };

/** Many get the same figures at the same time: they are counted once. */
function figuresFor(deps: Pick<DigestDeps, 'digests' | 'now'>, { plan, due, counted }: Wanted): Promise<DigestFigures> {
  const { schedule, servedAt } = plan;
  const before = lastDue(schedule, new Date(Date.parse(due) - 1).toISOString());
  // One that was missed is told of by the next one.
  const missed = before !== null && servedAt < before ? servedAt : before;
  const asked = askedFigures(schedule, spanOf(due, missed), deps.now().toISOString());
  const key = JSON.stringify([asked.span, asked.dayBounds]);
  const known = counted.get(key) ?? deps.digests.figures(asked);
  counted.set(key, known);
  return known;
}

export const askedFigures = (schedule: Pick<DigestSchedule, 'timezone'>, span: DigestFigures['span'], asOf: string): AskedFigures =>
  askedFor(span, asOf, dayBounds(schedule.timezone, span.to, chartDays));
