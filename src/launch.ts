/** Starts what was asked for on one foundation; used by the command line, the demo and the tests alike. */
import { type Running, startBot } from './bot.ts';
import type { Config } from './config.ts';
import { type Extras, openFoundation } from './foundation.ts';
import type { Log } from './log.ts';
import type { Loop } from './loop.ts';
import { startSealer } from './sealer.ts';
import { startWorker } from './worker.ts';

export type Parts = { bot: boolean; worker: boolean };

/** A database or a Redis that is gone must not hold a restart. */
const stopWithinMs = 25_000;

async function atMost(ms: number, work: Promise<void>, late: () => void): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      late();
      resolve();
    }, ms);
  });
  await Promise.race([work, deadline]).finally(() => clearTimeout(timer));
}

export async function launch(config: Config, log: Log, parts: Parts, extras: Extras = {}): Promise<Running> {
  const ground = await openFoundation(config, log, extras);
  let bot: Awaited<ReturnType<typeof startBot>> | null = null;
  let worker: { stop(): Promise<void> } | null = null;
  let sealer: Loop | null = null;
  const orderly = async () => {
    await bot?.stop();
    await worker?.stop();
    await sealer?.stop();
    await ground.close();
  };
  const stop = () =>
    atMost(stopWithinMs, orderly(), () => log.warn('stopping took too long and was cut short; nothing that was recorded is lost'));
  try {
    if (parts.bot) bot = await startBot(ground);
    if (parts.worker) worker = await startWorker(ground, bot?.pokeCards);
    // Beside whatever runs: one of all processes seals, and it does not matter which.
    sealer = startSealer(ground);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: bot?.url ?? '', stop };
}
