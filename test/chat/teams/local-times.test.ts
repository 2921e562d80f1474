/** Times in texts that Teams draws no times in. */
import { describe, expect, it } from 'vitest';
import { foreign, type Line, plain, time, words } from '../../../src/chat/show.ts';
import type { Inbound } from '../../../src/chat/teams/activity.ts';
import { byTheirClock } from '../../../src/chat/teams/local-times.ts';

const line: Line = [foreign('Alice'), words(' at '), time('2026-07-01T22:30:00.000Z'), words('.')];
const said = (localTimezone: string | null, given = line) => {
  const activity: Inbound = { type: 'invoke', localTimezone };
  return plain(byTheirClock(given, { activity }));
};

describe('a line with a time', () => {
  it.each([
    ['Europe/Berlin', '2026-07-02 00:30'],
    ['america/new_york', '2026-07-01 18:30'],
    ['+05:30', '2026-07-02 04:00'],
  ])('is said by the clock of %s', (zone, local) => {
    expect(said(zone)).toBe(`Alice at ${local} your time (2026-07-01 22:30 UTC).`);
  });

  it.each([null, '', 'Mars/Olympus', '{{TIME(x)}}'])('stays in UTC where the zone is %s', (zone) => {
    expect(said(zone)).toBe('Alice at 2026-07-01 22:30 UTC.');
  });

  it('that is none says what it was given', () => {
    expect(said('Europe/Berlin', [time('soon')])).toBe('soon');
  });
});
