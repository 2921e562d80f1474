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

/** How many there were in each of many equal steps of time. `note`: one line under the title. `ticks`: where the time is told, by step. */
export type Timeline = { title: string; note: string; values: number[]; ticks: { at: number; lines: string[] }[] };

/** As it is shown. `png` null: it could not be drawn, or is not wanted; `alt` says the same. */
export type DrawnPicture = { name: string; alt: string; png: Uint8Array | null };

export type Ink = 'text' | 'grid' | 'blue' | 'brown' | 'purple';
