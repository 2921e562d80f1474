/** Flow: somebody looks at the History or the Pending tab. Only who may read History gets an answer; everybody else hears why not. */
import { z } from 'zod';
import type { Actor, EntraId, Platform } from './action.ts';
import type { HistoryCount, PageAnswer } from './history.ts';
import { Column, type Cursor, HistoryFilters, type HistoryQuery, type HistoryStore, maxPageSize, Period, Tab } from './history.ts';
import { type AskingPerson, identify } from './identify.ts';
import { mayViewHistory } from './permissions.ts';
import type { ActionStore, Clock, Directory } from './ports.ts';
import { isAboutAuthority, ok, type PersonRefusal, type Result, refuse } from './refusal.ts';

/** What is asked for and how it is shown. `here`: actions with a card in the conversation where it was asked. */
export const LookUp = z.strictObject({
  tab: Tab,
  period: Period.nullable(),
  filters: HistoryFilters,
  sort: z.strictObject({ column: Column, descending: z.boolean() }),
  scope: z.enum(['here', 'all']),
  columns: z.array(Column).min(1).max(Column.options.length),
  size: z.int().min(1).max(maxPageSize),
});
export type LookUp = z.infer<typeof LookUp>;

/** Stands for whoever asks, in `by`. */
export const me = 'me';

/** What somebody gets who says nothing: the newest that was decided, or what has waited longest. */
export const usualLookUp = (tab: Tab): LookUp => ({
  tab,
  period: tab === 'history' ? '30d' : null,
  filters: HistoryFilters.parse({}),
  sort: { column: 'updated', descending: tab === 'history' },
  scope: 'here',
  columns:
    tab === 'history'
      ? ['updated', 'type', 'details', 'asset', 'decision', 'by', 'status']
      : ['updated', 'type', 'details', 'asset', 'status'],
  size: 10,
});

/** What each person wants to see when they say nothing. Throws UpstreamError{service:'store'} without an answer. */
export interface Preferences {
  /** As it was kept; an older version may have written it. */
  get(entraId: EntraId, tab: Tab): Promise<unknown>;
  set(entraId: EntraId, tab: Tab, lookUp: LookUp, at: string): Promise<void>;
  /** False: there was nothing. */
  clear(entraId: EntraId, tab: Tab): Promise<boolean>;
}

export type LookUpDeps = {
  history: HistoryStore;
  preferences: Preferences;
  store: Pick<ActionStore, 'note'>;
  directory: Directory;
  now: Clock;
};

export type Asker = { by: string; person: AskingPerson; platform: Platform; clickId: string };
/** Where it was asked. In somebody's own chat there is nothing to narrow down to. */
export type AskedAt = { conversation: string; isPersonal: boolean };
/** `lookUp` null: what this person usually wants. */
export type AskedLookUp = Asker & { place: AskedAt; tab: Tab; lookUp: LookUp | null; cursor: Cursor | null };

export type LookUpRefusal = PersonRefusal | { kind: 'may-not-read'; actorId: string };
export type LookedUp = { reader: Actor; lookUp: LookUp; isOwnDefault: boolean; answer: PageAnswer; count: HistoryCount };

export async function lookUp(deps: LookUpDeps, asked: AskedLookUp): Promise<Result<LookedUp, LookUpRefusal>> {
  const reader = await readerFor(deps, asked);
  if (!reader.ok) return reader;
  const own = asked.lookUp === null ? await ownDefault(deps, reader.value.entraId, asked.tab) : null;
  const wanted = asked.lookUp ?? own ?? usualLookUp(asked.tab);
  const query = queryFor(wanted, reader.value, asked);
  const now = deps.now().toISOString();
  const [answer, count] = await Promise.all([
    deps.history.page(query, { now, cursor: asked.cursor, size: wanted.size }),
    deps.history.count(query, { now, hurried: true }),
  ]);
  return ok({ reader: reader.value, lookUp: wanted, isOwnDefault: own !== null, answer, count: atLeastShown(count, answer) });
}

/** An answer that others get to see is in the record, with who shows it and what was asked. */
export function noteShared(
  { store, now }: Pick<LookUpDeps, 'store' | 'now'>,
  { platform, clickId, place, by }: AskedLookUp,
  { reader, lookUp: wanted }: LookedUp,
): Promise<void> {
  const data = { by, platform, clickId, conversation: place.conversation, lookUp: wanted };
  return store.note(null, { kind: 'shared', at: now().toISOString(), actorId: reader.entraId, data });
}

/** Whoever could not be counted in time is there all the same, as far as they are shown. */
const atLeastShown = (count: HistoryCount, answer: PageAnswer): HistoryCount =>
  count.kind === 'many' && answer.kind === 'page' ? { ...count, count: Math.max(count.count, answer.page.rows.length) } : count;

export type AskedDefault = Asker & { tab: Tab; lookUp: LookUp | null };

/** Keeps what somebody wants to see when they say nothing; null: forgets it. The value tells whether anything changed. */
export async function keepDefault(deps: LookUpDeps, asked: AskedDefault): Promise<Result<boolean, LookUpRefusal>> {
  const reader = await readerFor(deps, asked);
  if (!reader.ok) return reader;
  const { entraId } = reader.value;
  if (asked.lookUp === null) return ok(await deps.preferences.clear(entraId, asked.tab));
  await deps.preferences.set(entraId, asked.tab, asked.lookUp, deps.now().toISOString());
  return ok(true);
}

/** Who asks, if they may read. `verb`: what they are noted to have wanted when they may not; left out, to look. */
export async function readerFor(
  deps: Pick<LookUpDeps, 'store' | 'directory' | 'now'>,
  asked: Asker & { tab: Tab; verb?: string },
): Promise<Result<Actor, LookUpRefusal>> {
  const person = await identify(deps.directory, asked.person, false);
  const reader: Result<Actor, LookUpRefusal> =
    person.ok && !mayViewHistory(person.value) ? refuse({ kind: 'may-not-read', actorId: person.value.entraId }) : person;
  if (!reader.ok && (reader.refusal.kind === 'may-not-read' || isAboutAuthority(reader.refusal))) {
    const { by, tab, platform, clickId } = asked;
    await deps.store.note(null, {
      kind: 'refused',
      at: deps.now().toISOString(),
      actorId: reader.refusal.kind === 'may-not-read' ? reader.refusal.actorId : null,
      data: { refusal: reader.refusal.kind, by, verb: asked.verb ?? tab, platform, clickId },
    });
  }
  return reader;
}

/** Something an older version kept is passed over: it is a convenience, no rule. */
async function ownDefault({ preferences }: LookUpDeps, entraId: EntraId, tab: Tab): Promise<LookUp | null> {
  const kept = LookUp.safeParse(await preferences.get(entraId, tab)).data;
  return kept?.tab === tab ? kept : null;
}

export function queryFor(
  { tab, period, filters, sort, scope }: LookUp,
  reader: Pick<Actor, 'upn'>,
  { place, platform }: Pick<AskedLookUp, 'place' | 'platform'>,
): HistoryQuery {
  const by = filters.by.map((name) => (name.toLowerCase() === me ? reader.upn : name));
  const where = scope === 'here' && !place.isPersonal ? { platform, conversation: place.conversation } : null;
  return { tab, period, filters: { ...filters, by }, sort, where };
}
