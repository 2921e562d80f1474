/** What a chart shows: plain data with every word in it, so that drawing needs no words of its own. */

/** Told apart by pattern or mark and by label; colour only helps. */
export type Bars = { label: string; ink: Ink; fill: 'solid' | 'hatched' | 'dotted'; values: number[] };
export type BarChart = { kind: 'bars'; title: string; days: string[]; series: Bars[]; /** Said where there is nothing to draw. */ empty: string };

export type Dots = { label: string; ink: Ink; mark: 'circle' | 'triangle'; dashed: boolean; values: (number | null)[] };
export type LineChart = {
  kind: 'lines';
  title: string;
  days: string[];
  series: Dots[];
  /** Where the scale is marked. It is logarithmic. */
  ticks: { at: number; label: string }[];
  empty: string;
};
export type Chart = BarChart | LineChart;

export type Ink = 'text' | 'grid' | 'blue' | 'brown' | 'purple';

/** Each at least 4.5:1 on the white ground, but for the grid, which carries nothing. */
export const inks: Record<Ink, readonly [number, number, number]> = {
  text: [27, 31, 36],
  grid: [208, 213, 219],
  blue: [11, 92, 173],
  brown: [158, 72, 0],
  purple: [107, 47, 160],
};
