/** Command line and tidy end of both benchmarks. */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type ChatPlatform, platforms } from './chat-side.ts';

export type Options = {
  quick: boolean;
  rounds: number;
  amount: number;
  platforms: readonly ChatPlatform[];
  /** The folder for raw figures. */
  out: string | null /** Where the table goes, of a full run. */;
  readme: string | null;
  profile: string | null;
  only: string | null;
};

const benchFolder = path.resolve(import.meta.dirname, '..');

/** A quick run writes nothing unless told where: its figures are no result. */
export function readOptions(usual: { rounds: number; amount: number; quickAmount: number }): Options {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      amount: { type: 'string' },
      platform: { type: 'string', default: 'both' },
      out: { type: 'string' },
      profile: { type: 'string' },
      only: { type: 'string' },
    },
  });
  const { quick, platform } = values;
  return {
    quick,
    platforms: platformsNamed(platform),
    rounds: Number(values.rounds ?? (quick ? 1 : usual.rounds)),
    amount: Number(values.amount ?? (quick ? usual.quickAmount : usual.amount)),
    out: values.out ?? (quick ? null : path.join(benchFolder, 'results')),
    readme: quick || values.out !== undefined ? null : path.join(benchFolder, 'README.md'),
    profile: values.profile === undefined ? null : path.resolve(values.profile),
    only: values.only ?? null,
  };
}

function platformsNamed(platform: string): readonly ChatPlatform[] {
  const named = platforms.filter((one) => platform === one || platform === 'both');
  if (named.length === 0) throw new Error(`--platform is ${platforms.join(', ')} or both, not ${platform}`);
  return named;
}

export type CleanUp = (() => Promise<void>)[];

/** Ends what was started, the last first, whatever happened. */
export async function withCleanUp(run: (cleanUp: CleanUp) => Promise<void>): Promise<void> {
  const cleanUp: CleanUp = [];
  // Leaves through `exit`, where the servers end; the child processes end with their channel.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  try {
    await run(cleanUp);
  } finally {
    for (const end of cleanUp.reverse()) await end();
  }
}
