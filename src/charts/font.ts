/** Letters as outlines, from a font that comes with the package `@fontsource/ibm-plex-sans` (SIL Open Font License): no network, no system fonts. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Outline } from './raster.ts';

/** What we use of opentype.js; it brings no types of its own. */
type Command = { type: 'M' | 'L' | 'Q' | 'C' | 'Z'; x?: number; y?: number; x1?: number; y1?: number; x2?: number; y2?: number };
type Font = {
  getPath(text: string, x: number, y: number, size: number): { commands: Command[] };
  getAdvanceWidth(text: string, size: number): number;
};

const require = createRequire(import.meta.url);
const { parse } = require('opentype.js') as { parse: (bytes: ArrayBuffer) => Font };

export type Weight = 'regular' | 'bold';
const files: Record<Weight, string> = {
  regular: require.resolve('@fontsource/ibm-plex-sans/files/ibm-plex-sans-latin-400-normal.woff'),
  bold: require.resolve('@fontsource/ibm-plex-sans/files/ibm-plex-sans-latin-600-normal.woff'),
};
const fonts = new Map<Weight, Font>();

function fontOf(weight: Weight): Font {
  const known = fonts.get(weight);
  if (known) return known;
  const bytes = readFileSync(files[weight]);
  const font = parse(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer);
  fonts.set(weight, font);
  return font;
}

export const widthOf = (text: string, size: number, weight: Weight = 'regular'): number => fontOf(weight).getAdvanceWidth(text, size);

const curveSteps = 6;

/** The text with its baseline beginning at (x, y). */
export function lettersAt(
  text: string,
  { x, y, size, weight = 'regular' }: { x: number; y: number; size: number; weight?: Weight },
): Outline[] {
  const outlines: [number, number][][] = [];
  for (const command of fontOf(weight).getPath(text, x, y, size).commands) {
    const current = outlines.at(-1);
    const [toX, toY] = [command.x ?? 0, command.y ?? 0];
    // Outlines close by themselves; not every font says so.
    if (command.type === 'M') outlines.push([[toX, toY]]);
    else if (command.type === 'L') current?.push([toX, toY]);
    else if (command.type !== 'Z') current?.push(...curve(current.at(-1) ?? [toX, toY], command));
  }
  return outlines;
}

function curve([x0, y0]: [number, number], { type, x = 0, y = 0, x1 = 0, y1 = 0, x2 = 0, y2 = 0 }: Command): [number, number][] {
  const [ax, ay, bx, by] =
    type === 'C' ? [x1, y1, x2, y2] : [x0 + (2 / 3) * (x1 - x0), y0 + (2 / 3) * (y1 - y0), x + (2 / 3) * (x1 - x), y + (2 / 3) * (y1 - y)];
  return Array.from({ length: curveSteps }, (_, index) => {
    const t = (index + 1) / curveSteps;
    const s = 1 - t;
    const at = (p0: number, p1: number, p2: number, p3: number) =>
      s * s * s * p0 + 3 * s * s * t * p1 + 3 * s * t * t * p2 + t * t * t * p3;
    return [at(x0, ax, bx, x), at(y0, ay, by, y)];
  });
}
