/** What a screen reader is handed: the whole message in words, in the order in which it is seen. */
import { describe, expect, it } from 'vitest';
import { ActionType } from '../../../src/action-center/action.ts';
import { cardFor } from '../../../src/chat/card.ts';
import { time, words } from '../../../src/chat/show.ts';
import { renderCard, renderLine, renderLines } from '../../../src/chat/slack/render.ts';
import { spokenText } from '../../../src/chat/slack/spoken.ts';
import { anAction } from '../../setup/builders.ts';
import { plainContext } from '../hostile.ts';

describe('a message in words', () => {
  it.each(ActionType.options)('begins with the sentence that counts and says everything on a card of %s, in its order', (type) => {
    const card = cardFor(anAction({ type }), plainContext);
    const { text } = renderCard(card);
    expect(text.split('\n')[0]).toContain('Decision needed');
    const places = card.facts.map(({ label }) => text.indexOf(`\n${label}: `));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    const pressable = text.indexOf('\nButtons: ');
    expect(pressable).toBeGreaterThan(places.at(-1) ?? 0);
    for (const { label } of card.buttons) expect(text.slice(pressable)).toContain(label);
  });

  it('does not say a sentence twice', () => {
    const { text } = renderLine([words('You need Security Operator.')]);
    expect(text).toBe('You need Security Operator.');
  });

  it('says a sentence with a time once, in the zone of the reader', () => {
    const lines = [[words('Recorded at '), time('2026-11-28T08:00:00.000Z'), words('.')], [words('It counts once.')]];
    const filledIn = '<!date^1795852800^{date_short_pretty} at {time}|2026-11-28 08:00 UTC>';
    expect(renderLine(lines[0] ?? []).text).toBe(`Recorded at ${filledIn}.`);
    expect(renderLines(lines).text).toBe(`Recorded at ${filledIn}.\nIt counts once.`);
  });

  it('speaks the alternative text of a picture, and of a menu nothing', () => {
    const said = spokenText('A chart.', [
      { type: 'image', image_url: 'https://charts.example/1.png', alt_text: 'Approved: 12 on Monday & 3 on Tuesday' },
      { type: 'divider' },
    ]);
    expect(said).toBe('A chart.\nApproved: 12 on Monday &amp; 3 on Tuesday');
  });

  it('that is too long ends with the hint that there is more', () => {
    const block = { type: 'header' as const, text: { type: 'plain_text' as const, text: 'x'.repeat(150) } };
    const said = spokenText(
      'Many.',
      Array.from({ length: 50 }, (_, n) => ({ ...block, text: { ...block.text, text: `${n} ${block.text.text}` } })),
    );
    expect(said.length).toBeLessThanOrEqual(4000);
    expect(said.endsWith('There is more in the message itself.')).toBe(true);
  });
});
