/** The timeline as pixels. */
import { describe, expect, it } from 'vitest';
import { inks } from '../../src/charts/inks.ts';
import { drawTimeline } from '../../src/charts/timeline.ts';
import type { Timeline } from '../../src/chat/chart.ts';
import { count, read } from './read-png.ts';

const timeline = (values: number[]): Timeline => ({
  title: '200 rows over time',
  note: 'Each bar is 15 minutes, the highest has 22 rows. Times are in UTC.',
  values,
  ticks: values.flatMap((_, at) => (at % 10 === 0 ? [{ at, lines: ['10:00', '2026-11-20'] }] : [])),
});
const busy = Array.from({ length: 60 }, (_, at) => (at * 37) % 23);
const plot = { x: 96, y: 100, width: 1000, height: 148 };

describe('a timeline', () => {
  it('is a small PNG on its own white ground, so that it reads alike in light and dark', () => {
    const png = drawTimeline(timeline(busy));
    expect([...png.subarray(0, 8)]).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
    expect(png.length).toBeLessThan(7000);
    const picture = read(png);
    expect([picture.width, picture.height]).toEqual([1120, 320]);
    for (const [x, y] of [
      [0, 0],
      [1119, 319],
      [1119, 0],
      [0, 319],
    ] as const)
      expect(picture.at(x, y)).toBe('255,255,255');
    expect(Buffer.from(drawTimeline(timeline(busy))).equals(Buffer.from(png))).toBe(true);
  });

  it('says its title, its step and its times in letters', () => {
    const picture = read(drawTimeline(timeline(busy)));
    expect(count(picture, inks.text, { x: 0, y: 10, width: 600, height: 44 })).toBeGreaterThan(800);
    expect(count(picture, inks.text, { x: 0, y: 58, width: 700, height: 30 })).toBeGreaterThan(800);
    expect(count(picture, inks.text, { x: 96, y: 258, width: 1000, height: 50 })).toBeGreaterThan(800);
  });

  it('leaves out a time that would be cut off at the edge', () => {
    const late = { ...timeline([1, 2]), ticks: [{ at: 1.95, lines: ['10:00', '2026-11-20'] }] };
    expect(count(read(drawTimeline(late)), inks.text, { x: 96, y: 250, width: 1024, height: 70 })).toBe(0);
  });

  it('draws each step as high as its count, and none where there was nothing', () => {
    const picture = read(drawTimeline(timeline([4, 0, 2, 1, 4])));
    const high = (at: number) => count(picture, inks.blue, { x: plot.x + at * 200 + 100, y: plot.y, width: 1, height: plot.height });
    expect(high(1)).toBe(0);
    expect(high(0)).toBe(high(4));
    expect(high(0) / high(2)).toBeCloseTo(2, 1);
    expect(high(0) / high(3)).toBeCloseTo(4, 0);
  });

  it('shows one among thousands, and every one of sixty steps beside its neighbours', () => {
    const picture = read(drawTimeline(timeline([10_000, 1])));
    expect(count(picture, inks.blue, { x: 846, y: plot.y, width: 1, height: plot.height })).toBe(3);
    const many = read(drawTimeline(timeline(Array.from({ length: 60 }, () => 5))));
    const row = Array.from({ length: plot.width }, (_, at) => many.at(plot.x + at, 240) === inks.blue.join());
    expect(row.filter((is, at) => is && row[at - 1] !== true)).toHaveLength(60);
  });
});
