/** The type of a language holds every sentence, and another language fits it. The compiler is the judge; this runs what it let through. */
import { expect, test } from 'vitest';
import * as card from '../../src/chat/card-words.ts';
import * as evidence from '../../src/chat/evidence-words.ts';
import * as group from '../../src/chat/group-words.ts';
import type { Sentences } from '../../src/chat/language.ts';
import { exact, plain, strong, words } from '../../src/chat/show.ts';
import * as showWords from '../../src/chat/show-words.ts';

const english: Pick<Sentences, 'card' | 'evidence' | 'group' | 'show'> = { card, evidence, group, show: showWords };

const german: Pick<Sentences, 'evidence' | 'show'> = {
  show: { showTexts: { empty: '(leer)', utc: (day, clock) => `${day} ${clock} UTC`, ampersand: ' und ' } },
  evidence: {
    valueText: (name, value) => [strong(`${name} `), value],
    messageCountText: (count) => [words(count === 1 ? '1 Nachricht' : `${count} Nachrichten`)],
    messageIdsText: (shown, more) => [words('Nachrichten '), shown, words(more > 0 ? ` und ${more} weitere` : '')],
    andMoreText: (count) => (count > 0 ? ` und ${count} weitere` : ''),
    placeTexts: {
      reportedAs: (asset) => ` (gemeldet als ${asset})`,
      inMailbox: (place) => ` in ${place}`,
      onDevice: (place) => ` auf ${place}`,
    },
  },
};

test('another language says the same with words, order and plurals of its own', () => {
  expect(english.evidence.placeTexts.onDevice('WKS-0042')).toBe(' on WKS-0042');
  expect(german.evidence.placeTexts.onDevice('WKS-0042')).toBe(' auf WKS-0042');
  expect(plain(german.evidence.messageIdsText(exact('a, b, c'), 2))).toBe('Nachrichten a, b, c und 2 weitere');
  expect(plain(german.evidence.messageCountText(1))).toBe('1 Nachricht');
});

test('a language without a sentence is none', () => {
  // @ts-expect-error: a word is missing.
  const incomplete: Sentences['show'] = { showTexts: { empty: '(leer)', ampersand: ' und ' } };
  expect(Object.keys(incomplete.showTexts)).not.toEqual(Object.keys(english.show.showTexts));
});
