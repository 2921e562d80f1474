/** What differs between two revisions of an action, in a few words: first what a decision is bound to, else what only describes it. Pure. */
import { catalogue, entityLabels } from './catalogue.ts';
import type { Entity } from './entity.ts';
import type { NormalisedIntake, RemediationAction } from './intake.ts';
import { canonicalJson } from './scope.ts';

const named = 3;
const nameMax = 60;
const textMax = 280;

type Scoped = Pick<NormalisedIntake, 'type' | 'entities' | 'parameters'>;
type Described = Scoped & Pick<NormalisedIntake, 'title' | 'details' | 'severity' | 'asset' | 'expiresAt' | 'source'>;

/** At most 280 characters. Holds names from outside: it is shown as such. */
export function describeChange(before: Described | RemediationAction, after: Described): string {
  const scope = scopeChanges(before, after);
  const text = scope.length > 0 ? scope.join('; ') : `the same scope, described anew${wordChanges(before, after)}`;
  const whole = `${text}. Earlier approvals do not count.`;
  if (whole.length <= textMax) return whole;
  return `${text.slice(0, textMax - 40)}… Earlier approvals do not count.`;
}

function scopeChanges(before: Scoped, after: Scoped): string[] {
  const changes: string[] = [];
  if (before.type !== after.type) changes.push(`type ${catalogue[before.type].label} → ${catalogue[after.type].label}`);
  const [added, removed] = [without(after.entities, before.entities), without(before.entities, after.entities)];
  if (added.length > 0) changes.push(`entities added: ${namesOf(added)}`);
  if (removed.length > 0) changes.push(`entities removed: ${namesOf(removed)}`);
  if (added.length + removed.length === 0 && canonicalJson(before.entities) !== canonicalJson(after.entities)) {
    changes.push('the entities in another order or number');
  }
  const keys = [...new Set([...Object.keys(before.parameters), ...Object.keys(after.parameters)])];
  const changed = keys.filter((key) => canonicalJson(before.parameters[key] ?? null) !== canonicalJson(after.parameters[key] ?? null));
  if (changed.length > 0) changes.push(`parameters changed: ${some(changed.map((key) => key.slice(0, nameMax)))}`);
  return changes;
}

/** By everything that is said about them: a device in another group is another target. */
function without(entities: readonly Entity[], known: readonly Entity[]): Entity[] {
  const keys = new Set(known.map((entity) => canonicalJson(entity)));
  return entities.filter((entity) => !keys.has(canonicalJson(entity)));
}

const namesOf = (entities: readonly Entity[]): string => some(entities.map((entity) => `${entityLabels[entity.type]} ${nameOf(entity)}`));

const some = (names: readonly string[]): string =>
  names.length <= named ? names.join(', ') : `${names.slice(0, named).join(', ')} and ${names.length - named} more`;

/** The first thing a person would know it by. */
const nameKeys = ['name', 'fileName', 'key', 'upn', 'address', 'recipient', 'url', 'ip', 'deviceId', 'sha256', 'sha1', 'entraId'];
function nameOf(entity: Entity): string {
  const fields: Record<string, unknown> = entity;
  const name = nameKeys.map((key) => fields[key]).find((value) => typeof value === 'string');
  return String(name ?? '').slice(0, nameMax);
}

function wordChanges(before: Described, after: Described): string {
  const keys = ['title', 'details', 'severity', 'asset', 'source'] as const;
  const changed: string[] = keys.filter((key) => before[key] !== after[key]);
  if (before.expiresAt !== after.expiresAt) changed.push('deadline');
  return changed.length > 0 ? ` (${changed.join(', ')})` : '';
}
