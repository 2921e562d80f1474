/** What a chart shows: plain data with every word in it, so that drawing needs no words of its own. */

/** Told apart by pattern or mark and by label; colour only helps. */
export type Bars = { label: string; ink: Ink; fill: 'solid' | 'hatched' | 'dotted'; values: number[] };
/** `empty`: said where there is nothing to draw. `days`: `Mon 9`. */
export type BarChart = { kind: 'bars'; title: string; days: string[]; series: Bars[]; empty: string };

export type Dots = { label: string; ink: Ink; mark: 'circle' | 'triangle'; dashed: boolean; values: (number | null)[] };
/** `ticks`: where the scale is marked, which is logarithmic. */
export type LineChart = {
  kind: 'lines';
  title: string;
  days: string[];
  series: Dots[];
  ticks: { at: number; label: string }[];
  empty: string;
};
export type Chart = BarChart | LineChart;

export type Ink = 'text' | 'grid' | 'blue' | 'brown' | 'purple';
