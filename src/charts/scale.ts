/** What every chart has: letters in their place, and a scale of counts with its lines. */
import type { Ink } from '../chat/chart.ts';
import { lettersAt, type Weight, widthOf } from './font.ts';
import { box, fill, type Raster } from './raster.ts';

export const typeSizes = { title: 32, label: 24, small: 20 };

type Text = { x: number; y: number; size?: number; weight?: Weight; align?: 'left' | 'right' | 'middle'; ink?: Ink };

export function write(
  raster: Raster,
  text: string,
  { x, y, size: letters = typeSizes.label, weight = 'regular', align = 'left', ink = 'text' }: Text,
): void {
  const width = align === 'left' ? 0 : widthOf(text, letters, weight);
  const start = align === 'right' ? x - width : align === 'middle' ? x - width / 2 : x;
  fill(raster, lettersAt(text, { x: Math.round(start), y, size: letters, weight }), ink);
}

/** 1, 2, 5, 10, 20, ... so that four steps reach the top. */
function stepFor(highest: number): number {
  for (let unit = 1; ; unit *= 10) for (const factor of [1, 2, 5]) if (unit * factor * 4 >= highest) return unit * factor;
}

type Plot = { left: number; right: number; top: number; bottom: number };

/** Draws it from 0 to a round number over `most`, and says how high a count is. */
export function countScale(raster: Raster, { left, right, top, bottom }: Plot, most: number): (count: number) => number {
  const step = stepFor(Math.max(1, most));
  const highest = Math.max(step, Math.ceil(most / step) * step);
  const yOf = (count: number) => bottom - (count / highest) * (bottom - top);
  for (let count = 0; count <= highest; count += step) {
    fill(raster, [box(left, Math.round(yOf(count)), right - left, 2)], 'grid');
    write(raster, String(count), { x: left - 12, y: yOf(count) + 8, align: 'right', size: typeSizes.small });
  }
  return yOf;
}
