import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defang, disarm, foreign, showText, utc } from '../../src/chat/show.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({
    unit: fc.constantFrom(
      '\u202e',
      '\u200b',
      '\n',
      '\r',
      '\u2028',
      '\ud800',
      '\udc00',
      'e\u0301',
      '👨‍👩‍👧',
      '\u0000',
      'a',
      '.',
      '\u0489',
      '\u{e0041}',
    ),
    maxLength: 80,
  }),
);
const invisible = /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2028\u2029]/u;

describe('showText', () => {
  test('never lets through what is invisible, turns the reading direction or breaks the line, and never exceeds its length', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 120 }), (text, max) => {
        const shown = showText(text, max);
        expect(shown.length).toBeLessThanOrEqual(max);
        expect(shown).not.toMatch(invisible);
        expect(shown.isWellFormed()).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test('keeps line breaks where there is room for them, and nothing else that is invisible', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(showText(text, 500, { lines: true }).replaceAll('\n', '')).not.toMatch(invisible);
      }),
    );
    expect(showText('one\r\ntwo\tthree', 50, { lines: true })).toBe('one\ntwo three');
  });

  test('is the same when it is applied twice', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(showText(showText(text, 60), 60)).toBe(showText(text, 60));
      }),
    );
  });

  test('shows the file name that a bidi control would hide', () => {
    expect(showText('invoice\u202efdp.exe', 50)).toBe('invoice⟨U+202E⟩fdp.exe');
  });

  test('cuts between graphemes, with an ellipsis', () => {
    expect(showText('abcdef', 6)).toBe('abcdef');
    expect(showText('abcdefg', 6)).toBe('abcde…');
    expect(showText('abe\u0301e\u0301e\u0301', 5)).toBe('abe\u0301…');
    expect(showText('ab👍🏽👍🏽', 6)).toBe('ab…');
  });

  test('replaces lone surrogates and leaves ordinary names of all languages alone', () => {
    expect(showText('a\ud800b', 10)).toBe('a\ufffdb');
    for (const name of ['Renée Müller', '王小明', 'Дмитрий', 'محمد', 'नमस्ते', 'Ağaoğlu']) expect(showText(name, 50)).toBe(name);
  });

  test('ends quickly on very long hostile text', () => {
    const started = performance.now();
    showText('\u0301'.repeat(2_000_000), 100);
    showText('👨‍👩‍👧'.repeat(500_000), 100);
    expect(performance.now() - started).toBeLessThan(500);
  });
});

describe('defang', () => {
  test.each([
    ['https://evil.example/a?b=c@d', 'hxxps://evil[.]example/a?b=c[@]d'],
    ['HTTP://evil.example', 'hxxp://evil[.]example'],
    ['203.0.113.7', '203[.]0[.]113[.]7'],
    ['2001:db8::1', '2001[:]db8[:][:]1'],
    ['kim@evil.example', 'kim[@]evil[.]example'],
    ['ftp://evil.example', 'fxp://evil[.]example'],
    ['javascript://evil.example', 'javascript[:]//evil[.]example'],
  ])('%s is shown as %s', (value, shown) => {
    expect(defang(value)).toBe(shown);
  });

  test('leaves nothing that could be followed, whatever it is given, and changes nothing the second time', () => {
    const part = fc.constantFrom(
      'http',
      'https',
      '://',
      ':',
      '/',
      '.',
      '@',
      '[',
      ']',
      'evil.example',
      'hxxp',
      '203.0.113.7',
      'ftp',
      'HTTPS://',
      ' ',
      '::1',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(part, { maxLength: 12 }).map((parts) => parts.join('')),
          fc.webUrl(),
          fc.ipV6(),
          fc.emailAddress(),
          anyText,
        ),
        (value) => {
          const shown = defang(value);
          expect(shown).not.toMatch(/(http|https|ftp):\/\//i);
          expect(shown.replaceAll('[.]', '').replaceAll('[@]', '')).not.toMatch(/[.@]/);
          expect(defang(shown)).toBe(shown);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('breaks links in free text and leaves the rest readable', () => {
    expect(disarm('see https://evil.example/x and invoice.exe')).toBe('see hxxps://evil.example/x and invoice.exe');
  });
});

test('a text of nothing but blanks is named as such', () => {
  expect(foreign('\u3000').text).toBe('(empty)');
});

test('times are read in UTC where the platform does not draw them', () => {
  expect(utc('2026-11-21T08:00:59.000Z')).toBe('2026-11-21 08:00 UTC');
  expect(utc('not a time')).toBe('not a time');
});
