/** The charts as pixels: read back from the PNG by a reader of our own. */
import { describe, expect, it } from 'vitest';
import { drawChart } from '../../src/charts/draw.ts';
import { inks } from '../../src/charts/inks.ts';
import type { BarChart, LineChart } from '../../src/chat/chart.ts';
import { count, read } from './read-png.ts';

const days = Array.from({ length: 14 }, (_, index) => `Mon ${index + 1}`);
const bars = (over: Partial<BarChart> = {}): BarChart => ({
  kind: 'bars',
  title: 'Decided per day',
  days,
  empty: 'Nothing was decided.',
  series: [
    { label: 'Approved 91', ink: 'blue', fill: 'solid', values: days.map((_, index) => index) },
    { label: 'Rejected 14', ink: 'brown', fill: 'hatched', values: days.map(() => 1) },
  ],
  ...over,
});
const lines = (values: (number | null)[]): LineChart => ({
  kind: 'lines',
  title: 'Time to decision',
  days,
  empty: 'Nothing was decided.',
  series: [{ label: 'Median', ink: 'blue', mark: 'circle', dashed: false, values }],
  ticks: [
    { at: 60_000, label: '1 min' },
    { at: 3_600_000, label: '1 h' },
  ],
});

/** https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
function contrast(a: readonly number[], b: readonly number[]): number {
  const light = (colour: readonly number[]) =>
    colour
      .map((value) => value / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
      .reduce((sum, value, index) => sum + value * ([0.2126, 0.7152, 0.0722][index] ?? 0), 0);
  const [low = 0, high = 0] = [light(a), light(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

const white = [255, 255, 255];
const title = { x: 0, y: 10, width: 600, height: 44 };

describe('a chart', () => {
  it('says its title, its legend and its days in letters: a font that is missing would leave them out without a word', () => {
    const picture = read(drawChart(bars()));
    expect(count(picture, inks.text, title)).toBeGreaterThan(800);
    expect(count(picture, inks.text, { x: 60, y: 60, width: 300, height: 30 })).toBeGreaterThan(300);
    expect(count(picture, inks.text, { x: 96, y: 360, width: 1000, height: 56 })).toBeGreaterThan(800);
  });

  it('stands on its own white ground, and whatever carries something has a contrast of 4.5:1 to it', () => {
    const picture = read(drawChart(bars()));
    for (const [x, y] of [
      [0, 0],
      [picture.width - 1, picture.height - 1],
    ] as const)
      expect(picture.at(x, y)).toBe(white.join());
    for (const [name, colour] of Object.entries(inks)) if (name !== 'grid') expect(contrast(colour, white)).toBeGreaterThan(4.5);
  });

  it('draws a bar as high as its number, and a pattern where colour alone would tell two apart', () => {
    const picture = read(
      drawChart(bars({ series: [{ label: 'A', ink: 'blue', fill: 'solid', values: days.map((_, index) => (index === 13 ? 8 : 4)) }] })),
    );
    const column = (index: number) =>
      count(picture, inks.blue, { x: Math.round(96 + ((index + 0.5) * 1000) / 14), y: 100, width: 1, height: 256 });
    expect(column(13) / column(0)).toBeCloseTo(2, 1);
    const hatched = read(drawChart(bars({ series: [{ label: 'A', ink: 'brown', fill: 'hatched', values: days.map(() => 4) }] })));
    const inside = { x: 120, y: 200, width: 24, height: 100 };
    const share = count(hatched, inks.brown, inside) / (inside.width * inside.height);
    expect(share).toBeGreaterThan(0.3);
    expect(share).toBeLessThan(0.7);
  });

  it('leaves a gap where a day has nothing, and never fails on what is far off', () => {
    const gap = read(drawChart(lines(days.map((_, index) => (index === 6 ? null : 600_000)))));
    const between = (index: number) =>
      count(gap, inks.blue, { x: Math.round(96 + ((index + 1) * 1000) / 14), y: 100, width: 1, height: 256 });
    expect(between(0)).toBeGreaterThan(0);
    expect(between(5)).toBe(0);
    expect(between(6)).toBe(0);
    expect(() => drawChart(lines([0, 1e15, -5, ...days.slice(3).map(() => null)]))).not.toThrow();
    expect(() => drawChart(bars({ title: 'x'.repeat(500), days: days.map(() => '日本 語') }))).not.toThrow();
  });

  it('says so where there is nothing', () => {
    const picture = read(drawChart(bars({ series: [] })));
    expect(count(picture, inks.text, { x: 0, y: 190, width: 600, height: 40 })).toBeGreaterThan(800);
  });

  it('is the same picture each time, and small enough for a message', () => {
    expect(Buffer.from(drawChart(bars())).equals(Buffer.from(drawChart(bars())))).toBe(true);
    expect(drawChart(bars()).length).toBeLessThan(9000);
  });
});
