/** Draws a digest from `adaptive-cards/digest.json`. Pure. Foreign text only ever lands in TextRuns. What does not fit is left out, and said. */
import type { DigestCard, DigestSection } from '../digest-card.ts';
import { digestTexts } from '../digest-words.ts';
import { type Line, showText, words } from '../show.ts';
import { plainText } from './escape.ts';
import { type TeamsContent, texts } from './render.ts';
import { pictureData, picturedBudget } from './render-picture.ts';
import { runs } from './render-runs.ts';
import { expand } from './templates.ts';

/** Tried in turn until the card fits. */
const rooms = [
  { rows: 5, part: 200, buttons: 12, pictures: true },
  { rows: 5, part: 80, buttons: 6, pictures: true },
  { rows: 3, part: 60, buttons: 4, pictures: true },
  { rows: 3, part: 60, buttons: 4, pictures: false },
  { rows: 2, part: 40, buttons: 2, pictures: false },
] as const;
type Room = (typeof rooms)[number];

export function renderDigest(card: DigestCard): TeamsContent {
  const said = texts(card.fallback);
  const summary = showText(plainText(card.fallback), 300);
  let drawn = expand('digest', { ...said, ...digestData(card, rooms[0]) });
  for (const room of rooms.slice(1)) {
    if (JSON.stringify(drawn).length <= picturedBudget) break;
    drawn = expand('digest', { ...said, ...digestData(card, room) });
  }
  return { card: drawn, summary, text: summary };
}

function digestData(card: DigestCard, room: Room): Record<string, unknown> {
  const footnotes = room === rooms[0] ? card.footnotes : [...card.footnotes, [words(digestTexts.shortened)]];
  return {
    heading: runs([words(card.heading)], 150, { size: 'Large', weight: 'Bolder' }),
    lines: drawLines(card.lines, 300),
    sections: card.sections.map((section) => drawSection(section, room)),
    ...pictureData(card.pictures, room.pictures),
    footnotes: footnotes.map((line) => ({ inlines: runs(line, 200, { isSubtle: true, size: 'Small' }) })),
  };
}

/** Buttons stand side by side and do not wrap: so many characters fit into a narrow window. */
const rowWidth = 62;
const buttonWidth = 6;

function inRows<T extends { title: string }>(buttons: readonly T[]): T[][] {
  const rows: T[][] = [];
  let used = rowWidth;
  for (const button of buttons) {
    used += button.title.length + buttonWidth;
    const row = rows.at(-1);
    if (row !== undefined && used <= rowWidth) row.push(button);
    else {
      rows.push([button]);
      used = button.title.length + buttonWidth;
    }
  }
  return rows;
}

const drawLines = (lines: readonly Line[], part: number) => lines.map((line) => ({ inlines: runs(line, part) }));

function drawSection({ heading, lines, rows, buttons, menus }: DigestSection, room: Room) {
  const listed = menus.flatMap(({ options }) => options.map(({ label, button }) => ({ label, text: button })));
  const presses = (list: readonly { label: string; text: string }[]) =>
    list.map(({ label, text }) => ({ title: showText(label, 75), press: { text: encodeURIComponent(text.toWellFormed()), below: true } }));
  const shown = presses(buttons.slice(0, room.buttons));
  const more = presses(listed.slice(0, room.buttons));
  return {
    heading: runs([words(heading)], 100, { weight: 'Bolder' }),
    lines: drawLines(lines, Math.max(room.part, 100)),
    rows: rows.slice(0, room.rows).map((row, index) => ({ inlines: runs([words(`${index + 1}. `), ...row], room.part) })),
    presses: [...inRows(shown), ...inRows(more)].map((buttons) => ({ buttons })),
  };
}
