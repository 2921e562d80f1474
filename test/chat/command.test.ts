import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Role } from '../../src/action-center/action.ts';
import { parseCommand } from '../../src/chat/command.ts';
import { helpText, lookRefusalText, problemText, storyOf } from '../../src/chat/command-words.ts';
import { plain } from '../../src/chat/show.ts';
import { renderLines as slackLines } from '../../src/chat/slack/render.ts';
import { renderLines as teamsLines } from '../../src/chat/teams/render.ts';
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
    [`show\u2800A-01JD6Q00000\u200b\u00ad000000000000001`, show],
    [`sh\ufeffow ${id}`, show],
    [`show&nbsp;${id}&nbsp;`, show],
    [`show ${id.replace('-', '\u2011')}`, show],
    [`show ${id.replace('-', '–')}`, show],
    [`show …${id}…?`, show],
    [`ｓｈｏｗ ${id}`, show],
    [`show Action ${id}`, show],
    [`show me ${id} please`, show],
    [`${' '.repeat(9000)}show ${id}${' please'.repeat(2000)}`, show],
    [`/actions show ${id}`, show],
    [`@Countersign show ${id}`, show],
    [`Action ${id}`, show],
    [id, show],
    ['/actions', help],
    ['🤷', help],
    ['&nbsp;help&nbsp;', help],
    ['show', { problem: { kind: 'needs-id', command: 'show', given: null } }],
    ['show me', { problem: { kind: 'needs-id', command: 'show', given: 'me' } }],
    ['show A-123', { problem: { kind: 'needs-id', command: 'show', given: 'A-123' } }],
    ['A-123', { problem: { kind: 'needs-id', command: 'show', given: 'A-123' } }],
    ['Undo', { problem: { kind: 'undo-needs-ids', given: null } }],
    ['undo it', { problem: { kind: 'undo-needs-ids', given: 'it' } }],
    [`undo ${id}`, { command: { name: 'undo', ids: [id] } }],
    [`undo ${id.toLowerCase()}, ${id} and ${id.slice(0, -1)}Z`, { command: { name: 'undo', ids: [id, `${id.slice(0, -1)}Z`] } }],
    // Nobody wants most of what they named undone.
    [`undo ${id} A-123`, { problem: { kind: 'undo-needs-ids', given: 'A-123' } }],
    [`hunt ${id.toLowerCase()}`, { command: { name: 'hunt', id } }],
    ['hunt', { problem: { kind: 'needs-id', command: 'hunt', given: null } }],
    ['hutn it', { problem: { kind: 'unknown', word: 'hutn', suggestion: 'hunt it' } }],
    ['bulk', { command: { name: 'bulk' } }],
    ['blk', { problem: { kind: 'unknown', word: 'blk', suggestion: 'bulk' } }],
    ['history', { command: { name: 'history', ask: { kind: 'usual', tab: 'history' } } }],
    ['Pending reset', { command: { name: 'history', ask: { kind: 'reset', tab: 'pending' } } }],
    // A command that is not there is never advised.
    ['digset now', { problem: { kind: 'unknown', word: 'digset', suggestion: 'digest now' } }],
    ['digest preview', { command: { name: 'digest', ask: { kind: 'preview' } } }],
    ['histroy week', { problem: { kind: 'unknown', word: 'histroy', suggestion: 'history week' } }],
    ['help?', help],
    ['hepl?', { problem: { kind: 'unknown', word: 'hepl', suggestion: 'help' } }],
    // Cyrillic, looks the same.
    [`ѕhow ${id}`, { problem: { kind: 'unknown', word: 'ѕhow', suggestion: `show ${id}` } }],
    ['hlep', { problem: { kind: 'unknown', word: 'hlep', suggestion: 'help' } }],
    [`shwo ${id}`, { problem: { kind: 'unknown', word: 'shwo', suggestion: `show ${id}` } }],
    ['hist', { problem: { kind: 'unknown', word: 'hist', suggestion: null } }],
    ['approve everything', { problem: { kind: 'unknown', word: 'approve', suggestion: null } }],
    // Nothing that sounds like deciding is taken for a look.
    [`approve ${id}`, { problem: { kind: 'unknown', word: 'approve', suggestion: null } }],
    ['__proto__', { problem: { kind: 'unknown', word: 'proto', suggestion: null } }],
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

  it('name the service that did not answer, and speak of no press', () => {
    expect(plain(lookRefusalText({ kind: 'identity-unavailable', service: 'slack' }, 'slack'))).toContain('because Slack did not answer');
    const kinds = ['unknown-person', 'ambiguous-person', 'disabled-person', 'guest', 'external-person', 'bot', 'not-found'] as const;
    for (const kind of kinds) expect(plain(lookRefusalText({ kind }, 'teams'))).not.toMatch(/press|decided/);
    expect(plain(lookRefusalText({ kind: 'may-not-read', actorId: 'x' }, 'teams'))).toContain('Security Reader, Global Reader');
  });

  it('quote what a person typed as theirs, so that it can be nothing else', () => {
    const [line] = problemText({ kind: 'unknown', word: '<!channel>', suggestion: 'show [x](https://evil.example)' }, 'slack');
    const ours = (line ?? []).filter(({ kind }) => kind === 'words').map((part) => ('text' in part ? part.text : ''));
    expect(ours.join('')).not.toMatch(/channel|evil/);
  });

  it('tell what happened, in order', () => {
    const decision = aDecision({ comment: 'Known false positive', verb: 'reject' });
    const outcome = anOutcome({ message: 'Sensor answered' });
    const story = storyOf(
      [
        { kind: 'decided', at: decision.decidedAt, actorId: 'x', data: { ...decision, from: 'pending' } },
        { kind: 'outcome', at: outcome.at, actorId: null, data: { decisionId: decision.decisionId, ...outcome } },
      ],
      { isOpen: false },
    ).map(plain);
    expect(story).toEqual([
      'What happened',
      '2026-11-21 08:02 UTC Alice Adams rejected it in Slack, as Security Administrator: “Known false positive”',
      '2026-11-21 08:02 UTC Completed. Sensor answered',
    ]);
  });

  it('say whether somebody can still decide when nobody did', () => {
    expect(storyOf([], { isOpen: true }).map(plain)).toEqual(['Nobody has decided it yet.']);
    expect(storyOf([], { isOpen: false }).map(plain)).toEqual(['Nobody decided it here.']);
  });

  it('keep the longest story within one message of each platform, and say what is left out', () => {
    const longestRoles: Role[] = ['ExchangeSecurityAdministrator', 'SearchAndPurge', 'SecurityOperator'];
    const decision = aDecision({ comment: '"'.repeat(2000) });
    const actor = { ...decision.actor, displayName: '"'.repeat(300), rolesUsed: longestRoles };
    const story = storyOf(
      Array.from({ length: 40 }, () => ({ kind: 'approved' as const, at: decision.decidedAt, actorId: 'x', data: { ...decision, actor } })),
      { isOpen: false },
    );
    expect(plain(story[1] ?? [])).toMatch(/^\d+ earlier steps are not shown here\.$/);
    expect(JSON.stringify(slackLines(story).blocks).length).toBeLessThan(10_000);
    expect(JSON.stringify(teamsLines(story)).length).toBeLessThan(28_000);
  });
});
