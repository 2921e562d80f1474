import { describe, expect, it } from 'vitest';
import { matchesGlob } from '../../src/identity/glob.ts';

describe('a pattern of device names', () => {
  it.each([
    ['dc-*', 'dc-01', true],
    ['dc-*', 'DC-01.contoso.example', true],
    ['dc-*', 'wks-dc-01', false],
    ['dc-*', 'dc-', true],
    ['*', '', true],
    ['*-dc-*', 'emea-dc-3', true],
    ['dc-??', 'dc-01', true],
    ['dc-??', 'dc-001', false],
    ['dc.01', 'dcx01', false],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'a-b-b-d', false],
    ['', 'x', false],
    ['dc-*', 'ｄｃ-01', true],
  ])('%s and %s: %s', (pattern, name, fits) => expect(matchesGlob(pattern, name)).toBe(fits));

  it('cannot be made slow', () => {
    const before = performance.now();
    expect(matchesGlob('*a'.repeat(100), 'a'.repeat(255).concat('b'))).toBe(false);
    expect(performance.now() - before).toBeLessThan(100);
  });
});
