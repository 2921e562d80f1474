/** The bot as a process of its own, which tells how much memory it took. With `built`: from `dist`, as it runs in production. */
import path from 'node:path';
import { serveParent } from './harness/process.ts';

const [from] = process.argv.slice(2);
const root = path.resolve(import.meta.dirname, '..');
const load = (name: string): Promise<unknown> => import(from === 'built' ? `${root}/dist/src/${name}.js` : `${root}/src/${name}.ts`);
const { readConfig } = (await load('config')) as typeof import('../src/config.ts');
const { launch } = (await load('launch')) as typeof import('../src/launch.ts');
const { openLog } = (await load('log')) as typeof import('../src/log.ts');

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
