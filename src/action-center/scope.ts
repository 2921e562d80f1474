/** What a decision is bound to: type, entities, parameters and the rules in force when the card was drawn. */
import type { NormalisedIntake } from './intake.ts';

/** JSON with sorted keys and without undefined: equal content gives equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item === undefined ? null : item)).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
}

/** SHA-256 of a text as lower-case hex; handed in, because this folder does no cryptography of its own. */
export type Sha256 = (text: string) => string;

/** `sha256:<64 hex>`. */
export function scopeDigest(
  action: Pick<NormalisedIntake, 'type' | 'entities' | 'parameters'>,
  policyVersion: string,
  sha256: Sha256,
): string {
  const scope = { type: action.type, entities: action.entities, parameters: action.parameters, policyVersion };
  return `sha256:${sha256(canonicalJson(scope))}`;
}
