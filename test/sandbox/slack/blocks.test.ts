import { describe, expect, test } from 'vitest';
import { validateBlocks } from '../../../sandbox/slack/blocks.ts';
import { validateView } from '../../../sandbox/slack/view-rules.ts';
import { BROKEN, BROKEN_VIEWS, modal, VALID } from './block-fixtures.ts';

describe('blocks in a message', () => {
  test.each(Object.entries(VALID))('takes %s', (_name, blocks) => {
    expect(validateBlocks(blocks)).toEqual([]);
  });

  test.each(BROKEN)('refuses %s', (_name, blocks, pointer) => {
    expect(validateBlocks(blocks).map((problem) => problem.pointer)).toContain(pointer);
  });

  test('counts characters as code points, not as UTF-16 units', () => {
    const header = (length: number) => [{ type: 'header', text: { type: 'plain_text', text: '🔒'.repeat(length) } }];
    expect(validateBlocks(header(150))).toEqual([]);
    expect(validateBlocks(header(151))).toHaveLength(1);
  });

  test('is not fooled by field names that every object has', () => {
    expect(validateBlocks([{ type: 'constructor' }])).toHaveLength(1);
    expect(validateBlocks([JSON.parse('{"type":"divider","toString":"a"}')])).toHaveLength(1);
  });

  test('names every problem, not only the first', () => {
    const blocks = [
      { type: 'header', text: { type: 'plain_text', text: '' } },
      { type: 'actions', elements: [] },
    ];
    expect(validateBlocks(blocks).map(({ pointer }) => pointer)).toEqual(['/blocks/0/text/text', '/blocks/1/elements']);
  });
});

describe('views', () => {
  test('takes a modal with an input, and one with an alert and no input', () => {
    expect(validateView(modal())).toEqual([]);
    const alert = { type: 'alert', level: 'warning', text: { type: 'mrkdwn', text: 'Already *decided*' } };
    expect(validateView(modal({ submit: undefined, blocks: [alert] }))).toEqual([]);
  });

  test.each(BROKEN_VIEWS)('refuses %s', (_name, view, pointer) => {
    expect(validateView(view).map((problem) => problem.pointer)).toContain(pointer);
  });
});
