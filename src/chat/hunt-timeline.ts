/** The timeline of a hunt as a picture, with every word in it, and the same in words for whoever does not see it. Pure; nothing foreign is in it. */
import type { HuntTimeline } from '../action-center/hunt-timeline.ts';
import type { DrawnPicture, Timeline } from './chart.ts';
import { timelineTexts } from './hunt-words.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
/** Labels of the time stand beside each other in a narrow window, too. */
const mostTicks = 6;

/** `draw`: null where it cannot be drawn. */
export function timelinePicture(timeline: HuntTimeline, draw: (chart: Timeline) => Uint8Array | null): DrawnPicture {
  return { name: 'timeline', alt: altOf(timeline), png: draw(chartOf(timeline)) };
}

function altOf({ rows, untimed, first, last, busiest }: HuntTimeline): string {
  // Within an hour minutes alone would say the same twice.
  const momentOf = Date.parse(last) - Date.parse(first) < hour ? toSecond : toMinute;
  const hourEnd = new Date(Date.parse(busiest.hour) + hour).toISOString();
  return timelineTexts.alt({
    rows,
    untimed,
    first: momentOf(first),
    last: momentOf(last),
    busiest: { begin: toMinute(busiest.hour), end: clockOf(hourEnd), rows: busiest.rows },
  });
}

const dayOf = (iso: string): string => iso.slice(0, 10);
const clockOf = (iso: string): string => iso.slice(11, 16);
const toMinute = (iso: string): string => `${dayOf(iso)} ${clockOf(iso)}`;
const toSecond = (iso: string): string => `${dayOf(iso)} ${iso.slice(11, 19)}`;

function chartOf({ rows, begin, stepMs, counts }: HuntTimeline): Timeline {
  const every = Math.ceil(counts.length / mostTicks);
  const ticks = counts.flatMap((_, at) => (at % every === 0 ? [{ at, lines: linesOf(Date.parse(begin) + at * stepMs, stepMs) }] : []));
  return { title: timelineTexts.title(rows), note: timelineTexts.note(stepText(stepMs), Math.max(...counts)), values: counts, ticks };
}

/** The finer first; a step of a day needs no clock. */
function linesOf(ms: number, stepMs: number): string[] {
  const iso = new Date(ms).toISOString();
  if (stepMs >= day) return [dayOf(iso)];
  return [stepMs < minute ? iso.slice(11, 19) : clockOf(iso), dayOf(iso)];
}

function stepText(ms: number): string {
  if (ms >= day) return timelineTexts.steps.days(ms / day);
  if (ms >= hour) return timelineTexts.steps.hours(ms / hour);
  return ms >= minute ? timelineTexts.steps.minutes(ms / minute) : timelineTexts.steps.seconds(ms / 1000);
}
