/** Draws a timeline as PNG: lower than the other charts, for it stands beside a table. */
import type { Timeline } from '../chat/chart.ts';
import { widthOf } from './font.ts';
import { pngOf } from './png.ts';
import { blank, box, fill } from './raster.ts';
import { countScale, typeSizes, write } from './scale.ts';

/** Shown at half this size, so that it is sharp. */
const size = { width: 1120, height: 320 };
const plot = { left: 96, right: 1096, top: 118, bottom: 248 };
const lineHeight = 24;
/** Few among many are still seen. */
const lowest = 3;

export function drawTimeline({ title, note, values, ticks }: Timeline): Uint8Array {
  const raster = blank(size.width, size.height);
  write(raster, title, { x: 24, y: 44, size: typeSizes.title, weight: 'bold' });
  write(raster, note, { x: 24, y: 80 });
  const yOf = countScale(raster, plot, Math.max(...values));
  const step = (plot.right - plot.left) / values.length;
  const xOf = (at: number): number => plot.left + Math.round(at * step);
  values.forEach((value, at) => {
    if (value === 0) return;
    const y = Math.min(Math.round(yOf(value)), plot.bottom - lowest);
    fill(raster, [box(xOf(at) + 1, y, Math.max(2, xOf(at + 1) - xOf(at) - 2), plot.bottom - y)], 'blue');
  });
  for (const { at, lines } of ticks) {
    // What would be cut off at the edge says nothing.
    if (xOf(at) + Math.max(...lines.map((line) => widthOf(line, typeSizes.small))) > size.width) continue;
    fill(raster, [box(xOf(at), plot.bottom, 2, 8)], 'text');
    lines.forEach((line, index) => {
      write(raster, line, { x: xOf(at), y: plot.bottom + 32 + index * lineHeight, size: typeSizes.small });
    });
  }
  return pngOf(raster);
}
