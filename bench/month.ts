/**
 * A month on a virtual clock: actions by day and night, storms, a shift that decides, outages of everything; at its end every digest, every reminder
 * and every warning is looked for on the platforms. See README.md.
 *   node bench/month.ts [--quick] [--amount 40000] [--out folder]
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startPostgres, startRedis } from '../test/setup/local-services.ts';
import { machineFacts, publish, round, tableOf } from './harness/figures.ts';
import { threeDays, wholeMonth } from './harness/month-plan.ts';
import { runMonth } from './harness/month-run.ts';
import { withCleanUp } from './harness/options.ts';

const folder = import.meta.dirname;
const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, amount: { type: 'string' }, out: { type: 'string' } },
});
const { quick } = values;
const usual = quick ? threeDays : wholeMonth;
const size = { ...usual, amount: Number(values.amount ?? usual.amount) };
const shownMost = 20;

await withCleanUp(async (cleanUp) => {
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  cleanUp.push(postgres.stop, redis.stop);
  const services = { databaseUrl: postgres.url, redisUrl: redis.url, queuePrefix: '{month}' };
  const { played, checked, seconds } = await runMonth(size, services, (line) => console.log(line));
  const { counts, excused, wrong } = checked;
  const rows = Object.entries({
    'days on the clock': size.days,
    'minutes it took': round(seconds / 60, 1),
    'actions announced': played.announced,
    'decided by somebody': played.decided.approve + played.decided.reject,
    ...counts,
    'warnings that nobody could deliver': excused.length,
    'times a bot was killed in the middle of a run': played.kills,
    'differences found': wrong.length,
  });
  const text = `\n${tableOf(['what', 'count'], rows)}\n\n${[...excused].map((one) => `* nobody could deliver ${one}`).join('\n')}\n`;
  console.log(text);
  for (const one of wrong.slice(0, shownMost)) console.error(one);
  if (wrong.length > shownMost) console.error(`and ${wrong.length - shownMost} more`);
  const out = values.out ?? (quick ? null : path.join(folder, 'results'));
  const readme = quick || values.out !== undefined ? null : path.join(folder, 'README.md');
  const machine = await machineFacts(postgres.url, redis.url);
  publish({ out, readme }, 'month', { ...size, played, seconds: round(seconds, 1), counts, excused, wrong, machine }, text);
  if (wrong.length > 0) process.exitCode = 1;
});
