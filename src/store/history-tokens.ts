/**
 * Two properties that are common each may be rare together; no order of one index finds such rows fast. So every filed action carries a number
 * for each pair of its properties, and for each property alone, in the week of its last update: an inverted index on them answers any pair, a
 * span of weeks at a time. Numbers may collide: whoever looks up by them still compares the properties.
 */
import type { Decision } from '../action-center/action.ts';
import type { DecisionWord, HistoryQuery } from '../action-center/history.ts';
import { isOpen, type RemediationAction } from '../action-center/intake.ts';
import { isAskedOfEvents } from './history-events.ts';
import { deciderOf, fold, placeOf } from './history-words.ts';

export const weekMs = 7 * 86_400_000;
export const weekStart = (week: number): string => new Date(week * weekMs).toISOString();
export const weekOf = (ms: number): number => Math.floor(ms / weekMs);

/** A property's name and value, as one text; those of one kind exclude each other as filters do. */
type Kind = 'type' | 'source' | 'severity' | 'status' | 'decision' | 'platform' | 'entity' | 'by' | 'place';
export type Properties = Record<Kind, readonly string[]>;

const kinds: readonly Kind[] = ['type', 'source', 'severity', 'status', 'decision', 'platform', 'entity', 'by', 'place'];

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return value;
}

/** 20 bits of the pair, 12 of the week: the weeks of one pair are neighbours in the index. */
function token(one: number, other: number, week: number): number {
  const mixed = Math.imul(one ^ Math.imul(other, 0x9e3779b1), 0x85ebca6b);
  return ((mixed ^ (mixed >>> 15)) << 12) | (week & 0xfff);
}

/** Of so many characters the starts of a name are known. */
const startLengths = [3, 4, 5, 6, 7, 8, 10, 12];
const startsOf = (name: string): string[] => startLengths.filter((length) => length <= name.length).map((length) => name.slice(0, length));
const startToken = (start: string, week: number): number => token(hash(`start ${start}`), 0, week);

/** As one text. */
export const propertyText = (kind: string, value: string): string => `${kind} ${value}`;

/** Every token of an action with these names of assets, last updated in this week. */
export function tokensOf(properties: Properties, names: readonly string[], week: number): number[] {
  const found = new Set([token(0, 0, week)]);
  for (const start of names.flatMap(startsOf)) found.add(startToken(start, week));
  const before: number[] = [];
  for (const kind of kinds) {
    const own = properties[kind].map((value) => hash(propertyText(kind, value)));
    for (const one of own) {
      found.add(token(one, 0, week));
      for (const other of before) found.add(token(other, one, week));
    }
    before.push(...own);
  }
  return [...found];
}

/** What is asked of each kind of property, in the order of the kinds. */
export function askedProperties({ filters, where, tab }: HistoryQuery): string[][] {
  const open = tab === 'pending' && filters.status.length === 0 ? ['pending', 'awaitingSecondApproval'] : filters.status;
  const ofEvents = isAskedOfEvents(filters);
  const asked: Properties = {
    ...filters,
    status: open,
    by: ofEvents ? [] : filters.by.map(fold),
    platform: ofEvents ? [] : filters.platform,
    place: where === null ? [] : [placeOf(where)],
  };
  return kinds.map((kind) => asked[kind].map((value) => propertyText(kind, value))).filter((values) => values.length > 0);
}

/**
 * Where the start of a name is asked for: for each of the names the longest of its starts that is known. Null where that would say nothing, and for
 * whole names alone, which are rare.
 */
export function askedStarts({ filters: { asset } }: HistoryQuery): string[] | null {
  if (!asset.some((name) => name.endsWith('*'))) return null;
  const starts = asset.map((name) => startsOf(fold(name.replace(/\*$/, '')).replaceAll('\u0000', '')).at(-1));
  return starts.every((start) => start !== undefined) ? starts : null;
}

/** More than this many look-ups in the index take longer than reading more rows does. */
const maxTokens = 4000;

/**
 * Sets of tokens; an action that fits has one of each set. `weeks`: first and last. Properties are taken in pairs; a last one without a partner
 * goes with the first.
 */
export function askedTokens(query: HistoryQuery, weeks: [number, number]): number[][] {
  const span = Array.from({ length: weeks[1] - weeks[0] + 1 }, (_, index) => weeks[0] + index);
  const asked = askedProperties(query);
  const [first] = asked;
  const starts = askedStarts(query)?.flatMap((start) => span.map((week) => startToken(start, week)));
  const sets: number[][] = starts ? [starts] : [];
  if (!first) return starts ? sets : [span.map((week) => token(0, 0, week))];
  for (let index = 0; index < asked.length; index += 2) {
    const [one = [], other] = asked.slice(index, index + 2);
    const pair: [string[], string[] | null] = other ? [one, other] : index === 0 ? [one, null] : [first, one];
    sets.push(tokensOfPair(pair, span));
  }
  return sets.filter((set) => set.length <= maxTokens);
}

function tokensOfPair([one, other]: [string[], string[] | null], span: number[]): number[] {
  const ones = one.map(hash);
  const others = other?.map(hash) ?? [0];
  return ones.flatMap((left) => others.flatMap((right) => span.map((week) => token(left, right, week))));
}

const words: Record<Decision['verb'], DecisionWord> = { approve: 'approved', reject: 'rejected', undo: 'undone', cancel: 'cancelled' };

/** What an action is found by, besides its texts and its time. */
export function propertiesOf(action: RemediationAction, places: readonly string[]): Properties {
  const { decision } = action;
  const nobody = isOpen(action) ? 'none' : 'automation';
  return {
    type: [action.type],
    source: [action.source],
    severity: [action.severity],
    status: [action.status],
    decision: [decision ? words[decision.verb] : nobody],
    platform: decision ? [decision.platform] : [],
    entity: [...new Set(action.entities.map(({ type }) => type))],
    by: deciderOf(decision) ?? (nobody === 'automation' ? [nobody] : []),
    place: places,
  };
}
