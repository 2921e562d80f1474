import { describe, expect, it } from 'vitest';
import { parseCommand } from '../../src/chat/command.ts';

const ask = (kind: object) => ({ command: { name: 'link', ask: kind } });
const code = ask({ kind: 'code', code: '7KQ29XMP' });

describe('the text of a link command', () => {
  it.each<[string, unknown]>([
    ['link', ask({ kind: 'begin' })],
    ['LINK ', ask({ kind: 'begin' })],
    ['link list', ask({ kind: 'list' })],
    ['link Remove', ask({ kind: 'remove' })],
    ['link 7KQ2-9XMP', code],
    ['link 7kq2–9xmp', code],
    ['link 7KQ2 9XMP', code],
    ['link `7KQ29XMP`', code],
    ['/actions link 7KQ2-9XMP', code],
    ['link OIL0-1111', ask({ kind: 'code', code: '01101111' })],
    ['link 7KQ2-9XM', { problem: { kind: 'link-unclear', given: '7KQ2-9XM' } }],
    ['link 7KQ2-9XMU', { problem: { kind: 'link-unclear', given: '7KQ2-9XMU' } }],
    ['link to alice', { problem: { kind: 'link-unclear', given: 'to alice' } }],
    ['lnik', { problem: { kind: 'unknown', word: 'lnik', suggestion: 'link' } }],
  ])('%j', (text, parsed) => {
    expect(parseCommand(text)).toEqual(parsed);
  });
});
