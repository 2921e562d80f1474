/** Processor time of a process and of its children, as Linux counts it. */
import { existsSync, readFileSync } from 'node:fs';

/** Linux counts in hundredths of a second. */
const microsPerTick = 10_000;

/** Null where there is no /proc. */
export function cpuMicrosOf(pid: number): number | null {
  if (!existsSync(`/proc/${pid}/stat`)) return null;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  // Of those that ended, it remembers the sum: else a helper of PostgreSQL that goes would take its time away with it.
  return children.reduce((sum, one) => sum + microsIn(one, [11, 12]), microsIn(pid, [11, 12, 13, 14]));
}

/** `places` of utime, stime and, of children that ended, cutime and cstime. */
function microsIn(pid: number, places: number[]): number {
  try {
    // The name in parentheses may hold blanks.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return places.reduce((sum, place) => sum + Number(fields[place] ?? 0), 0) * microsPerTick;
  } catch {
    return 0; // It ended meanwhile.
  }
}
