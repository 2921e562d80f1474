/** What is said about an action that somebody dealt with elsewhere. */
import type { AuditEvent } from '../action-center/ports.ts';
import { exact, foreign, type Line, words } from './show.ts';

const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

/** The alert's evidence says what became of it, a machine action who did it and how far it is. Both are Defender's own words. */
export function elsewhereParts({ data }: AuditEvent): Line {
  const state = textOf(data['state']);
  const by = textOf(data['by']);
  return [
    words(by === null ? 'Decided in Defender' : 'Done in Defender by '),
    ...(by === null ? [] : [foreign(by, 100)]),
    ...(state === null ? [] : [words('; it reports: '), exact(state, 100)]),
    words('. Nothing was done from here, and nothing is left to decide. '),
  ];
}
