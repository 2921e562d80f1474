/** Draws a chart as PNG: its own white ground, so that it reads alike in light and dark; series told apart by pattern, mark and label. */
import type { BarChart, Bars, Chart, Dots, LineChart } from '../chat/chart.ts';
import { widthOf } from './font.ts';
import { pngOf } from './png.ts';
import { blank, box, disc, fill, type Outline, type Pattern, type Raster, stroke } from './raster.ts';
import { countScale, typeSizes as type, write } from './scale.ts';

/** Shown at half this size, so that it is sharp. */
const size = { width: 1120, height: 420 };
const plot = { left: 96, right: 1096, top: 108, bottom: 356 };

export function drawChart(chart: Chart): Uint8Array {
  const raster = blank(size.width, size.height);
  write(raster, chart.title, { x: 24, y: 44, size: type.title, weight: 'bold' });
  const isEmpty = chart.series.every(({ values }) => values.every((value) => value === null || value === 0));
  if (isEmpty) write(raster, chart.empty, { x: 24, y: 220, size: type.title });
  else {
    legend(raster, chart);
    if (chart.kind === 'bars') drawBars(raster, chart);
    else drawLines(raster, chart);
    days(raster, chart.days);
  }
  return pngOf(raster);
}

const patterns: Record<Bars['fill'], Pattern | undefined> = {
  solid: undefined,
  hatched: (x, y) => (x + y) % 8 < 4,
  dotted: (x, y) => x % 6 < 3 && y % 6 < 3,
};

function bar(raster: Raster, series: Pick<Bars, 'fill' | 'ink'>, outline: { x: number; y: number; width: number; height: number }): void {
  const { x, y, width, height } = outline;
  fill(raster, [box(x, y, width, height)], series.ink, patterns[series.fill]);
  if (series.fill === 'solid') return;
  // A frame holds a pattern together.
  for (const side of [box(x, y, width, 2), box(x, y + height - 2, width, 2), box(x, y, 2, height), box(x + width - 2, y, 2, height)])
    fill(raster, [side], series.ink);
}

function legend(raster: Raster, chart: Chart): void {
  let x = 24;
  for (const series of chart.series) {
    if ('fill' in series) bar(raster, series, { x, y: 66, width: 28, height: 20 });
    else {
      line(raster, series, [x, 76], [x + 44, 76]);
      fill(raster, [markAt(series.mark, x + 22, 76)], series.ink);
    }
    x += 'fill' in series ? 38 : 54;
    write(raster, series.label, { x, y: 84 });
    x += widthOf(series.label, type.label) + 36;
  }
}

const columnOf = (index: number, count: number): number => plot.left + ((index + 0.5) * (plot.right - plot.left)) / count;

function days(raster: Raster, labels: readonly string[]): void {
  labels.forEach((label, index) => {
    const [weekday = '', day = ''] = label.split(' ');
    const x = columnOf(index, labels.length);
    write(raster, weekday, { x, y: plot.bottom + 28, align: 'middle', size: 20 });
    write(raster, day, { x, y: plot.bottom + 52, align: 'middle', size: 20 });
  });
}

function drawBars(raster: Raster, { series, days: labels }: BarChart): void {
  const totals = labels.map((_, index) => series.reduce((sum, { values }) => sum + (values[index] ?? 0), 0));
  const yOf = countScale(raster, { ...plot, top: plot.top + 24 }, Math.max(...totals));
  const width = Math.round(((plot.right - plot.left) / labels.length) * 0.6);
  totals.forEach((total, index) => {
    const x = Math.round(columnOf(index, labels.length) - width / 2);
    let below = 0;
    for (const one of series) {
      const value = one.values[index] ?? 0;
      const [y0, y1] = [Math.round(yOf(below + value)), Math.round(yOf(below))];
      // Few among many are still seen.
      if (value > 0) bar(raster, one, { x, y: Math.min(y0, y1 - 3), width, height: Math.max(3, y1 - y0) });
      below += value;
    }
    if (total > 0) write(raster, String(total), { x: x + width / 2, y: yOf(total) - 8, align: 'middle', size: 20, weight: 'bold' });
  });
}

function drawLines(raster: Raster, { series, ticks, days: labels }: LineChart): void {
  const [low, high] = [Math.log(ticks[0]?.at ?? 1), Math.log(ticks.at(-1)?.at ?? 10)];
  const yOf = (value: number) =>
    plot.bottom - ((Math.min(high, Math.max(low, Math.log(Math.max(value, 1)))) - low) / (high - low || 1)) * (plot.bottom - plot.top);
  for (const { at, label } of ticks) {
    fill(raster, [box(plot.left, Math.round(yOf(at)), plot.right - plot.left, 2)], 'grid');
    write(raster, label, { x: plot.left - 12, y: yOf(at) + 8, align: 'right', size: 20 });
  }
  for (const one of series) {
    const points = one.values.map((value, index) => (value === null ? null : ([columnOf(index, labels.length), yOf(value)] as const)));
    points.forEach((point, index) => {
      const before = points[index - 1];
      // A day without decisions is a gap, not a line over it.
      if (point && before) line(raster, one, before, point);
    });
    for (const point of points) if (point) fill(raster, [markAt(one.mark, ...point)], one.ink);
  }
}

function line(
  raster: Raster,
  { dashed, ink }: Pick<Dots, 'dashed' | 'ink'>,
  from: readonly [number, number],
  to: readonly [number, number],
): void {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
  const at = (part: number) => [from[0] + (to[0] - from[0]) * part, from[1] + (to[1] - from[1]) * part] as const;
  const dash = dashed ? 10 : length;
  for (let start = 0; start < length; start += dash * 2)
    fill(raster, [stroke(at(start / length), at(Math.min(length, start + dash) / length), 4)], ink);
}

function markAt(mark: Dots['mark'], x: number, y: number): Outline {
  if (mark === 'circle') return disc(x, y, 7);
  return [
    [x, y - 9],
    [x + 9, y + 7],
    [x - 9, y + 7],
  ];
}
