/** Draws an inbox from `adaptive-cards/inbox.json`. Pure. Foreign text only ever lands in TextRuns. What does not fit is left out, and said. */
import type { CardPlace } from '../../action-center/inbox.ts';
import type { InboxCard, InboxRow } from '../inbox-card.ts';
import { inboxTexts, openLabel, showLabel, shownText } from '../inbox-words.ts';
import { type Line, showText, strong, words } from '../show.ts';
import { type Cloud, clouds } from './clouds.ts';
import { plainText } from './escape.ts';
import { cardBudget, type TeamsContent, texts } from './render.ts';
import { maxUrlLength, runs } from './render-runs.ts';
import { expand } from './templates.ts';

/** The address of a message, where there is one. */
export type LinkTo = (place: CardPlace) => string | null;
export const inboxVerbs = { show: 'ac.inbox.show', refresh: 'ac.inbox.refresh' } as const;

/** https://learn.microsoft.com/microsoftteams/platform/concepts/build-and-test/deep-link-teams (the chapter about messages) */
export function deepLinks(cloud: Cloud, organisation: string): LinkTo {
  return ({ conversation, ref }) => {
    if (!conversation.startsWith('19:')) return null;
    const url = new URL(`${clouds[cloud].webUrl}/l/message/${encodeURIComponent(conversation)}/${encodeURIComponent(ref)}`);
    url.searchParams.set('tenantId', organisation);
    // In a channel each card begins a thread of its own.
    if (/@thread\.(tacv2|skype)$/.test(conversation)) url.searchParams.set('parentMessageId', ref);
    else url.searchParams.set('context', '{"contextType":"chat"}');
    return url.href;
  };
}

/** Tried in turn until the card fits. The last one always does: everything in it is bounded. */
const rooms: readonly { rows: number; part: number }[] = [
  { rows: 20, part: 200 },
  { rows: 20, part: 80 },
  { rows: 12, part: 80 },
  { rows: 6, part: 40 },
];

export function renderInbox(card: InboxCard, linkTo: LinkTo): TeamsContent {
  const said = texts(card.fallback);
  const summary = showText(plainText(card.fallback), 300);
  let drawn = expand('inbox', { ...said, ...inboxData(card, linkTo, { rows: 0, part: 40 }) });
  for (const room of rooms) {
    drawn = expand('inbox', { ...said, ...inboxData(card, linkTo, room) });
    if (JSON.stringify(drawn).length <= cardBudget) break;
  }
  return { card: drawn, summary, text: summary };
}

function inboxData(card: InboxCard, linkTo: LinkTo, room: { rows: number; part: number }): Record<string, unknown> {
  const rows = card.rows.slice(0, room.rows);
  const lines = (list: readonly Line[]) => list.map((line) => ({ inlines: runs(line, room.part) }));
  const { decided } = card;
  return {
    heading: runs([words(card.heading)], 100, { size: 'Large', weight: 'Bolder' }),
    intro: lines([...card.intro, ...shownText(rows.length, card.total)]),
    rows: rows.map((row) => rowData(row, linkTo, room.part)),
    hasDecided: decided !== null,
    decidedHeading: runs([strong(decided?.heading ?? '')], 100),
    decided: lines(decided?.lines.map(({ line, place }) => withLink(line, place, linkTo)) ?? []),
    footnotes: card.footnotes.map((line) => ({
      inlines: runs(line, room.part, { isSubtle: true, size: 'Small' }),
    })),
    refresh: inboxTexts.refresh,
  };
}

function rowData(row: InboxRow, linkTo: LinkTo, part: number) {
  const url = urlOf(row.place, linkTo);
  return {
    actionId: row.actionId,
    lines: [row.heading, ...row.lines].map((line) => ({ inlines: runs(line, part) })),
    links: url === null ? [] : [{ title: openLabel(row.number), url }],
    show: showLabel(row.number),
  };
}

function withLink(line: Line, place: CardPlace | null, linkTo: LinkTo): Line {
  const url = urlOf(place, linkTo);
  return url === null ? line : [...line, words(' '), { kind: 'link', text: inboxTexts.card, url }];
}

function urlOf(place: CardPlace | null, linkTo: LinkTo): string | null {
  const url = place === null ? null : linkTo(place);
  return url !== null && url.length <= maxUrlLength ? url : null;
}
