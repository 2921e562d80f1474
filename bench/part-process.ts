/**
 * The bot or the worker as a process of its own, started through the product's own `launch`. With `watch` it remembers when a decision was made
 * (bot) and tells when its job started (worker), on the clock that all processes of the machine share.
 */
import { readConfig } from '../src/config.ts';
import { launch } from '../src/launch.ts';
import { openLog } from '../src/log.ts';
import type { Stage } from '../src/stage.ts';
import { serveParent, tell } from './harness/process.ts';

const [part, watched] = process.argv.slice(2);
const isBot = part === 'bot';
const decidedAt: [string, number][] = [];
const nowUs = () => Number(process.hrtime.bigint() / 1000n);

function watch({ stage, decisionId, actionId }: Stage): void {
  if (stage === 'decided' && decisionId !== null) decidedAt.push([decisionId, nowUs()]);
  if (stage === 'taken' && decisionId !== null) tell({ decisionId, actionId, at: nowUs() });
}

const config = readConfig(process.env, { needs: isBot ? 'bot' : 'worker' });
const running = await launch(config, openLog(config.logLevel), { bot: isBot, worker: !isBot }, watched === 'watch' ? { watch } : {});

serveParent({
  ready: { url: running.url },
  answer: () => ({ decidedAt: decidedAt.splice(0) }),
  stop: running.stop,
});
