import { describe, expect, it } from 'vitest';
import { parseCommand } from '../../src/chat/command.ts';
import { parseDelegate } from '../../src/chat/delegate-command.ts';

const bob = { kind: 'address', address: 'bob@contoso.example' } as const;

describe('delegate', () => {
  it('names a person by mention, address or id, with days in either order', () => {
    const to = (text: string) => parseDelegate(text);
    expect(to('to bob@contoso.example from 2026-12-01 until 2026-12-14 because winter holidays')).toEqual({
      kind: 'to',
      who: bob,
      from: '2026-12-01',
      until: '2026-12-14',
      because: 'winter holidays',
    });
    expect(to('to <@U0BOB|bob brown> until tomorrow')).toMatchObject({
      who: { kind: 'mention', account: 'U0BOB' },
      from: null,
      until: 'tomorrow',
      because: null,
    });
    expect(to('TO  <@29:1a_b-c>   until 2026–12–14 from now')).toMatchObject({
      who: { account: '29:1a_b-c' },
      from: 'now',
      until: '2026-12-14',
    });
    expect(to('to <mailto:bob@contoso.example|bob@contoso.example> till today.')).toMatchObject({ who: bob, until: 'today' });
    expect(to('bob@contoso.example until 2026-12-14')).toMatchObject({ who: bob });
    expect(to('to 7F0C0000-0000-4000-8000-000000000001 until 2026-12-14')).toMatchObject({
      who: { kind: 'id', entraId: '7f0c0000-0000-4000-8000-000000000001' },
    });
  });

  it('shows how it stands, or ends it', () => {
    expect(parseDelegate('')).toEqual({ kind: 'status' });
    expect(parseDelegate(' off ')).toEqual({ kind: 'off' });
  });

  it.each([
    ['to', 'no-person'],
    ['to @bob until 2026-12-14', 'no-person'],
    ['to bob@contoso.example', 'no-until'],
    ['to bob@contoso.example from 2026-12-01', 'no-until'],
    ['to bob@contoso.example until', 'nothing-understood'],
    ['to bob@contoso.example until 2026-12-14 until 2026-12-15', 'nothing-understood'],
    ['to bob@contoso.example for a week', 'nothing-understood'],
    ['off tomorrow', 'nothing-understood'],
    ['everything', 'nothing-understood'],
  ])('does nothing for “%s”, which is not understood', (text, problem) => {
    expect(parseDelegate(text)).toEqual({ kind: 'unclear', problem });
  });

  it('is a command like the others', () => {
    expect(parseCommand('delegate to <@U0BOB> until 2026-12-14')).toMatchObject({
      command: { name: 'delegate', ask: { kind: 'to', who: { account: 'U0BOB' } } },
    });
    expect(parseCommand('delegat')).toMatchObject({ problem: { kind: 'unknown', suggestion: 'delegate' } });
  });
});
