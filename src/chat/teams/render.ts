/**
 * Draws a neutral card as an Adaptive Card 1.5 from the templates in `adaptive-cards/`. Pure. Foreign text only ever lands in TextRuns. A card that
 * would be too long loses detail step by step, and says so; it never fails.
 */
import type { ActionCard, AskCard, BatchCard, Card, CardButton, Fact, NoteCard, NoteTable } from '../card.ts';
import { buttonLabels, roomTexts } from '../card-words.ts';
import type { Evidence } from '../evidence.ts';
import { type Line, plain, showText, strong, words } from '../show.ts';
import { plainText, spokenText } from './escape.ts';
import { pictureData, picturedBudget } from './render-picture.ts';
import { fewer, maxUrlLength, runs, type TextRun, textLines } from './render-runs.ts';
import { type AdaptiveCard, expand } from './templates.ts';

/** `summary` is what notifications and screen readers of the message say; `text` the whole in words, for where no card fits. */
export type TeamsContent = { card: AdaptiveCard; summary: string; text: string };

export const cardContentType = 'application/vnd.microsoft.card.adaptive';
export const attachmentOf = ({ card }: Pick<TeamsContent, 'card'>): { contentType: typeof cardContentType; content: AdaptiveCard } => ({
  contentType: cardContentType,
  content: card,
});

/** Teams refuses a message over about 100 KB counted as UTF-16, with everything around the card. */
export const cardBudget = 28_000;
const limits = { summary: 300, title: 75, text: 3000, noteLines: 20 } as const;

type Room = {
  details: number;
  lines: number;
  part: number;
  parts: number;
  facts: number;
  entities: number;
  values: number;
  links: boolean;
};

/** Tried in turn until the card fits. The last one always does: everything in it is bounded. */
const rooms: readonly [Room, Room, ...Room[]] = [
  { details: 2000, lines: 15, part: 512, parts: 40, facts: 20, entities: 20, values: 8, links: true },
  { details: 1000, lines: 8, part: 256, parts: 24, facts: 20, entities: 10, values: 6, links: true },
  { details: 400, lines: 4, part: 128, parts: 16, facts: 20, entities: 5, values: 4, links: false },
  { details: 0, lines: 0, part: 60, parts: 8, facts: 9, entities: 1, values: 2, links: false },
];

/** Groups and digests are drawn in files of their own. */
export type DrawnHere = Exclude<Card, { kind: 'group' | 'digest' }>;

export function renderCard(card: DrawnHere): TeamsContent {
  const summary = showText(plainText(card.fallback), limits.summary);
  if (card.kind === 'action') return { card: fitting(card, texts(card.fallback)), summary, text: summary };
  if (card.kind === 'batch') return { card: expand('batch', { ...texts(card.fallback), ...batchData(card) }), summary, text: summary };
  const lines = card.lines.slice(0, limits.noteLines).map((line) => ({ inlines: runs(line, 600) }));
  const text = showText(plainText(card.lines.map(plain).join('\n')), limits.text, { lines: true });
  const said = { ...texts(card.fallback), lines };
  return { card: card.kind === 'note' ? drawNote(card, said) : expand('ask', { ...said, ...askData(card) }), summary, text };
}

/** Without its picture where there is no room for it. */
function drawNote({ table, picture }: NoteCard, said: Record<string, unknown>): AdaptiveCard {
  const pictures = picture === undefined ? [] : [picture];
  const draw = (hasRoom: boolean) => expand('note', { ...said, ...tableData(table), ...pictureData(pictures, hasRoom) });
  const drawn = draw(true);
  return pictures.length > 0 && JSON.stringify(drawn).length > picturedBudget ? draw(false) : drawn;
}

/** The first row is bold, and so is the first cell on a narrow screen, where cells stand beside each other as they fit. */
function tableData(table: NoteTable | undefined) {
  if (table === undefined) return { hasTable: false, tableColumns: [], tableRows: [] };
  const cell = (text: string, isHead: boolean) => ({
    inlines: runs([{ kind: 'foreign', text }], 60, { size: 'Small', ...(isHead ? { weight: 'Bolder' } : {}) }),
  });
  const rows = [table.columns, ...table.rows];
  return {
    hasTable: true,
    tableColumns: table.columns.map(() => ({ width: 1 })),
    tableRows: rows.map((cells, at) => ({ cells: cells.map((text) => cell(text, at === 0)) })),
  };
}

/** Everything in it is bounded, so it fits. */
function batchData(card: BatchCard) {
  return {
    heading: runs([words(card.heading)], 200, { size: 'Large', weight: 'Bolder' }),
    standingStyle: card.isRunning ? 'accent' : 'emphasis',
    standing: runs([words(plain(card.standing))], 300, { weight: 'Bolder' }),
    facts: card.facts.map(drawFact),
    setbacks: card.setbacks.map((line): Inlines => ({ inlines: runs(line, 200) })),
    footnotes: card.footnotes.map((line): Inlines => ({ inlines: runs(line, 200, { isSubtle: true, size: 'Small' }) })),
  };
}

function askData({ buttons }: AskCard) {
  const title = ({ label }: { label: string }) => showText(label, limits.title);
  return {
    hasButtons: buttons.length > 0,
    undo: buttons.flatMap((button) => (button.kind === 'undo' ? [{ ...button.pressed, title: title(button) }] : [])),
    begin: buttons.flatMap((button) =>
      button.kind === 'begin' ? [{ batchId: button.batchId, batchVerb: button.verb, title: title(button) }] : [],
    ),
    bulk: buttons.flatMap((button) => (button.kind === 'bulk' ? [{ type: button.type, title: title(button) }] : [])),
    members: buttons.flatMap((button) => (button.kind === 'members' ? [{ ...button.choice, title: title(button) }] : [])),
  };
}

/**
 * The card that asks for its newest state when somebody looks at it. That is also how a message makes itself known whose post was never answered:
 * the request names it and the card it carries. Without `userIds` Teams does this in conversations of at most 60 people.
 */
export function withRefresh(content: TeamsContent, cardId: string): TeamsContent {
  const action = { type: 'Action.Execute' as const, title: buttonLabels.refresh, verb: refreshVerb, data: { cardId } };
  return { ...content, card: { ...content.card, refresh: { action } } };
}
export const refreshVerb = 'ac.refresh';

/** A private answer, and what a dialog says in the end. */
export function renderLine(line: Line): TeamsContent {
  const said = plain(line);
  return {
    card: expand('answer', { ...texts(said), inlines: runs(line, 600) }),
    summary: showText(plainText(said), limits.summary),
    text: showText(plainText(said), limits.text) || ' ',
  };
}

/** Several lines, each by itself. */
export function renderLines(lines: Line[]): TeamsContent {
  return renderCard({ kind: 'note', lines, fallback: lines.map(plain).join(' ') });
}

/** For clients that cannot draw the card, and for those that read it aloud. */
export function texts(said: string): { fallbackText: string; speak: string } {
  const short = showText(said, limits.summary);
  return { fallbackText: plainText(short), speak: spokenText(short) };
}

function fitting(card: ActionCard, said: { fallbackText: string; speak: string }): AdaptiveCard {
  const [first, ...tighter] = rooms;
  let drawn = expand('action', { ...said, ...actionData(card, first) });
  for (const room of tighter) {
    if (JSON.stringify(drawn).length <= cardBudget) break;
    drawn = expand('action', { ...said, ...actionData(card, room) });
  }
  return drawn;
}

type Inlines = { inlines: TextRun[] };

function actionData(card: ActionCard, room: Room): Record<string, unknown> {
  const details = card.details === null || room.details === 0 ? [] : textLines(card.details, room.details, room.lines);
  const isOpen = card.buttons.some(({ kind }) => kind === 'approve' || kind === 'portal');
  return {
    heading: runs([words(showText(card.heading, 200))], 200, { size: 'Large', weight: 'Bolder' }),
    title: runs(card.title, Math.min(300, room.part * 3)),
    standingStyle: isOpen ? 'accent' : 'emphasis',
    standing: runs([words(plain(card.standing))], room.part, { weight: 'Bolder' }),
    notices: card.notice === null ? [] : [{ inlines: runs(card.notice, room.part) }],
    facts: card.facts
      .filter(({ onlyLinks }) => room.links || !onlyLinks)
      .slice(0, room.facts)
      .map((fact) => factData(fact, room)),
    ...evidenceData(card.evidence, room),
    hasDetails: details.length > 0,
    details: details.map((inlines): Inlines => ({ inlines })),
    footnotes: footnotes(card, room).map((line): Inlines => ({ inlines: runs(line, room.part, { isSubtle: true, size: 'Small' }) })),
    ...buttonData(card.buttons, room),
  };
}

function footnotes(card: ActionCard, room: Room): Line[] {
  const tooLong = card.buttons.filter((button) => 'url' in button && button.url.length > maxUrlLength);
  return [
    ...card.footnotes,
    ...tooLong.map(({ label }): Line => [words(roomTexts.linkTooLong(label))]),
    ...(room === rooms[0] ? [] : [[words(roomTexts.shortened)]]),
  ];
}

/** A fact of a card that has few of them. */
export const drawFact = (fact: Fact) => factData(fact, rooms[1]);

const factData = ({ label, value }: Fact, room: Room) => ({
  label: runs([words(label)], room.part, { isSubtle: true }),
  lines: [{ inlines: runs(fewer(linked(value, room), room.parts), room.part) }],
});

/** Without its link the words that led to it say nothing. */
function linked(value: Line, room: Room): Line {
  const shown = value.filter((part) => part.kind !== 'link' || (room.links && part.url.length <= maxUrlLength));
  return shown.length < value.length && shown.at(-1)?.kind === 'words' ? shown.slice(0, -1) : shown;
}

function evidenceData(evidence: readonly Evidence[], room: Room) {
  const shown = evidence.slice(0, room.entities);
  const left = evidence.length - shown.length;
  const count = roomTexts.actsOn(evidence.length);
  const title: Line = [strong(count), ...(left > 0 ? [words(roomTexts.notShown(left))] : [])];
  return {
    evidenceTitle: runs(title, room.part),
    evidence: shown.map(({ label, values }): Inlines => ({ inlines: runs([strong(`${label} `), ...entityLine(values, room)], room.part) })),
  };
}

function entityLine(values: readonly Line[], room: Room): Line {
  const shown = values.slice(0, room.values).flatMap((value, index) => [...(index === 0 ? [] : [words(', ')]), ...value]);
  return [...shown, ...(values.length > room.values ? [words(' …')] : [])];
}

/** A button title is plain text, and so are the words of a confirmation; what they quote of others is drawn as runs. */
function buttonData(buttons: readonly CardButton[], room: Room) {
  const title = ({ label }: CardButton) => showText(label, limits.title);
  const approvals = buttons.flatMap((button) => (button.kind === 'approve' ? [button] : []));
  const rejections = buttons.flatMap((button) => (button.kind === 'reject' ? [button] : []));
  const links = buttons.flatMap((button) => ('url' in button && button.url.length <= maxUrlLength ? [button] : []));
  const undos = buttons.flatMap((button) => (button.kind === 'undo' ? [button] : []));
  const agains = buttons.flatMap((button) => (button.kind === 'cancel' || button.kind === 'retry' ? [button] : []));
  const more = buttons.flatMap((button) => (button.kind === 'more' ? [button] : []));
  const run = buttons.flatMap((button) => (button.kind === 'run' ? [button] : []));
  const asking = (button: (typeof approvals | typeof undos | typeof agains)[number]) => {
    const { confirm, pressed } = button;
    if (confirm === null) return [];
    const asked = runs([strong(`${confirm.title}?`)], room.part, { color: 'Attention' });
    // The words quote the heading, so they are as foreign as it is.
    const consequence = runs([words(showText(confirm.text, 500))], 500);
    return [{ ...pressed, title: title(button), yes: showText(confirm.yes, limits.title), asked, consequence }];
  };
  return {
    hasButtons: approvals.length + rejections.length + undos.length + agains.length + links.length > 0,
    approve: approvals
      .filter(({ confirm, asksWhy }) => confirm === null && !asksWhy)
      .map((button) => ({ ...button.pressed, title: title(button) })),
    approveWithCare: approvals.filter(({ asksWhy }) => !asksWhy).flatMap(asking),
    withReason: [...approvals, ...undos]
      .filter(({ asksWhy }) => asksWhy)
      .map((button) => ({ ...button.pressed, title: title(button), verb: `ac.${button.kind}` })),
    undo: [...agains, ...undos.filter(({ asksWhy }) => !asksWhy)].flatMap((button) =>
      asking(button).map((asked) => ({ ...asked, verb: `ac.${button.kind}` })),
    ),
    more: more.map((button) => ({ ...button.pressed, title: title(button) })),
    reject: rejections.map((button) => ({ ...button.pressed, title: title(button) })),
    run: run.map((button) => ({ ...button.pressed, title: title(button) })),
    links: links.map((button) => ({ title: title(button), url: button.url })),
  };
}
