import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCommand } from '../../src/chat/command.ts';
import { helpText, problemText, storyOf } from '../../src/chat/command-words.ts';
import { plain } from '../../src/chat/show.ts';
import { newActionId } from '../../src/ids.ts';
import { aDecision, anOutcome } from '../setup/builders.ts';

const id = 'A-01JD6Q00000000000000000001';
const show = { command: { name: 'show', id } };
const help = { command: { name: 'help' } };

describe('the text of a command', () => {
  it.each<[string, unknown]>([
    ['', help],
    ['   ', help],
    ['?', help],
    ['help', help],
    ['HELP', help],
    ['/help', help],
    ['help me please', help],
    [`show ${id}`, show],
    [`Show\u00a0\u00a0${id.toLowerCase()} `, show],
    [`show "${id}".`, show],
    [`show \`${id}\``, show],
    [`show <${id}>,`, show],
    [`show *${id}*`, show],
    [`show\u200b ${id}\u200f`, show],
    [id, show],
    ['show', { problem: { kind: 'needs-id', given: null } }],
    ['show me', { problem: { kind: 'needs-id', given: 'me' } }],
    ['show A-123', { problem: { kind: 'needs-id', given: 'A-123' } }],
    ['A-123', { problem: { kind: 'needs-id', given: 'A-123' } }],
    ['history 7d', { problem: { kind: 'not-yet', name: 'history' } }],
    ['Undo', { problem: { kind: 'not-yet', name: 'undo' } }],
    ['hlep', { problem: { kind: 'unknown', word: 'hlep', suggestion: 'help' } }],
    [`shwo ${id}`, { problem: { kind: 'unknown', word: 'shwo', suggestion: `show ${id}` } }],
    ['hist', { problem: { kind: 'unknown', word: 'hist', suggestion: null } }],
    ['approve everything', { problem: { kind: 'unknown', word: 'approve', suggestion: null } }],
  ])('%j', (text, parsed) => {
    expect(parseCommand(text)).toEqual(parsed);
  });

  it('finds every id that is given out', () => {
    for (let round = 0; round < 200; round += 1) {
      const given = newActionId();
      expect(parseCommand(`show ${given}`)).toEqual({ command: { name: 'show', id: given } });
    }
  });

  it('is answered whatever it is, with at most what was understood of it', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 20_000 }), fc.string({ unit: 'grapheme' })), (text) => {
        const parsed = parseCommand(text);
        if ('command' in parsed) return;
        for (const platform of ['slack', 'teams'] as const) {
          const lines = problemText(parsed.problem, platform).map(plain);
          expect(lines.join('').length).toBeLessThan(600);
          expect(lines.every((line) => line.trim() !== '')).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('the words of an answer', () => {
  it('write a command as it is written on the platform', () => {
    expect(helpText('slack').map(plain).join('\n')).toContain('/actions show A-');
    expect(helpText('teams').map(plain).join('\n')).toContain('@Countersign show A-');
  });

  it('quote what a person typed as theirs, so that it can be nothing else', () => {
    const [line] = problemText({ kind: 'unknown', word: '<!channel>', suggestion: 'show [x](https://evil.example)' }, 'slack');
    const ours = (line ?? []).filter(({ kind }) => kind === 'words').map((part) => ('text' in part ? part.text : ''));
    expect(ours.join('')).not.toMatch(/channel|evil/);
  });

  it('tell what happened, in order', () => {
    const decision = aDecision({ comment: 'Known false positive', verb: 'reject' });
    const outcome = anOutcome({ message: 'Sensor answered' });
    const story = storyOf([
      { kind: 'decided', at: decision.decidedAt, actorId: 'x', data: { ...decision, from: 'pending' } },
      { kind: 'outcome', at: outcome.at, actorId: null, data: { decisionId: decision.decisionId, ...outcome } },
    ]).map(plain);
    expect(story).toEqual([
      'What happened',
      '2026-11-21 08:02 UTC Alice Adams rejected it in Slack, as Security Administrator: “Known false positive”',
      '2026-11-21 08:02 UTC Completed. Sensor answered',
    ]);
    expect(storyOf([]).map(plain)).toEqual(['Nobody has decided it yet.']);
  });
});
