/**
 * Draws a neutral card in Block Kit. Pure. Foreign text only ever lands in plain_text and in rich_text `text` elements, which Slack shows literally.
 * A card that would be too long loses detail step by step, and says so; it never fails.
 */
import type { Button, KnownBlock, RichTextSection } from '@slack/types';
import type { ActionCard, AskButton, AskCard, BatchCard, Card, CardButton, Fact, NoteCard } from '../card.ts';
import { roomTexts } from '../card-words.ts';
import type { Evidence } from '../evidence.ts';
import { type Line, type Part, plain, showText, utc, words } from '../show.ts';
import { writePressed } from './pressed.ts';
import { noPictures, type PictureFiles, pictureBlock } from './render-picture.ts';
import { tableBlock } from './render-table.ts';
import { spokenText } from './spoken.ts';

export type SlackContent = { text: string; blocks: KnownBlock[] };

/** Not documented by Slack; `msg_blocks_too_long` was met from about 12,000 characters on (bolt-js issues 2509 and 2867). */
export const messageBudget = 10_000;
export const limits = { header: 150, label: 75, value: 2000, url: 3000, confirmTitle: 100, confirmText: 300, confirmButton: 30 } as const;

type Room = { details: number; part: number; parts: number; facts: number; entities: number; values: number; links: boolean };

/** Tried in turn until the message fits. The last one always does: everything in it is bounded. */
const rooms: readonly [Room, ...Room[]] = [
  { details: 1500, part: 512, parts: 40, facts: 20, entities: 12, values: 8, links: true },
  { details: 600, part: 256, parts: 24, facts: 20, entities: 8, values: 6, links: true },
  { details: 300, part: 128, parts: 16, facts: 20, entities: 4, values: 4, links: true },
  { details: 120, part: 80, parts: 12, facts: 12, entities: 2, values: 3, links: false },
  { details: 0, part: 40, parts: 8, facts: 8, entities: 1, values: 2, links: false },
];

/** Groups and digests are drawn in files of their own. */
export type DrawnHere = Exclude<Card, { kind: 'group' | 'digest' }>;

/** `files`: what was uploaded for it. */
export function renderCard(card: DrawnHere, files: PictureFiles = noPictures): SlackContent {
  const blocks = blocksOf(card, files);
  return { text: spokenText(card.fallback, blocks), blocks };
}

function blocksOf(card: DrawnHere, files: PictureFiles): KnownBlock[] {
  switch (card.kind) {
    case 'note':
      return noteBlocks(card, files);
    case 'action':
      return fitting(card);
    case 'batch':
      return batchBlocks(card);
    case 'ask':
      return askBlocks(card);
  }
}

/** Everything in it is bounded, so it fits into a message. */
function batchBlocks(card: BatchCard): KnownBlock[] {
  return [
    { type: 'header', text: plainText(card.heading, limits.header) },
    richText([section([{ kind: 'words', text: plain(card.standing), strong: true }], 300)]),
    richText(card.facts.map(({ label, value }) => section([{ kind: 'words', text: `${label}: `, strong: true }, ...value], 300))),
    ...(card.setbacks.length === 0
      ? []
      : [richText([{ type: 'rich_text_list', style: 'bullet', elements: card.setbacks.map((line) => section(line, 200)) }])]),
    { type: 'context', elements: [plainText(card.footnotes.map(plain).join(' '), 1000)] },
  ];
}

function askBlocks({ lines, buttons }: AskCard): KnownBlock[] {
  const elements = buttons.map(askButton);
  return [richText(lines.map((line) => section(line, 300))), ...(elements.length === 0 ? [] : [{ type: 'actions' as const, elements }])];
}

function askButton(button: AskButton): Button {
  const common = { type: 'button' as const, text: plainText(button.label, limits.label) };
  switch (button.kind) {
    case 'undo':
      return { ...common, action_id: 'ac.undo', value: writePressed(button.pressed) };
    case 'begin':
      return { ...common, action_id: `ac.begin.${button.name}`, value: `${button.batchId}|${button.verb}` };
    case 'bulk':
      return { ...common, action_id: `ac.bulk.${button.type}`, value: button.type };
    case 'members': {
      const { groupId, version, type, severity } = button.choice;
      return { ...common, action_id: `ac.members.${type}.${severity}`, value: `${groupId}|${version}|${type}|${severity}` };
    }
  }
}

/** A private answer or a dialog's text. Several lines, each by itself. */
export function renderLines(lines: Line[]): SlackContent {
  return renderCard({ kind: 'note', lines, fallback: lines.map(plain).join(' ') });
}

export function renderLine(line: Line): SlackContent {
  const blocks = [richText([section(line, 600)])];
  return { text: spokenText('', blocks), blocks };
}

const pictureRoom = 600;

function noteBlocks({ lines, table, picture }: NoteCard, files: PictureFiles): KnownBlock[] {
  return [
    richText(lines.map((line) => section(line, 600))),
    ...(table === undefined ? [] : [tableBlock(table)]),
    ...(picture === undefined ? [] : [pictureBlock(picture, files, pictureRoom)]),
  ];
}

function fitting(card: ActionCard): KnownBlock[] {
  let blocks: KnownBlock[] = [];
  for (const room of rooms) {
    blocks = actionBlocks(card, room);
    if (JSON.stringify(blocks).length <= messageBudget) break;
  }
  return blocks;
}

function actionBlocks(card: ActionCard, room: Room): KnownBlock[] {
  const facts = card.facts
    .filter(({ onlyLinks }) => room.links || !onlyLinks)
    .slice(0, room.facts)
    .map((fact) => factSection(fact, room));
  const notice = card.notice === null ? [] : [section(card.notice, room.part)];
  const buttons = card.buttons.flatMap((button) => drawButton(button) ?? []);
  const context = footnotes(card, room);
  return [
    { type: 'header', text: plainText(card.heading, limits.header) },
    richText([
      section(card.title, Math.min(300, room.part * 3)),
      section([{ kind: 'words', text: plain(card.standing), strong: true }], room.part),
      ...notice,
    ]),
    richText(facts),
    richText(evidenceParts(card.evidence, room)),
    ...detailsBlocks(card, room),
    ...(context === '' ? [] : [{ type: 'context' as const, elements: [plainText(context, 1000)] }]),
    // The version in the id makes Slack forget what it knew about the old buttons.
    ...(buttons.length === 0 ? [] : [{ type: 'actions' as const, block_id: `ac|${card.actionId}|v${card.version}`, elements: buttons }]),
  ];
}

function footnotes(card: ActionCard, room: Room): string {
  const left = room === rooms[0] ? [] : [roomTexts.shortened];
  return [...card.footnotes.map(plain), ...left].join(' ');
}

function factSection({ label, value }: Fact, room: Room): RichTextSection {
  const shown = room.links ? value : value.filter((part) => part.kind !== 'link');
  const end = shown.at(-1);
  // Without its link the words that led to it say nothing.
  const trimmed = !room.links && end?.kind === 'words' && shown.length < value.length ? shown.slice(0, -1) : shown;
  return section([{ kind: 'words', text: `${label}: `, strong: true }, ...fewer(trimmed, room.parts)], room.part);
}

const fewer = (line: Line, parts: number): Line => (line.length <= parts ? line : [...line.slice(0, parts), words(roomTexts.andMore)]);

type RichTextPart = RichTextSection | { type: 'rich_text_list'; style: 'bullet' | 'ordered'; elements: RichTextSection[] };

function evidenceParts(evidence: readonly Evidence[], room: Room): RichTextPart[] {
  const count = roomTexts.actsOn(evidence.length);
  const shown = evidence.slice(0, room.entities);
  const left = evidence.length - shown.length;
  const title: Line = [{ kind: 'words', text: count, strong: true }];
  if (left > 0) title.push(words(roomTexts.notShown(left)));
  if (shown.length === 0) return [section(title, room.part)];
  const items = shown.map(({ label, values }) => section(entityLine(label, values, room), room.part));
  return [section([...title, words(':')], room.part), { type: 'rich_text_list', style: 'bullet', elements: items }];
}

function entityLine(label: string, values: readonly Line[], room: Room): Line {
  const shown = values.slice(0, room.values).flatMap((value, index) => [...(index === 0 ? [] : [words(', ')]), ...value]);
  return [words(`${label} `), ...shown, ...(values.length > room.values ? [words(' …')] : [])];
}

function detailsBlocks(card: ActionCard, room: Room): KnownBlock[] {
  if (card.details === null || room.details === 0) return [];
  const text = showText(card.details, room.details, { lines: true });
  return [{ type: 'rich_text', elements: [{ type: 'rich_text_quote', elements: [{ type: 'text', text }] }] }];
}

export const richText = (elements: RichTextPart[]): KnownBlock => ({ type: 'rich_text', elements });

export function section(line: Line, max: number): RichTextSection {
  const elements = joined(line).flatMap((part) => drawPart(part, max) ?? []);
  return { type: 'rich_text_section', elements: elements.length > 0 ? elements : [{ type: 'text', text: ' ' }] };
}

/** Neighbouring words become one element: each costs some 30 characters of the budget. */
function joined(line: Line): Line {
  const parts: Line = [];
  for (const part of line) {
    const before = parts.at(-1);
    if (part.kind === 'words' && before?.kind === 'words' && !part.strong && !before.strong) {
      parts[parts.length - 1] = words(before.text + part.text);
    } else {
      parts.push(part);
    }
  }
  return parts;
}

function drawPart(part: Part, max: number): RichTextSection['elements'][number] | null {
  switch (part.kind) {
    case 'words':
      if (part.text === '') return null;
      return { type: 'text', text: part.text, ...(part.strong ? { style: { bold: true } } : {}) };
    case 'foreign': {
      const text = showText(part.text, max);
      return text === '' ? null : { type: 'text', text, ...(part.code ? { style: { code: true } } : {}) };
    }
    case 'time':
      return drawTime(part.at);
    case 'link':
      return part.url.length > limits.url ? null : { type: 'link', url: part.url, text: part.text };
  }
}

/** Slack draws it in the reader's own time zone; where it cannot, UTC is read. */
function drawTime(at: string): RichTextSection['elements'][number] {
  const ms = Date.parse(at);
  if (!(ms >= 0)) return { type: 'text', text: utc(at) };
  return { type: 'date', timestamp: Math.floor(ms / 1000), format: '{date_short_pretty} at {time}', fallback: utc(at) };
}

/** Emoji are off: a file named `:fire:` shall be read as it is. */
export const plainText = (text: string, max: number) => ({ type: 'plain_text' as const, text: showText(text, max), emoji: false });

function drawButton(button: CardButton): Button | null {
  const label = plainText(button.label, limits.label);
  const accessible = { accessibility_label: showText(`${button.label}: ${button.describes}`, limits.label) };
  const common = { type: 'button' as const, action_id: `ac.${button.kind}`, text: label, ...accessible };
  if (button.kind === 'hunt' || button.kind === 'portal') return button.url.length > limits.url ? null : { ...common, url: button.url };
  const value = writePressed(button.pressed);
  if (button.kind === 'reject' || button.kind === 'more' || button.kind === 'run') return { ...common, value };
  if (button.kind === 'cancel' || button.kind === 'retry') return { ...common, value, confirm: drawConfirm(button.confirm) };
  if (button.kind === 'undo') {
    return button.asksWhy ? { ...common, action_id: 'ac.undo-why', value } : { ...common, value, confirm: drawConfirm(button.confirm) };
  }
  if (button.asksWhy) return { ...common, action_id: 'ac.approve-why', value, style: 'primary' };
  return { ...common, value, style: 'primary', ...(button.confirm === null ? {} : { confirm: drawConfirm(button.confirm) }) };
}

function drawConfirm({ title, text, yes, no }: { title: string; text: string; yes: string; no: string }) {
  return {
    title: plainText(title, limits.confirmTitle),
    text: plainText(text, limits.confirmText),
    confirm: plainText(yes, limits.confirmButton),
    deny: plainText(no, limits.confirmButton),
  };
}
