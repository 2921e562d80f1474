/** The two charts of a digest, with every word in them, and the same in words for whoever does not see them. Pure. */
import type { DigestDay, DigestFigures } from '../action-center/digest-figures.ts';
import type { BarChart, Chart, LineChart } from './chart.ts';
import { durationText, chartTexts as texts } from './digest-words.ts';

export type Picture = { name: string; alt: string; chart: Chart };

export function digestPictures({ days }: DigestFigures, timezone: string): Picture[] {
  if (days.length === 0) return [];
  return [decided(days, timezone), timeToDecision(days, timezone)];
}

/** A day begins at the time of the digest: it is named after the day in which most of it lies. */
function dayLabels(days: readonly DigestDay[], timezone: string): string[] {
  const format = new Intl.DateTimeFormat('en', { timeZone: timezone, weekday: 'short', day: 'numeric' });
  return days.map(({ from, to }) => {
    const parts = format.formatToParts((Date.parse(from) + Date.parse(to)) / 2);
    const part = (type: string) => parts.find((one) => one.type === type)?.value ?? '';
    return `${part('weekday')} ${part('day')}`;
  });
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function decided(list: readonly DigestDay[], timezone: string): Picture {
  const days = dayLabels(list, timezone);
  const of = (key: 'approved' | 'rejected' | 'undo') => list.map((day) => day[key]);
  const label = (key: 'approved' | 'rejected' | 'undo') => `${texts[key]} ${sum(of(key))}`;
  const chart: BarChart = {
    kind: 'bars',
    title: texts.decided,
    days,
    series: [
      { label: label('approved'), ink: 'blue', fill: 'solid', values: of('approved') },
      { label: label('rejected'), ink: 'brown', fill: 'hatched', values: of('rejected') },
      { label: label('undo'), ink: 'purple', fill: 'dotted', values: of('undo') },
    ],
    empty: texts.nothingDecided,
  };
  const each = list.flatMap(({ approved, rejected, undo }, index) =>
    approved + rejected + undo === 0 ? [] : [`${days[index]}: ${approved}, ${rejected}, ${undo}`],
  );
  const said =
    each.length === 0 ? texts.nothingDecided : `${chart.series.map((one) => one.label).join(', ')}; ${texts.eachDay} ${each.join('; ')}.`;
  return { name: 'decided', chart, alt: `${texts.barChart} ${texts.decided}. ${said}` };
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const marks = [second, 10 * second, minute, 10 * minute, hour, 6 * hour, day, 7 * day, 30 * day];

/** From the last mark under everything to the first one over it. */
function ticksFor(values: readonly number[]): LineChart['ticks'] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const first = Math.max(
    0,
    marks.findLastIndex((mark) => mark <= low),
  );
  const over = marks.findIndex((mark) => mark > high);
  return marks.slice(first, Math.max(first + 2, over < 0 ? marks.length : over + 1)).map((at) => ({ at, label: durationText(at) }));
}

function timeToDecision(list: readonly DigestDay[], timezone: string): Picture {
  const days = dayLabels(list, timezone);
  const medians = list.map(({ waits }) => waits.medianMs);
  const p95s = list.map(({ waits }) => waits.p95Ms);
  const known = [...medians, ...p95s].filter((value) => value !== null);
  const chart: LineChart = {
    kind: 'lines',
    title: texts.waits,
    days,
    series: [
      { label: texts.median, ink: 'blue', mark: 'circle', dashed: false, values: medians },
      { label: texts.p95, ink: 'brown', mark: 'triangle', dashed: true, values: p95s },
    ],
    ticks: known.length === 0 ? [] : ticksFor(known),
    empty: texts.nothingDecided,
  };
  const each = list.flatMap(({ waits: { medianMs, p95Ms } }, index) =>
    medianMs === null || p95Ms === null ? [] : [`${days[index]}: ${durationText(medianMs)}, ${durationText(p95Ms)}`],
  );
  const said = each.length === 0 ? texts.nothingDecided : `${texts.medianAndP95} ${each.join('; ')}.`;
  return { name: 'time-to-decision', chart, alt: `${texts.lineChart} ${texts.waits}. ${said}` };
}
