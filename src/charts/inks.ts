/** The colours of the charts. */
import type { Ink } from '../chat/chart.ts';

/** Each at least 4.5:1 on the white ground, but for the grid, which carries nothing. */
export const inks: Record<Ink, readonly [number, number, number]> = {
  text: [27, 31, 36],
  grid: [208, 213, 219],
  blue: [11, 92, 173],
  brown: [158, 72, 0],
  purple: [107, 47, 160],
};
