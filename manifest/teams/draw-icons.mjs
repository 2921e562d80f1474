/** Draws color.png and outline.png: a shield with two ticks, the second one in another hand. Run it after changing a shape: `node manifest/teams/draw-icons.mjs`. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { crc32, deflateSync } from 'node:zlib';

/** Everything is drawn on a square of 100 x 100. */
const shield = closed([
  [50, 10],
  ...curve([50, 10], [62, 20], [74, 22], [84, 22]),
  ...curve([84, 22], [86, 58], [74, 78], [50, 91]),
  ...curve([50, 91], [26, 78], [14, 58], [16, 22]),
  ...curve([16, 22], [26, 22], [38, 20], [50, 10]),
]);
const firstTick = [
  [27, 49],
  [37, 60],
  [53, 37],
];
const secondTick = [
  [44, 59],
  [54, 69],
  [74, 39],
];

function curve(from, a, b, to) {
  return Array.from({ length: 24 }, (_, index) => {
    const t = (index + 1) / 24;
    const u = 1 - t;
    return [0, 1].map((axis) => u ** 3 * from[axis] + 3 * u * u * t * a[axis] + 3 * u * t * t * b[axis] + t ** 3 * to[axis]);
  });
}
function closed(points) {
  return [...points, points[0]];
}

function distance(x, y, line) {
  let least = Number.POSITIVE_INFINITY;
  for (let index = 1; index < line.length; index += 1) {
    const [ax, ay] = line[index - 1];
    const [bx, by] = line[index];
    const length = (bx - ax) ** 2 + (by - ay) ** 2;
    const t = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length));
    least = Math.min(least, Math.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay)));
  }
  return least;
}

function inside(x, y, outline) {
  let is = false;
  for (let index = 1; index < outline.length; index += 1) {
    const [ax, ay] = outline[index - 1];
    const [bx, by] = outline[index];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) is = !is;
  }
  return is;
}

/** Microsoft's rules: the colour icon fills its square, its symbol stays in the middle; the outline is white on nothing. */
const scale = (value, share) => 50 + (value - 50) / share;
function colour(px, py) {
  const [x, y] = [scale(px, 0.72), scale(py, 0.72)];
  const background = [27, 58, 87, 255];
  if (!inside(x, y, shield)) return background;
  if (distance(x, y, secondTick) < 5) return [16, 124, 65, 255];
  if (distance(x, y, secondTick) < 8) return [255, 255, 255, 255];
  if (distance(x, y, firstTick) < 5) return background;
  return [255, 255, 255, 255];
}
function outline(px, py) {
  const [x, y] = [scale(px, 1.06), scale(py, 1.06)];
  const drawn = distance(x, y, shield) < 3.4 || (inside(x, y, shield) && distance(x, y, tick) < 4);
  return [255, 255, 255, drawn ? 255 : 0];
}
const tick = [
  [32, 52],
  [45, 65],
  [68, 37],
];

/** Eight by eight samples a pixel. */
function draw(size, colourAt) {
  const samples = 8;
  const rows = [];
  for (let y = 0; y < size; y += 1) {
    const row = [0];
    for (let x = 0; x < size; x += 1) {
      const sum = [0, 0, 0, 0];
      for (let n = 0; n < samples * samples; n += 1) {
        const at = (pixel, step) => ((pixel + (step + 0.5) / samples) / size) * 100;
        const [r, g, b, a] = colourAt(at(x, n % samples), at(y, Math.floor(n / samples)));
        for (const [channel, value] of [r * a, g * a, b * a, a].entries()) sum[channel] += value;
      }
      const alpha = sum[3];
      row.push(...sum.slice(0, 3).map((value) => (alpha === 0 ? 255 : Math.round(value / alpha))), Math.round(alpha / samples ** 2));
    }
    rows.push(Buffer.from(row));
  }
  return png(size, Buffer.concat(rows));
}

function png(size, pixels) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 6, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(pixels, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
function chunk(name, data) {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  const around = Buffer.alloc(8);
  around.writeUInt32BE(data.length, 0);
  around.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([around.subarray(0, 4), body, around.subarray(4)]);
}

const save = (name, bytes) => writeFileSync(path.join(import.meta.dirname, name), bytes);
save('color.png', draw(192, colour));
save('outline.png', draw(32, outline));
