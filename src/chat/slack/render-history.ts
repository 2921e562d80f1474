/**
 * Draws an answer to a look-up in Block Kit. Pure. Each row has its own Show button while there is room; long pages share one menu. Foreign text
 * only lands in plain_text and rich_text `text`. What would be too long is shortened step by step, and says so; it never fails.
 */
import type { ActionsBlockElement, KnownBlock, PlainTextElement } from '@slack/types';
import type { ActionCard, AskCard } from '../card.ts';
import type { HistoryButton, HistoryCard, HistoryCardRow, HistoryCell, HistoryMenu } from '../history-card.ts';
import { writePress } from '../history-press.ts';
import { historyTexts, menusLeftOut, shortened } from '../history-words.ts';
import { type Line, plain, showText } from '../show.ts';
import { plainText, renderCard, richText, type SlackContent, section } from './render.ts';
import { partText, spokenText } from './spoken.ts';

/** Under what `msg_blocks_too_long` was met from (bolt-js issues 2509 and 2867); a private answer holds nothing besides. */
const messageBudget = 11_500;
const limits = { label: 75, option: 75, value: 2000, blockId: 255, section: 3000 } as const;

/**
 * `text`: for all rows together. `menus`: with all their options, or those nearest to the page. `own`: each row has its own button. `zoned`: times in
 * the reader's zone.
 */
type Room = { text: number; own: boolean; menus: 'all' | 'near' | 'none'; labels: boolean; zoned?: true; fewButtons?: true };

/** Tried in turn until the message fits. The last one always does: everything in it is bounded. */
const rooms: readonly Room[] = [
  { text: 4000, own: true, menus: 'all', labels: true, zoned: true },
  { text: 4000, own: true, menus: 'near', labels: true, zoned: true },
  { text: 2600, own: true, menus: 'near', labels: true, zoned: true },
  { text: 2600, own: true, menus: 'near', labels: true },
  { text: 3500, own: false, menus: 'near', labels: true },
  { text: 5500, own: false, menus: 'none', labels: true },
  { text: 5500, own: false, menus: 'none', labels: false },
  { text: 3000, own: false, menus: 'none', labels: false },
  { text: 3000, own: false, menus: 'none', labels: false, fewButtons: true },
  { text: 1200, own: false, menus: 'none', labels: false, fewButtons: true },
];
/** With a button each, more would not leave room for the rest of the 50 blocks. */
const mostOwn = 20;

export const menuPrefix = 'ac.q|';

export const renderAnswer = (card: ActionCard | AskCard | HistoryCard): SlackContent =>
  card.kind === 'history' ? renderHistory(card) : renderCard(card);

export function renderHistory(card: HistoryCard): SlackContent {
  let blocks: KnownBlock[] = [];
  for (const room of rooms) {
    if (room.own && card.rows.length > mostOwn) continue;
    blocks = draw(card, room);
    if (JSON.stringify(blocks).length <= messageBudget) break;
  }
  return { text: spokenText(card.fallback, blocks), blocks };
}

function draw(card: HistoryCard, room: Room): KnownBlock[] {
  const menuId = `${menuPrefix}${card.text}`;
  const hasMenus = room.menus !== 'none' && card.menus.length > 0 && menuId.length <= limits.blockId;
  const each = Math.max(20, Math.floor(room.text / Math.max(1, card.rows.length)));
  const rows = card.rows.map((row) => ({ row, ...rowText(row, room, each) }));
  const notes: Line[] = [
    ...(card.menus.length > 0 && !hasMenus ? [menusLeftOut] : []),
    ...(rows.some(({ cut }) => cut) ? [shortened] : []),
  ];
  // Going on matters more than keeping or sharing.
  const buttons = card.buttons.slice(0, room.fewButtons ? 2 : 25).flatMap((button) => drawButton(button) ?? []);
  return [
    { type: 'header', text: plainText(card.heading, 150) },
    ...(card.lines.length === 0 ? [] : [richText(card.lines.map((line) => section(line, 400)))]),
    ...(room.own ? rows.map(ownRow) : together(rows)),
    ...(notes.length === 0 ? [] : [{ type: 'context' as const, elements: [plainText(notes.map(plain).join(' '), 600)] }]),
    ...(hasMenus ? [{ type: 'actions' as const, block_id: menuId, elements: card.menus.map((menu) => drawMenu(menu, room)) }] : []),
    ...(buttons.length === 0 ? [] : [{ type: 'actions' as const, elements: buttons }]),
  ];
}

type DrawnText = { text: string; cut: boolean; times: HistoryCell[] };
type DrawnRow = DrawnText & { row: HistoryCardRow };

const isTime = ({ value }: HistoryCell): boolean => value.every(({ kind }) => kind === 'time');

/** `times`: the cells that are drawn by themselves, in the zone of the reader. */
function rowText({ number, lead, cells }: HistoryCardRow, { labels, zoned }: Room, max: number): DrawnText {
  const times = zoned ? cells.filter(isTime) : [];
  const texts = cells.filter((cell) => !times.includes(cell));
  const values = texts.map(({ label, value }) => (labels ? `${label}: ${plain(value)}` : plain(value)));
  const whole = `${number}. ${plain(lead)}\n${values.join(' · ')}`;
  const text = showText(whole, Math.min(max, limits.section), { lines: true });
  return { text, cut: text !== whole, times };
}

/** Slack fills times in only in mrkdwn, so nothing else stands there. */
const timeField = ({ label, value }: HistoryCell) => ({
  type: 'mrkdwn' as const,
  text: `${label}: ${section(value, limits.label).elements.map(partText).join('')}`,
});

function ownRow({ row, text, times }: DrawnRow): KnownBlock {
  const label = `${historyTexts.show} ${row.number}`;
  return {
    type: 'section',
    text: literal(text),
    ...(times.length === 0 ? {} : { fields: times.map(timeField) }),
    accessory: {
      type: 'button',
      action_id: 'ac.show',
      text: ours(label),
      value: row.actionId,
      accessibility_label: showText(`${label}: ${row.describes}`, limits.label),
    },
  };
}

/** All rows as text, and one menu to open one of them. */
function together(rows: readonly DrawnRow[]): KnownBlock[] {
  if (rows.length === 0) return [];
  const sections: string[] = [];
  for (const { text } of rows) {
    const last = sections.at(-1);
    if (last !== undefined && last.length + text.length + 1 <= limits.section) sections[sections.length - 1] = `${last}\n${text}`;
    else sections.push(text);
  }
  const options = rows.map(({ row }) => ({ text: ours(`${historyTexts.show} ${row.number}`), value: row.actionId }));
  return [
    ...sections.map((text): KnownBlock => ({ type: 'section', text: literal(text) })),
    { type: 'actions', elements: [{ type: 'static_select', action_id: 'ac.show', placeholder: ours(historyTexts.chooseRow), options }] },
  ];
}

/** Already cut and safe to show; emoji stay as they were written. */
const literal = (text: string): PlainTextElement => ({ type: 'plain_text', text, emoji: false });
const ours = (text: string): PlainTextElement => ({ type: 'plain_text', text });

function drawMenu({ key, label, options, picked }: HistoryMenu, { menus }: Room): ActionsBlockElement {
  const drawn = options.filter(({ near }) => near || menus === 'all').map((option) => ({ text: ours(option.label), value: option.name }));
  const initial = drawn.find(({ value }) => value === picked);
  return {
    type: 'static_select',
    action_id: `ac.quick.${key}`,
    placeholder: ours(label),
    options: drawn,
    ...(initial ? { initial_option: initial } : {}),
  };
}

/** What fits into no button is not offered: the command in words says the same. */
function drawButton({ id, label, text, cursor, share }: HistoryButton): ActionsBlockElement | null {
  const value = writePress({ text, cursor, share });
  return value.length > limits.value ? null : { type: 'button', action_id: `ac.look.${id}`, text: ours(label), value };
}
