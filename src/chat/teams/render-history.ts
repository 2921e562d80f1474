/**
 * Draws an answer to a look-up as an Adaptive Card 1.5, one row under the other so that it reads on a phone. Pure. Foreign text only lands in
 * TextRuns. A long page shares one menu to open a row; what would be too long is shortened step by step, and says so.
 */
import type { ActionCard, AskCard } from '../card.ts';
import type { HistoryCard, HistoryCardRow } from '../history-card.ts';
import { historyTexts, menusLeftOut, shortened } from '../history-words.ts';
import { type Line, plain, showText, strong, words } from '../show.ts';
import { plainText } from './escape.ts';
import { cardBudget, renderCard, type TeamsContent, texts } from './render.ts';
import { runs, type TextRun } from './render-runs.ts';
import { type AdaptiveCard, expand } from './templates.ts';

/** `part`: the longest single value; `row`: all values of a row in one piece of this length. `own`: each row has its own button. */
type Room = { part: number; row: number | null; own: boolean; menus: boolean; labels: boolean };

/** Tried in turn until the card fits. The last one always does: everything in it is bounded. */
const rooms: readonly Room[] = [
  { part: 200, row: null, own: true, menus: true, labels: true },
  { part: 100, row: null, own: true, menus: true, labels: true },
  { part: 100, row: null, own: false, menus: true, labels: true },
  { part: 60, row: 300, own: false, menus: true, labels: true },
  { part: 60, row: 200, own: false, menus: true, labels: false },
  { part: 40, row: 200, own: false, menus: false, labels: false },
];
const tightest: Room = { part: 24, row: 60, own: false, menus: false, labels: false };
/** With a button each, more would be a wall of buttons. */
const mostOwn = 20;
export const renderAnswer = (card: ActionCard | AskCard | HistoryCard): TeamsContent =>
  card.kind === 'history' ? renderHistory(card) : renderCard(card);

export function renderHistory(card: HistoryCard): TeamsContent {
  const usable = rooms.filter(({ own }) => !own || card.rows.length <= mostOwn);
  const drawn = usable.map((room) => () => draw(card, room));
  const summary = showText(plainText(card.fallback), 300);
  return { card: firstFitting(drawn) ?? draw(card, tightest), summary, text: summary };
}

function firstFitting(tries: readonly (() => AdaptiveCard)[]): AdaptiveCard | null {
  for (const attempt of tries) {
    const drawn = attempt();
    if (JSON.stringify(drawn).length <= cardBudget) return drawn;
  }
  return null;
}

function draw(card: HistoryCard, room: Room): AdaptiveCard {
  const hasMenus = room.menus && card.menus.length > 0;
  const notes: Line[] = [...(card.menus.length > 0 && !hasMenus ? [menusLeftOut] : []), ...(room.part < 100 ? [shortened] : [])];
  return expand('history', {
    ...texts(card.fallback),
    heading: runs([words(card.heading)], 150, { size: 'Large', weight: 'Bolder' }),
    lines: card.lines.map((line) => ({ inlines: runs(line, 400) })),
    rows: card.rows.map((row) => drawRow(row, room)),
    hasChooser: !room.own && card.rows.length > 0,
    chooserLabel: historyTexts.chooseRow,
    chooserTitle: historyTexts.show,
    choices: card.rows.map(({ number, actionId }) => ({ title: `${historyTexts.show} ${number}`, value: actionId })),
    notes: notes.map((line) => ({ inlines: runs(line, 300, { isSubtle: true, size: 'Small' }) })),
    hasMenus,
    menus: hasMenus ? card.menus.map(drawMenu) : [],
    filterTitle: historyTexts.filter,
    text: coded(card.text),
    hasButtons: card.buttons.length > 0,
    buttons: card.buttons.map(({ label, text, cursor, share }) => ({
      title: label,
      press: { text: coded(text), cursor: cursor ?? '', share },
    })),
  });
}

function drawRow({ number, actionId, lead, cells }: HistoryCardRow, room: Room) {
  const values = cells.flatMap(
    ({ label, value }, index): Line => [...(index === 0 ? [] : [words(' · ')]), ...(room.labels ? [words(`${label}: `)] : []), ...value],
  );
  const head: Line = [strong(`${number}. `), ...lead];
  return {
    lead: room.row === null ? runs(head, room.part) : oneRun(head, room.part),
    cells: room.row === null ? runs(values, room.part, { size: 'Small' }) : oneRun(values, room.row),
    hasShow: room.own,
    show: room.own ? [{ title: `${historyTexts.show} ${number}`, actionId }] : [],
  };
}

/** Each run costs some 60 characters around its text; a long page cannot afford many. */
const oneRun = (line: Line, max: number): TextRun[] => [{ type: 'TextRun', text: showText(plainText(plain(line)), max) || ' ' }];

/** What was typed may look like an expression of a card template; in this form nothing does. */
const coded = (text: string): string => encodeURIComponent(text.toWellFormed());

function drawMenu({ key, label, options, picked }: HistoryCard['menus'][number]) {
  return { id: key, label, value: picked ?? '', choices: options.map((option) => ({ title: option.label, value: option.name })) };
}
