/** Whether the month went as it should: what was due by the plan and by the wall clock, against what the platforms and the record say. */

import type { Played } from './month-agenda.ts';
import type { MonthFacts } from './month-facts.ts';
import type { MonthPlan } from './month-plan.ts';

/** `excused`: warnings that nobody could deliver. `wrong`: every difference. */
export type Checked = { counts: Record<string, number>; excused: string[]; wrong: string[] };
export type Report = { count(what: string, by?: number): void; excuse(what: string): void; wrong(what: string): void };
export type Given = { facts: MonthFacts; plan: MonthPlan; played: Played; endedAt: number };

/** A look of a bot comes every five seconds, and a storm of reminders takes a few of them. */
export const soonMs = 60_000;

export function openReport(): { checked: Checked; report: Report } {
  const checked: Checked = { counts: {}, excused: [], wrong: [] };
  const report: Report = {
    count: (what, by = 1) => {
      checked.counts[what] = (checked.counts[what] ?? 0) + by;
    },
    excuse: (what) => void checked.excused.push(what),
    wrong: (what) => void checked.wrong.push(what),
  };
  return { checked, report };
}

/** Every message on a platform is that of one card, and every card that says it is posted has its message. */
export function checkMessages({ facts: { cards, messages } }: Given, { count, wrong }: Report): void {
  const refs = new Map<string, number>();
  for (const { platform, ref, id, message } of cards.values()) {
    if (ref === null) continue;
    refs.set(`${platform} ${ref}`, (refs.get(`${platform} ${ref}`) ?? 0) + 1);
    if (message === null) wrong(`card ${id} says it is posted, and ${platform} has no such message`);
  }
  for (const { platform, ref, conversation, text } of messages) {
    count(`messages on ${platform}`);
    const owners = refs.get(`${platform} ${ref}`) ?? 0;
    if (owners !== 1) wrong(`a message in ${platform} ${conversation} belongs to ${owners} cards: ${text.slice(0, 80)}`);
  }
}
