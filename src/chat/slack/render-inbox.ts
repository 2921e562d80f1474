/**
 * Draws an inbox in Block Kit: as the Home tab, or as a private message with as many rows as fit. Pure. Foreign text only ever lands in rich_text
 * `text` elements, which Slack shows literally.
 */
import type { Button, KnownBlock } from '@slack/types';
import type { CardPlace } from '../../action-center/inbox.ts';
import type { InboxCard, InboxRow } from '../inbox-card.ts';
import { homeHasMore, inboxTexts, openLabel, showLabel, shownText } from '../inbox-words.ts';
import { type Line, plain, strong, words } from '../show.ts';
import { limits, messageBudget, plainText, richText, type SlackContent, section } from './render.ts';
import { spokenText } from './spoken.ts';

export const inboxActions = { open: 'ac.inbox.open', show: 'ac.inbox.show', refresh: 'ac.inbox.refresh' } as const;

/** The address of a message, where there is one. */
export type LinkTo = (place: CardPlace) => string | null;

/** Messages have addresses in their workspace (https://docs.slack.dev/reference/methods/chat.getPermalink): no call is needed for each. */
export function permalinks(workspaceUrl: string | null): LinkTo {
  const base = URL.parse(workspaceUrl ?? '');
  return ({ conversation, ref }) =>
    base?.protocol === 'https:' && /^[A-Z0-9]+$/.test(conversation) && /^\d+\.\d+$/.test(ref)
      ? `${base.origin}/archives/${conversation}/p${ref.replace('.', '')}`
      : null;
}

/** Slack allows 100 blocks in a Home tab; two for each row and a few around them are under half of that. */
export function renderHome(card: InboxCard, linkTo: LinkTo): KnownBlock[] {
  const refresh: Button = { type: 'button', action_id: inboxActions.refresh, text: plainText(inboxTexts.refresh, limits.label) };
  return [
    ...startOf(card, shownText(card.rows.length, card.total)),
    { type: 'actions', elements: [refresh] },
    ...card.rows.flatMap((row) => [...drawRow(row, linkTo), { type: 'divider' as const }]),
    ...endOf(card, linkTo),
  ];
}

/** What does not fit is left out from the end, and said. */
export function renderInboxMessage(card: InboxCard, linkTo: LinkTo): SlackContent {
  for (let shown = card.rows.length; ; shown -= 1) {
    const left = card.rows.length - shown;
    const rows = card.rows.slice(0, shown).flatMap((row) => drawRow(row, linkTo));
    const note = shownText(shown, card.total, left === 0 ? '' : homeHasMore);
    const blocks = [...startOf(card, note), ...rows, ...endOf(card, linkTo)];
    if (shown === 0 || JSON.stringify(blocks).length <= messageBudget) return { text: spokenText(card.fallback, blocks), blocks };
  }
}

const maxPart = 300;
const lines = (list: readonly Line[]): KnownBlock => richText(list.map((line) => section(line, maxPart)));

const startOf = (card: InboxCard, note: Line[]): KnownBlock[] => [
  { type: 'header', text: plainText(card.heading, limits.header) },
  lines([...card.intro, ...note]),
];

function drawRow(row: InboxRow, linkTo: LinkTo): KnownBlock[] {
  const url = urlOf(row.place, linkTo);
  const about = plain(row.heading);
  const button = (action_id: string, label: string): Button => ({
    type: 'button',
    action_id,
    text: plainText(label, limits.label),
    accessibility_label: plainText(`${label}: ${about}`, limits.label).text,
  });
  const open: Button[] = url === null ? [] : [{ ...button(inboxActions.open, openLabel(row.number)), url }];
  const show: Button = { ...button(inboxActions.show, showLabel(row.number)), value: row.actionId };
  return [lines([row.heading, ...row.lines]), { type: 'actions', elements: [...open, show] }];
}

function endOf({ decided, footnotes }: InboxCard, linkTo: LinkTo): KnownBlock[] {
  const blocks: KnownBlock[] = [];
  if (decided !== null) {
    const items = decided.lines.map(({ line, place }) => {
      const url = urlOf(place, linkTo);
      return section(url === null ? line : [...line, words(' '), { kind: 'link', text: inboxTexts.card, url }], maxPart);
    });
    blocks.push(richText([section([strong(decided.heading)], maxPart), { type: 'rich_text_list', style: 'bullet', elements: items }]));
  }
  if (footnotes.length > 0) blocks.push(lines(footnotes));
  return blocks;
}

function urlOf(place: CardPlace | null, linkTo: LinkTo): string | null {
  const url = place === null ? null : linkTo(place);
  return url !== null && url.length <= limits.url ? url : null;
}
