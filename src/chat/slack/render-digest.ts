/**
 * Draws a digest in Block Kit. Pure. Foreign text only ever lands in plain_text and rich_text `text`. What would be too long loses its buttons for
 * people and its rows step by step, and says so; it never fails.
 */
import type { ActionsBlockElement, KnownBlock } from '@slack/types';
import type { DigestCard, DigestMenu, DigestSection } from '../digest-card.ts';
import { digestTexts } from '../digest-words.ts';
import { writePress } from '../history-press.ts';
import { words } from '../show.ts';
import { limits, plainText, richText, type SlackContent, section } from './render.ts';
import { menuPrefix } from './render-history.ts';
import { type PictureFiles, pictureBlock } from './render-picture.ts';
import { spokenText } from './spoken.ts';

/** Tried in turn until the message fits. */
const rooms = [
  { rows: 5, part: 200, buttons: 25, menus: true, alt: 1500 },
  { rows: 5, part: 100, buttons: 25, menus: true, alt: 600 },
  { rows: 3, part: 60, buttons: 25, menus: true, alt: 400 },
  { rows: 2, part: 40, buttons: 7, menus: true, alt: 300 },
  { rows: 2, part: 40, buttons: 4, menus: false, alt: 200 },
] as const;
type Room = (typeof rooms)[number];

/** Under what `msg_blocks_too_long` was met from (bolt-js issues 2509 and 2867); a digest holds little besides. */
const digestBudget = 11_500;
const blockIdLimit = 255;
const optionLimit = 75;

export function renderDigest(card: DigestCard, files: PictureFiles): SlackContent {
  let blocks: KnownBlock[] = [];
  for (const room of rooms) {
    blocks = draw(card, files, room);
    if (JSON.stringify(blocks).length <= digestBudget) break;
  }
  return { text: spokenText(card.fallback, blocks), blocks };
}

function draw(card: DigestCard, files: PictureFiles, room: Room): KnownBlock[] {
  const footnotes = room === rooms[0] ? card.footnotes : [...card.footnotes, [words(digestTexts.shortened)]];
  return [
    { type: 'header', text: plainText(card.heading, limits.header) },
    richText(card.lines.map((line) => section(line, 300))),
    ...card.sections.flatMap((one) => drawSection(one, room)),
    ...card.pictures.map((picture) => pictureBlock(picture, files, room.alt)),
    richText(footnotes.map((line) => section(line, 300))),
  ];
}

function drawSection({ heading, lines, rows, buttons, menus }: DigestSection, room: Room): KnownBlock[] {
  const shown = rows.slice(0, room.rows).map((row) => section(row, room.part));
  const list = shown.length === 0 ? [] : [{ type: 'rich_text_list' as const, style: 'ordered' as const, elements: shown }];
  const pressed = buttons.slice(0, room.buttons).map(
    ({ id, label, text }): ActionsBlockElement => ({
      type: 'button',
      action_id: `ac.look.${id}`,
      text: plainText(label, limits.label),
      value: writePress({ text, cursor: null, share: false }),
    }),
  );
  const said = lines.map((line) => section(line, Math.max(room.part, 100)));
  return [
    // A heading of its own: screen readers go from one to the next.
    { type: 'header', text: plainText(heading, limits.header) },
    richText([...said, ...list]),
    ...(pressed.length === 0 ? [] : [{ type: 'actions' as const, elements: pressed }]),
    ...(room.menus ? menuBlocks(menus) : []),
  ];
}

/** Both menus stand in one block, whose id carries the look-up they narrow down. */
function menuBlocks(menus: readonly DigestMenu[]): KnownBlock[] {
  const id = `${menuPrefix}${menus[0]?.text ?? ''}`;
  if (menus.length === 0 || id.length > blockIdLimit) return [];
  const elements = menus.map(
    ({ key, label, options }): ActionsBlockElement => ({
      type: 'static_select',
      action_id: `ac.quick.${key}`,
      placeholder: plainText(label, limits.label),
      options: options.map((option) => ({ text: plainText(option.label, optionLimit), value: option.name })),
    }),
  );
  return [{ type: 'actions', block_id: id, elements }];
}
