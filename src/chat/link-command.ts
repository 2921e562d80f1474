/** `/actions link`: what was typed behind it, and the answer. Who may be linked to whom is decided in the product. */
import type { LinkCaller, Linking } from '../action-center/link.ts';
import { linkedText, linkOff, linkRefusalText, linkStartText, noLinkNeeded, ownLinkText, removedText } from './link-words.ts';
import { type Line, showText } from './show.ts';

export type LinkAsk = { kind: 'begin' } | { kind: 'list' } | { kind: 'remove' } | { kind: 'code'; code: string };

const codeLength = 8;
const longestName = 80;
/** Crockford's base 32: what looks alike is the same, and hyphens are there for the eye. */
const readAs: Readonly<Record<string, string>> = { O: '0', I: '1', L: '1' };

/** Null: nothing of the kind. */
export function parseLink(rest: readonly string[]): LinkAsk | null {
  const [first = '', ...more] = rest;
  if (first === '') return { kind: 'begin' };
  const word = first.toLowerCase();
  if ((word === 'list' || word === 'remove') && more.length === 0) return { kind: word };
  const spelled = rest.join('').replaceAll('-', '').toUpperCase();
  const code = spelled.replaceAll(/[OIL]/g, (sign) => readAs[sign] ?? sign);
  return code.length === codeLength && /^[0-9A-HJKMNP-TV-Z]+$/.test(code) ? { kind: 'code', code } : null;
}

export type LinkCommand = LinkCaller & { platform: 'slack' | 'teams' };

/** Null: this deployment does not connect accounts. Throws UpstreamError where something does not answer. */
export async function answerLink(linking: Linking | null, { platform, person, name, by }: LinkCommand, ask: LinkAsk): Promise<Line[]> {
  if (platform === 'teams') return noLinkNeeded;
  if (linking === null) return linkOff;
  const identified = await linking.identify({ person, by, name: name === null ? null : showText(name, longestName) });
  if (!identified.ok) return [linkRefusalText(identified.refusal)];
  const asker = identified.value;
  switch (ask.kind) {
    case 'begin':
      return linkStartText(await linking.begin(asker));
    case 'list':
      return ownLinkText(await linking.own(asker));
    case 'remove':
      return removedText(await linking.remove(asker));
    case 'code': {
      const linked = await linking.complete(asker, ask.code);
      return linked.ok ? linkedText(linked.value) : [linkRefusalText(linked.refusal)];
    }
  }
}
