/** A reader for the pictures we write, by which a test sees their pixels. */
import { inflateSync } from 'node:zlib';

type Picture = { width: number; height: number; at(x: number, y: number): string };

export function read(png: Uint8Array): Picture {
  const bytes = Buffer.from(png);
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    chunks.set(bytes.toString('latin1', at + 4, at + 8), bytes.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  const header = chunks.get('IHDR') ?? Buffer.alloc(13);
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const colours = chunks.get('PLTE') ?? Buffer.alloc(0);
  const rows = inflateSync(chunks.get('IDAT') ?? Buffer.alloc(0));
  const rowBytes = Math.ceil(width / 2) + 1;
  return {
    width,
    height,
    at: (x, y) => {
      const pair = rows[y * rowBytes + 1 + (x >> 1)] ?? 0;
      const index = x % 2 === 0 ? pair >> 4 : pair & 15;
      return [...colours.subarray(index * 3, index * 3 + 3)].join();
    },
  };
}

export function count({ at }: Picture, colour: readonly number[], box: { x: number; y: number; width: number; height: number }): number {
  let found = 0;
  for (let y = box.y; y < box.y + box.height; y += 1)
    for (let x = box.x; x < box.x + box.width; x += 1) if (at(x, y) === colour.join()) found += 1;
  return found;
}
