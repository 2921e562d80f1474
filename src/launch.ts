/** Starts what was asked for on one foundation; used by the command line, the demo and the tests alike. */
import { type Running, startBot } from './bot.ts';
import type { Config } from './config.ts';
import { type Extras, openFoundation } from './foundation.ts';
import type { Log } from './log.ts';
import { startWorker } from './worker.ts';

export type Parts = { bot: boolean; worker: boolean };

export async function launch(config: Config, log: Log, parts: Parts, extras: Extras = {}): Promise<Running> {
  const ground = await openFoundation(config, log, extras);
  let bot: Awaited<ReturnType<typeof startBot>> | null = null;
  let worker: { stop(): Promise<void> } | null = null;
  const stop = async () => {
    await bot?.stop();
    await worker?.stop();
    await ground.close();
  };
  try {
    if (parts.bot) bot = await startBot(ground);
    if (parts.worker) worker = await startWorker(ground, bot?.pokeCards);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: bot?.url ?? '', stop };
}
