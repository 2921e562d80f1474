/** Times in Teams: in the reader's zone, in the order of the sentence, and never with foreign text in the Markdown beside them. */
import { describe, expect, it } from 'vitest';
import { foreign, type Line, strong, time, words } from '../../../src/chat/show.ts';
import { withMoments } from '../../../src/chat/teams/moments.ts';
import { runs } from '../../../src/chat/teams/render-runs.ts';

const at = '2026-11-21T08:00:00.123Z';
const drawn = '{{DATE(2026-11-21T08:00:00Z, SHORT)}}, {{TIME(2026-11-21T08:00:00Z)}} your time (2026-11-21 08:00 UTC)';
const block = (line: Line) => ({ type: 'RichTextBlock', separator: true, inlines: runs(line, 100) });
const draw = (line: Line) => withMoments({ items: [block(line)] })['items'] as Record<string, unknown>[];
const textsOf = (line: Line) =>
  draw(line).map((it) => it['text'] ?? (it['inlines'] as { text: string }[]).map(({ text }) => text).join(''));

describe('a line with a time', () => {
  it('is one sentence where nothing but our own plain words stand beside it', () => {
    expect(textsOf([words('From '), time(at), words(' to '), time(at), words('.')])).toEqual([`From ${drawn} to ${drawn}.`]);
  });

  it.each([
    ['foreign text', foreign('Alice')],
    ['our own words with something in them that could be Markdown', strong('1. *A*')],
  ])('is taken apart beside %s, and keeps its order', (_, part) => {
    const [first, second, third, ...more] = draw([part, words(', '), time(at), words(': '), foreign('late')]);
    expect(more).toEqual([]);
    expect(first).toMatchObject({ type: 'RichTextBlock', separator: true });
    expect(second).toEqual({ type: 'TextBlock', wrap: true, spacing: 'None', text: drawn });
    expect(third).toEqual({ type: 'RichTextBlock', spacing: 'None', inlines: [{ type: 'TextRun', text: 'late' }] });
  });

  it('leaves nothing of its own on what it drew, and a line without one as it is', () => {
    expect(JSON.stringify(draw([foreign('a'), words(' b '), time(at), words(' c')]))).not.toMatch(/"ours"|"at"/);
    expect(draw([words('a '), foreign('b')])).toEqual([block([words('a '), foreign('b')])]);
  });

  it('that is none says what it was given', () => {
    expect(textsOf([words('at '), time('soon')])).toEqual(['at soon']);
  });
});
