/** Times where Teams fills in none, in a bar or the short answer of a dialog: by the clock of whoever asked, whose zone their client names. */
import { wallTime } from '../../action-center/zoned-time.ts';
import { localTimeText } from '../moment-words.ts';
import { type Line, utc, words } from '../show.ts';
import type { Arrival } from './activity.ts';

/** The line with every time in it said by that clock; as it was where the zone is not known. */
export function byTheirClock(line: Line, { activity }: Pick<Arrival, 'activity'>): Line {
  if (!line.some(({ kind }) => kind === 'time')) return line;
  const zone = knownZone(activity.localTimezone);
  return zone === null ? line : line.map((part) => (part.kind === 'time' ? words(localText(part.at, zone)) : part));
}

/** By the one name it has here, whatever the client calls it. */
function knownZone(named: string | null | undefined): string | null {
  if (!named) return null;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: named }).resolvedOptions().timeZone;
  } catch {
    return null; // no zone that is known here: the times stay in UTC
  }
}

function localText(at: string, zone: string): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return utc(at);
  const { date: day, minutes } = wallTime(date, zone);
  const [hour, minute] = [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0'));
  return localTimeText(`${day} ${hour}:${minute}`, utc(at));
}
