/** The bot as a process of its own, which tells how much memory it took. */
import { readConfig } from '../src/config.ts';
import { launch } from '../src/launch.ts';
import { openLog } from '../src/log.ts';
import { serveParent } from './harness/process.ts';

const config = readConfig(process.env, { needs: 'bot' });
const running = await launch(config, openLog(config.logLevel), { bot: true, worker: false });
const rssAtRest = process.memoryUsage().rss;
let heapPeak = 0;
setInterval(() => {
  heapPeak = Math.max(heapPeak, process.memoryUsage().heapUsed);
}, 100).unref();

serveParent({
  ready: { url: running.url },
  answer: () => ({ rssAtRest, heapPeak, cpuSeconds: (process.cpuUsage().user + process.cpuUsage().system) / 1e6 }),
  stop: running.stop,
});
