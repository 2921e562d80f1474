/** Opens everything that a simulated month needs, plays it and checks it. */

import { recordPool } from '../../test/setup/record.ts';
import type { Played } from './month-agenda.ts';
import { openBots, type Services } from './month-bots.ts';
import { type Checked, checkMessages, type Given, openReport } from './month-check.ts';
import { checkDigests } from './month-check-digests.ts';
import { checkReminders, checkWarnings } from './month-check-reminders.ts';
import { readFacts } from './month-facts.ts';
import { openLedger } from './month-ledger.ts';
import { openPlatforms } from './month-places.ts';
import { dayMs, type MonthSize, planMonth } from './month-plan.ts';
import { playMonth } from './month-play.ts';
import { openClock } from './virtual-time.ts';

export type RanMonth = { played: Played; given: Given; checked: Checked; seconds: number };

export function checkMonth(given: Given): Checked {
  const { checked, report } = openReport();
  for (const check of [checkMessages, checkDigests, checkReminders, checkWarnings]) check(given, report);
  return checked;
}

export async function runMonth(size: MonthSize, services: Services, say: (line: string) => void = () => {}): Promise<RanMonth> {
  const begun = performance.now();
  const plan = planMonth(size);
  const clock = openClock(size.start);
  const { slack, teams, env } = await openPlatforms(clock.now);
  const ledger = openLedger(slack, teams);
  const bots = await openBots({ services, env, clock });
  const record = recordPool(services.databaseUrl);
  const took = () => (performance.now() - begun) / 1000;
  const day = () => Math.floor((clock.now() - size.start) / dayMs);
  const stages = setInterval(() => say(`day ${day()}: ${ledger.size()} messages, ${took().toFixed(0)} s`), 10_000);
  try {
    const played = await playMonth({ plan, clock, bots, slack, teams, ledger, record });
    const facts = await readFacts(record, ledger.messages());
    const given = { facts, plan, played, endedAt: clock.now() };
    const checked = checkMonth(given);
    const broken = [...slack.problems, ...teams.problems];
    for (const problem of broken) checked.wrong.push(`the bot broke a platform's rules: ${problem}`);
    checked.counts['calls turned away by a rate limit'] = ledger.throttled();
    for (const [what, count] of bots.errors) say(`${count} x ${what}`);
    return { played, given, checked, seconds: took() };
  } finally {
    clearInterval(stages);
    await bots.close();
    await Promise.all([record.end(), slack.close(), teams.close()]);
  }
}
