/** Processor time of a process and of its children, as Linux counts it. */
import { existsSync, readFileSync } from 'node:fs';

/** Linux counts in hundredths of a second. */
const microsPerTick = 10_000;

/** Null where there is no /proc. */
export function cpuMicrosOf(pid: number): number | null {
  if (!existsSync(`/proc/${pid}/stat`)) return null;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  return [pid, ...children].reduce((sum, one) => sum + ownMicros(one), 0);
}

function ownMicros(pid: number): number {
  try {
    // The name in parentheses may hold blanks.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * microsPerTick;
  } catch {
    return 0; // It ended meanwhile.
  }
}
