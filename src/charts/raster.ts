/** Fills shapes with soft edges on a small picture in few colours. Pure: no library, no clock, the same pixels everywhere. */
import type { Ink } from '../chat/chart.ts';
import { inks } from './inks.ts';

type Point = readonly [x: number, y: number];
/** Closed by itself. */
export type Outline = readonly Point[];

/** Which part of a shape is inked, by the pixel; everywhere when left out. */
export type Pattern = (x: number, y: number) => boolean;

/** Of each ink so many shades between the ground and the full tone: what soft edges need. */
const shades = 3;
const names = Object.keys(inks) as Ink[];
const ground = [255, 255, 255] as const;

/** The ground, and every shade of every ink. */
export const palette: readonly (readonly [number, number, number])[] = [
  ground,
  ...names.flatMap((name) =>
    Array.from({ length: shades }, (_, step) => {
      const part = (step + 1) / shades;
      const [red, green, blue] = inks[name];
      const mixed = (tone: number, base: number) => Math.round(base + (tone - base) * part);
      return [mixed(red, ground[0]), mixed(green, ground[1]), mixed(blue, ground[2])] as const;
    }),
  ),
];

export type Raster = { width: number; height: number /** One entry of the palette a pixel. */; pixels: Uint8Array };

export const blank = (width: number, height: number): Raster => ({ width, height, pixels: new Uint8Array(width * height) });

export function fill(raster: Raster, outlines: readonly Outline[], ink: Ink, pattern?: Pattern): void {
  const box = boxOf(raster, outlines);
  if (box === null) return;
  const first = 1 + names.indexOf(ink) * shades;
  const cover = coverage(outlines, box);
  for (let row = 0; row < box.height; row += 1) {
    let sum = 0;
    for (let column = 0; column < box.width; column += 1) {
      sum += cover[row * (box.width + 1) + column] ?? 0;
      const x = box.left + column;
      const y = box.top + row;
      const step = Math.round(Math.min(1, Math.abs(sum)) * shades);
      if (step === 0 || x < 0 || y < 0 || x >= raster.width || y >= raster.height || pattern?.(x, y) === false) continue;
      const at = y * raster.width + x;
      // Where two soft edges meet, the darker one stays.
      const before = raster.pixels[at] ?? 0;
      if (before === 0 || step === shades || (before - 1) % shades < step - 1) raster.pixels[at] = first + step - 1;
    }
  }
}

type Box = { left: number; top: number; width: number; height: number };

function boxOf({ width, height }: Raster, outlines: readonly Outline[]): Box | null {
  const points = outlines.flat();
  if (points.length === 0) return null;
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const [left, top] = [Math.floor(Math.min(...xs)), Math.floor(Math.min(...ys))];
  const [right, bottom] = [Math.ceil(Math.max(...xs)), Math.ceil(Math.max(...ys))];
  if (right < 0 || bottom < 0 || left > width || top > height) return null;
  return { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/** For each pixel by how much the covered area changes there, from left to right: the area under each edge, with its direction. */
function coverage(outlines: readonly Outline[], box: Box): Float32Array {
  const changes = new Float32Array((box.width + 1) * box.height);
  for (const outline of outlines) {
    let before = outline.at(-1);
    for (const point of outline) {
      if (before !== undefined) addEdge(changes, box, before, point);
      before = point;
    }
  }
  return changes;
}

function addEdge(changes: Float32Array, box: Box, from: Point, to: Point): void {
  if (from[1] === to[1]) return;
  const direction = from[1] < to[1] ? 1 : -1;
  const [upper, lower] = direction === 1 ? [from, to] : [to, from];
  const slope = (lower[0] - upper[0]) / (lower[1] - upper[1]);
  const bottom = lower[1] - box.top;
  for (let row = Math.max(0, Math.floor(upper[1] - box.top)); row < Math.min(box.height, Math.ceil(bottom)); row += 1) {
    const y0 = Math.max(row, upper[1] - box.top);
    const y1 = Math.min(row + 1, bottom);
    if (y1 <= y0) continue;
    const x0 = upper[0] + (y0 + box.top - upper[1]) * slope - box.left;
    const x1 = upper[0] + (y1 + box.top - upper[1]) * slope - box.left;
    addSpan(changes, row * (box.width + 1), { height: direction * (y1 - y0), left: Math.min(x0, x1), right: Math.max(x0, x1) });
  }
}

/** One row of an edge: what is to its right is covered by its height, and of the pixels it passes their share. */
function addSpan(changes: Float32Array, at: number, { height, left, right }: { height: number; left: number; right: number }): void {
  const first = Math.floor(left);
  const last = Math.floor(right);
  const add = (column: number, amount: number) => {
    changes[at + column] = (changes[at + column] ?? 0) + amount;
  };
  let given = 0;
  for (let column = first; column <= last; column += 1) {
    const [x0, x1] = [Math.max(left, column), Math.min(right, column + 1)];
    const share = right > left ? (x1 - x0) / (right - left) : 1;
    const covered = height * share * (column + 1 - (x0 + x1) / 2);
    const rest = height * share - covered;
    add(column, covered + given);
    given = rest;
  }
  add(last + 1, given);
}

export const box = (x: number, y: number, width: number, height: number): Outline => [
  [x, y],
  [x + width, y],
  [x + width, y + height],
  [x, y + height],
];

export const disc = (x: number, y: number, radius: number): Outline =>
  Array.from({ length: 24 }, (_, step) => {
    const angle = (step / 24) * 2 * Math.PI;
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)] as const;
  });

export function stroke([x0, y0]: Point, [x1, y1]: Point, thickness: number): Outline {
  const length = Math.hypot(x1 - x0, y1 - y0) || 1;
  const [dx, dy] = [(-(y1 - y0) / length) * (thickness / 2), ((x1 - x0) / length) * (thickness / 2)];
  return [
    [x0 + dx, y0 + dy],
    [x1 + dx, y1 + dy],
    [x1 - dx, y1 - dy],
    [x0 - dx, y0 - dy],
  ];
}
