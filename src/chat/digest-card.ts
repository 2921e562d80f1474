/** Neutral picture of a digest: sections in reading order, each number in words with a button that lists exactly it. Pure. */
import { catalogue, severityLabels, sourceLabels } from '../action-center/catalogue.ts';
import { type DigestFigures, regretRate, type Span, type WaitingRow } from '../action-center/digest-figures.ts';
import { type EventWord, eventLabels, HistoryFilters, type Tab } from '../action-center/history.ts';
import { usualLookUp } from '../action-center/look-up.ts';
import type { Chart, DrawnPicture } from './chart.ts';
import { digestPictures } from './digest-charts.ts';
import * as say from './digest-words.ts';
import { momentText, printHistory } from './history-command.ts';
import { exact, foreign, type Line, showText, words } from './show.ts';

/** A press sends the command `text`. */
export type DigestButton = { id: string; label: string; text: string };
/** One of many: `text` with this one set. `name`: as the look-up calls it. */
export type DigestMenu = {
  key: 'type' | 'source';
  label: string;
  text: string;
  options: { name: string; label: string; button: string }[];
};
export type DigestSection = { heading: string; lines: Line[]; rows: Line[]; buttons: DigestButton[]; menus: DigestMenu[] };

export type DigestCard = {
  kind: 'digest';
  heading: string;
  /** What period it tells of, whether it is late, whether it was quiet. */
  lines: Line[];
  sections: DigestSection[];
  pictures: DrawnPicture[];
  footnotes: Line[];
  fallback: string;
};

export type DigestContext = {
  kind: 'due' | 'now' | 'preview';
  figures: DigestFigures;
  timezone: string;
  /** When it was posted too late; else null. */
  late: { due: string; shown: string } | null;
  /** Null: no picture. */
  draw: (chart: Chart) => Uint8Array | null;
};

const fallbackLimit = 300;

export function digestCard({ kind, figures, timezone, late, draw }: DigestContext): DigestCard {
  const { span, happened } = figures;
  const isQuiet = figures.waiting.count === 0 && Object.entries(happened).every(([word, count]) => word === 'refused' || count === 0);
  const pictures = isQuiet ? [] : digestPictures(figures, timezone);
  return {
    kind: 'digest',
    heading: say.headingText(kind, span.to, timezone),
    lines: [...(late === null ? [] : [say.lateText(late.due, late.shown)]), say.periodText(span), ...(isQuiet ? [say.quietText] : [])],
    sections: isQuiet
      ? quietSections(figures)
      : [waitingSection(figures), decidedSection(figures), outcomeSection(figures), ...refusedSections(figures), peopleSection(figures)],
    pictures: pictures.map(({ name, alt, chart }) => ({ name, alt, png: draw(chart) })),
    footnotes: [say.headText(figures.head)],
    fallback: showText(fallbackOf(kind, figures, timezone), fallbackLimit),
  };
}

const fallbackOf = (kind: DigestContext['kind'], { span, waiting, happened }: DigestFigures, timezone: string): string =>
  say.fallbackText(say.headingText(kind, span.to, timezone), waiting.count, happened);

type Asked = { tab?: Tab; span?: Span; event?: EventWord[]; by?: string; expires?: string };

/** The command that lists exactly what a number counts. */
function lookFor({ tab = 'history', span, event = [], by, expires }: Asked): string {
  const short = (iso: string) => [momentText(Date.parse(iso))];
  const filters = HistoryFilters.parse({
    event,
    ...(span === undefined ? {} : { from: short(span.from), to: short(span.to) }),
    ...(by === undefined ? {} : { by: [by] }),
    ...(expires === undefined ? {} : { expires: short(expires) }),
  });
  const asked = printHistory({ ...usualLookUp(tab), period: null, scope: 'all', filters });
  // A span of time asks of all time by itself: room for other words.
  return span === undefined ? asked : asked.replace(' period:any', '');
}

/** Nothing to list, no button. */
const button = (id: string, label: string, count: number, asked: Asked): DigestButton[] =>
  count === 0 ? [] : [{ id, label: say.buttonLabel(label, count), text: lookFor(asked) }];

const section = (heading: string, lines: Line[], buttons: DigestButton[] = [], rest: Partial<DigestSection> = {}): DigestSection => ({
  heading,
  lines,
  rows: [],
  menus: [],
  buttons,
  ...rest,
});

function waitingSection({ waiting, asOf }: DigestFigures): DigestSection {
  const { count, expiring, expiringBefore, oldest, top } = waiting;
  const age = (row: WaitingRow) => Date.parse(asOf) - Date.parse(row.createdAt);
  const lines = [
    say.waitingText(waiting, asOf),
    ...(oldest === null ? [] : [say.oldestText(age(oldest), oldest.title)]),
    ...(top.length === 0 ? [] : [say.firstOfAll]),
  ];
  const buttons = [
    ...button('waiting', say.digestTexts.waitingButton, count, { tab: 'pending' }),
    ...button('expiring', say.digestTexts.expiringButton, expiring, { tab: 'pending', expires: expiringBefore }),
  ];
  return section(say.digestTexts.waiting, lines, buttons, { rows: top.map((row) => waitingRow(row, asOf)) });
}

function waitingRow({ actionId, type, severity, title, createdAt, expiresAt }: WaitingRow, asOf: string): Line {
  const now = Date.parse(asOf);
  const left = Date.parse(expiresAt) - now;
  return [
    words(`${catalogue[type].label}: `),
    foreign(title, 120),
    words(` · ${say.rowText(severityLabels[severity], now - Date.parse(createdAt), left)} · `),
    exact(actionId, 64),
  ];
}

const decisions: EventWord[] = ['approved', 'rejected'];

function decidedSection({ span, before, happened, waits, waitsBefore, byType, bySource }: DigestFigures): DigestSection {
  const { approved = 0, rejected = 0 } = happened;
  const types = byType.map(({ type, count }) => ({ name: type, label: catalogue[type].label, count }));
  const sources = bySource.map(({ source, count }) => ({ name: source, label: sourceLabels[source], count }));
  const lines = [
    say.decidedText(approved, rejected, waitsBefore.count),
    ...say.waitsText(waits, waitsBefore),
    ...say.countedText(say.digestTexts.byType, types),
    ...say.countedText(say.digestTexts.bySource, sources),
  ];
  const buttons = [
    ...button('decided', say.digestTexts.decided, approved + rejected, { span, event: decisions }),
    ...button('approved', eventLabels.approved, approved, { span, event: ['approved'] }),
    ...button('rejected', eventLabels.rejected, rejected, { span, event: ['rejected'] }),
    ...button('before', say.digestTexts.decidedBeforeButton, waitsBefore.count, { span: before, event: decisions }),
  ];
  const text = lookFor({ span, event: decisions });
  const menus = [menu('type', say.digestTexts.listType, text, types), menu('source', say.digestTexts.listSource, text, sources)];
  return section(say.digestTexts.decided, lines, buttons, { menus: menus.filter(({ options }) => options.length > 0) });
}

type Counted = { name: string; label: string; count: number };

const menu = (key: DigestMenu['key'], label: string, text: string, rows: readonly Counted[]): DigestMenu => ({
  key,
  label,
  text,
  options: rows.map((row) => ({ name: row.name, label: say.buttonLabel(row.label, row.count), button: `${text} ${key}:${row.name}` })),
});

const outcomes: EventWord[] = ['completed', 'partiallyCompleted', 'failed', 'timedOut', 'cancelled', 'undone', 'undoFailed'];

function outcomeSection(figures: DigestFigures): DigestSection {
  const { span, happened } = figures;
  const counts = outcomes.map((word) => ({ word, label: eventLabels[word], count: happened[word] ?? 0 })).filter(({ count }) => count > 0);
  const { undo = 0, expired = 0 } = happened;
  const lines = [say.outcomesText(counts), say.undoText(undo, regretRate(figures)), say.expiredText(expired)];
  const buttons = [
    ...counts.flatMap(({ word, label, count }) => button(word, label, count, { span, event: [word] })),
    ...button('undo', say.digestTexts.undoButton, undo, { span, event: ['undo'] }),
    ...button('expired', eventLabels.expired, expired, { span, event: ['expired'] }),
  ];
  return section(say.digestTexts.outcomes, lines, buttons);
}

function refusedSections({ refused, span }: DigestFigures): DigestSection[] {
  const buttons = [
    ...button('refused', say.digestTexts.refusedDecided, refused.decided, { span, event: ['refused'] }),
    ...button('refused-open', say.digestTexts.refusedOpen, refused.open, { tab: 'pending', span, event: ['refused'] }),
  ];
  return [section(say.digestTexts.refused, [say.refusedText(refused)], buttons)];
}

const byPeople: EventWord[] = ['approved', 'rejected', 'undo'];

function peopleSection({ span, byPerson }: DigestFigures): DigestSection {
  const lines = byPerson.length === 0 ? [say.noDeciders] : [];
  const rows = byPerson.map(
    ({ name, upn, count }): Line => [foreign(name, 100), words(' ('), exact(upn, 200), words(`): ${say.grouped(count)}`)],
  );
  const buttons = byPerson.flatMap(({ name, upn, count }, index) =>
    button(`by-${index + 1}`, foreign(name, 40).text, count, { span, event: byPeople, by: upn }),
  );
  return section(say.digestTexts.people, lines, buttons, { rows });
}

/** Refusals are told even then. */
const quietSections = (figures: DigestFigures): DigestSection[] => (figures.refused.tries === 0 ? [] : refusedSections(figures));
