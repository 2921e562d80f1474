/**
 * What an action can be found by, from its texts. Folded here and not in SQL: what `lower` does there depends on the server's locale.
 * Lexemes of one tsvector: words as they are, names behind `@`, the investigation behind `#`; a word begins with neither.
 */
import type { Decision } from '../action-center/action.ts';
import { catalogue } from '../action-center/catalogue.ts';
import type { Entity } from '../action-center/entity.ts';
import type { Intake } from '../action-center/intake.ts';
import type { CardTarget } from '../action-center/ports.ts';

export const fold = (text: string): string => text.normalize('NFC').toLowerCase();

/** A word begins at a letter or digit, or at anything beyond ASCII, that follows none, and goes on to the next blank. */
const wordStart = /(?<![a-z0-9\P{ASCII}])[a-z0-9\P{ASCII}]/gu;
const blank = /\s+/;
const leading = /^[^a-z0-9\P{ASCII}]+/u;

/** Longer than anything that can be asked for, so that cutting never changes an answer. */
const longest = { word: 210, name: 410, investigation: 520 };
/** A tsvector holds 1 MiB. Beyond this, what comes last cannot be found. */
const maxBytes = 600_000;
/** What sorting compares. Short, for it travels in cursors. */
const keyLength = 60;

export const sortKey = (text: string | undefined): string =>
  fold(text ?? '')
    .replaceAll('\u0000', '')
    .slice(0, keyLength);

/** The words of a question; what stands before the first letter or digit of one does not count. */
export const askedWords = (text: string): string[] =>
  fold(text)
    .split(blank)
    .map((word) => word.replace(leading, ''))
    .filter((word) => word.length > 0);

function* wordsOf(text: string): Generator<string> {
  for (const chunk of fold(text).split(blank))
    for (const { index } of chunk.matchAll(wordStart)) yield chunk.slice(index, index + longest.word);
}

/** Names of devices and mailboxes: what `asset:` finds. */
function namesOf(entity: Entity): (string | undefined)[] {
  if (entity.type === 'device') return [entity.name];
  if (entity.type === 'mailbox') return [entity.address, entity.displayName];
  return 'deviceName' in entity ? [entity.deviceName] : [];
}

/** Everything in an entity that is a text, but for its type: names, ids, paths, subjects. */
function textsOf(entity: Entity): string[] {
  const { type: _type, ...rest } = entity;
  return Object.values(rest)
    .flat()
    .filter((value) => typeof value === 'string');
}

/** Folded, as `asset:` finds them; shortened beyond what can be asked for. */
export const assetNames = ({ asset, entities }: Pick<Intake, 'asset' | 'entities'>): string[] =>
  [asset, ...entities.flatMap(namesOf)].filter((name) => name !== undefined).map((name) => fold(name).slice(0, longest.name));

type Searched = Pick<Intake, 'type' | 'source' | 'severity' | 'title' | 'details' | 'asset' | 'entities' | 'investigationId'>;

function* lexemesOf(action: Searched): Generator<string> {
  if (action.investigationId !== undefined) yield `#${fold(action.investigationId).slice(0, longest.investigation)}`;
  for (const name of assetNames(action)) yield `@${name}`;
  const texts = [action.title, action.details, action.asset].filter((text) => text !== undefined);
  for (const text of texts) yield* wordsOf(text);
  for (const entity of action.entities) for (const text of textsOf(entity)) yield* wordsOf(text);
}

function bounded(lexemes: Iterable<string>): string[] {
  const kept = new Set<string>();
  let bytes = 0;
  for (const lexeme of lexemes) {
    bytes += kept.has(lexeme) ? 0 : 3 * lexeme.length + 8;
    if (bytes > maxBytes) break;
    kept.add(lexeme);
  }
  return [...kept];
}

export const placeOf = ({ platform, conversation }: CardTarget): string => `${platform} ${conversation}`;

/** The part of a row of `history_entries` that never changes. */
export function entryOf(action: Searched, targets: readonly CardTarget[]) {
  const types = [...new Set(action.entities.map(({ type }) => type))];
  return {
    type: action.type,
    type_key: fold(catalogue[action.type].label),
    source: action.source,
    severity: action.severity,
    words: bounded(lexemesOf(action)),
    entity_types: types,
    entity_key: types.join(',').slice(0, keyLength),
    asset_key: sortKey(action.asset),
    details_key: sortKey(action.details),
    investigation_key: sortKey(action.investigationId),
    places: [...new Set(targets.map(placeOf))],
  };
}

/** Who took a decision, as `by:` finds them; the displayed name first, which is what is sorted by. */
export const deciderOf = (decision: Decision | null): string[] | null =>
  decision && [fold(decision.actor.displayName), fold(decision.actor.upn)];
