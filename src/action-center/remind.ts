/** Flow: reminds of what waits. One look at what is due: planned, resolved to people and places, and told in few messages, each rung once. */
import type { ActionId, EntraId } from './action.ts';
import { intakeOf } from './decide.ts';
import { UpstreamError } from './errors.ts';
import type { RemediationAction } from './intake.ts';
import type { AuditEvent, CardTarget, Clock, Log } from './ports.ts';
import type { ClaimedAction, OnCall, Reach, ReminderItem, ReminderPost, ReminderStore, StandIn } from './reminder-ports.ts';
import { type Due, type DueTo, instead, type Ladder, planReminders, type ReminderPolicy, targetOf } from './reminders.ts';

export type RemindDeps = {
  reminders: ReminderStore;
  policy: ReminderPolicy;
  /** Null: nothing says who is on call. */
  onCall: OnCall | null;
  reach: Reach;
  /** Null: nobody may name a stand-in. */
  standIn: StandIn | null;
  now: Clock;
  newReminderId: () => string;
  log: Log;
  /** Told of every reminder that was put on its way. */
  told: (item: ReminderItem) => void;
  /** Told when nobody could say who is on call, or none of them could be reached. */
  onCallFailed: () => void;
  poke: () => void;
};

/** `isMore`: there was more to look at than one run takes. */
export type Reminded = { reminders: number; messages: number; isMore: boolean };

/** Longer than any run: the directory, the webhook and the record each have their own deadlines. */
const leaseMs = 120_000;
const remindBatch = 500;
/** More threads of one conversation at once are one message in it. */
const fewThreads = 3;
const namedMost = 5;

export async function remind(deps: RemindDeps): Promise<Reminded> {
  const now = deps.now();
  const claimed = await deps.reminders.claim({ now: now.toISOString(), leaseMs, limit: remindBatch });
  const looks = claimed.map((one) => lookAt(deps, one, now));
  const run: Run = { deps, now, onCall: onceOnCall(deps, looks, now), people: new Map() };
  const ready: Ready[] = [];
  const marks: Mark[] = [];
  for (const look of looks) {
    for (const due of look.due) {
      const found = await placesFor(run, look, due);
      ready.push(...found.ready);
      marks.push(...found.marks);
    }
  }
  const posts = postsOf(deps, ready, now);
  let count = 0;
  for (const post of posts) count += await tell(deps, post, now);
  if (marks.length > 0) await deps.reminders.mark(marks, now.toISOString());
  // What was told now may start the wait for the next rung.
  const plans = looks.map((look) => ({
    actionId: look.action.id,
    nextAt: nextAtOf(look, [...ready.map(({ item }) => item), ...marks], now),
  }));
  if (plans.length > 0) await deps.reminders.planned(plans, deps.policy.version);
  if (count > 0) deps.poke();
  return { reminders: count, messages: posts.length, isMore: claimed.length === remindBatch };
}

type Look = ClaimedAction & { ladder: Ladder; quietUntil: Date | null; due: Due[] };
type Mark = Pick<ReminderItem, 'actionId' | 'rung' | 'number' | 'kind' | 'target'>;
type Ready = { item: ReminderItem; place: CardTarget; parentCardId: string | null; forName?: string | null };
type Run = { deps: RemindDeps; now: Date; onCall: () => Promise<EntraId[]>; people: Map<string, Told | null> };
type Told = { entraId: EntraId; place: CardTarget; standsInFor: EntraId | null; forName: string | null };

function lookAt({ policy }: RemindDeps, claimed: ClaimedAction, now: Date): Look {
  const intake = intakeOf(claimed.action);
  const seen = { ...claimed, ladder: policy.ladderFor(intake), quietUntil: policy.quietUntil(intake, now) };
  return { ...seen, due: planReminders({ ...seen, now }).due };
}

function nextAtOf(look: Look, told: readonly Mark[], now: Date): string {
  const at = now.toISOString();
  const just = told.flatMap((one) => (one.actionId === look.action.id ? [{ rung: one.rung, target: one.target, at }] : []));
  const merged = look.due.flatMap((due) => due.merged.map((rung) => ({ rung, target: due.target, at })));
  return planReminders({ ...look, told: [...look.told, ...just, ...merged], now }).nextAt;
}

/** One question for all of a run. */
function onceOnCall({ onCall }: RemindDeps, looks: readonly Look[], now: Date): () => Promise<EntraId[]> {
  let answer: Promise<EntraId[]> | null = null;
  const actions = looks.filter(({ due }) => due.some(({ to }) => to.kind === 'onCall')).map(({ action }) => action);
  return () => {
    answer ??= onCall === null ? Promise.resolve([]) : onCall({ at: now.toISOString(), actions });
    return answer;
  };
}

type Found = { ready: Ready[]; marks: Mark[] };

async function placesFor(run: Run, look: Look, due: Due): Promise<Found> {
  const { to } = due;
  const item = itemOf(look.action.id, due);
  if (to.kind === 'thread') return { ready: [{ item, place: to.target, parentCardId: to.cardId }], marks: [] };
  if (to.kind === 'conversation') return { ready: [{ item, place: to.target, parentCardId: null }], marks: [] };
  const people = to.kind === 'person' ? [to.entraId] : await peopleOnCall(run, look.action);
  const ready: Ready[] = [];
  for (const entraId of people) {
    const told = await reached(run, look, entraId);
    if (told === null) continue;
    const person = { entraId: told.entraId, standsInFor: told.standsInFor };
    ready.push({ item: { ...item, target: `person:${entraId}`, person }, place: told.place, parentCardId: null, forName: told.forName });
  }
  // The mark of the question itself: whoever comes on call later is not told of this rung any more.
  const marks = to.kind === 'onCall' ? [item] : [];
  if (ready.length > 0) return { ready, marks };
  return { ready: await fallBack(run, look, due), marks: [item] };
}

const itemOf = (actionId: ActionId, { rung, number, kind, target, merged }: Omit<Due, 'to'>): ReminderItem => ({
  actionId,
  rung,
  number,
  kind,
  target,
  merged,
  person: null,
});

async function peopleOnCall({ deps, onCall }: Run, { id }: RemediationAction): Promise<EntraId[]> {
  try {
    return await onCall();
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    deps.log.warn({ actionId: id, reason: error.message }, 'nobody could say who is on call; the next rung is told');
    return [];
  }
}

/** The person, or who stands in for them; null: neither can be told anything. */
async function reached({ deps, people, now }: Run, { action, cards }: Look, entraId: EntraId): Promise<Told | null> {
  const prefer = cards[0]?.platform ?? null;
  const key = `${entraId} ${prefer}`;
  const known = people.get(key);
  if (known !== undefined) return known;
  const standIn = (await deps.standIn?.(entraId, now)) ?? null;
  const theirs = standIn === null ? null : await deps.reach(standIn.entraId, prefer);
  const place = theirs ?? (await deps.reach(entraId, prefer));
  const told =
    place === null
      ? null
      : theirs && standIn
        ? { entraId: standIn.entraId, place, standsInFor: entraId, forName: standIn.forName }
        : { entraId, place, standsInFor: null, forName: null };
  if (told === null) deps.log.warn({ actionId: action.id, entraId }, 'this person cannot be told anything: no chat account is known');
  people.set(key, told);
  return told;
}

/** Nobody of a rung could be told: the next rung is told in its place, and the last resort is under the card. */
async function fallBack(run: Run, look: Look, failed: Due): Promise<Ready[]> {
  if (failed.to.kind === 'onCall') run.deps.onCallFailed();
  let from = failed.rung;
  for (let tries = 0; tries <= look.ladder.rungs.length; tries += 1) {
    const next = instead(from, look);
    const ready = await readyOf(run, look, failed, next);
    if (ready.length > 0 || next.rung === from) return ready;
    from = next.rung;
  }
  return [];
}

async function readyOf(run: Run, look: Look, failed: Due, next: { rung: string; number: number; to: DueTo[] }): Promise<Ready[]> {
  const isTold = (target: string) => look.told.some((one) => one.rung === next.rung && one.target === target);
  const ready: Ready[] = [];
  for (const to of next.to) {
    const target = targetOf(to);
    if (to.kind === 'onCall' || isTold(target)) continue;
    const item = itemOf(look.action.id, { rung: next.rung, number: next.number, kind: failed.kind, target, merged: [] });
    if (to.kind !== 'person') {
      ready.push({ item, place: to.target, parentCardId: to.kind === 'thread' ? to.cardId : null });
      continue;
    }
    const told = await reached(run, look, to.entraId);
    if (told === null) continue;
    const person = { entraId: told.entraId, standsInFor: told.standsInFor };
    ready.push({ item: { ...item, person }, place: told.place, parentCardId: null, forName: told.forName });
  }
  return ready;
}

/** As few messages as possible: a few threads are answered in, many of one conversation are told in one message there. */
function postsOf(deps: RemindDeps, ready: readonly Ready[], now: Date): ReminderPost[] {
  const places = Map.groupBy(ready, ({ place }) => `${place.platform} ${place.conversation}`);
  return [...places.values()].flatMap((here) => {
    const threads = Map.groupBy(
      here.filter(({ parentCardId }) => parentCardId !== null),
      ({ parentCardId }) => parentCardId,
    );
    if (threads.size > fewThreads) return [postOf(deps, here, null, now)];
    const open = here.filter(({ parentCardId }) => parentCardId === null);
    const notes = [...threads].map(([parentCardId, some]) => postOf(deps, some, parentCardId, now));
    return open.length === 0 ? notes : [...notes, postOf(deps, open, null, now)];
  });
}

function postOf(deps: RemindDeps, some: readonly Ready[], parentCardId: string | null, now: Date): ReminderPost {
  const [first] = some;
  if (first === undefined) throw new Error('a message of reminders tells of at least one');
  const cardId = deps.newReminderId();
  const items = some.map(({ item }) => item);
  return { cardId, place: first.place, parentCardId, items, note: noteOf(some, now) };
}

const urgency = ['reminded', 'escalated', 'warned'] as const;

/** What the message is about; what it says of each action is read when it is posted. */
function noteOf(some: readonly Ready[], now: Date): AuditEvent {
  const kind = urgency.findLast((one) => some.some(({ item }) => item.kind === one)) ?? 'reminded';
  const standsInFor = [...new Set(some.flatMap(({ forName }) => forName ?? []))].slice(0, namedMost);
  return { kind, at: now.toISOString(), actorId: null, data: { isPrivate: some.some(({ item }) => item.person !== null), standsInFor } };
}

async function tell({ reminders, told }: RemindDeps, post: ReminderPost, now: Date): Promise<number> {
  const marked = new Set((await reminders.tell(post, now.toISOString())).map(({ actionId, rung }) => `${actionId} ${rung}`));
  const items = post.items.filter(({ actionId, rung }) => marked.has(`${actionId} ${rung}`));
  for (const item of items) told(item);
  return items.length;
}
