/** Command line and tidy end of both benchmarks. */
import path from 'node:path';
import { parseArgs } from 'node:util';

export type Options = {
  quick: boolean;
  rounds: number;
  amount: number;
  out: string | null /** Where the table goes, of a full run. */;
  readme: string | null;
  profile: string | null;
  only: string | null;
};

const benchFolder = path.resolve(import.meta.dirname, '..');

/** A quick run writes nothing unless told where: its figures are no result. */
export function readOptions(name: string, usual: { rounds: number; amount: number; quickAmount: number }): Options {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      amount: { type: 'string' },
      out: { type: 'string' },
      profile: { type: 'string' },
      only: { type: 'string' },
    },
  });
  const { quick } = values;
  const result = quick ? null : path.join(benchFolder, 'results', `${name}.json`);
  return {
    quick,
    rounds: Number(values.rounds ?? (quick ? 1 : usual.rounds)),
    amount: Number(values.amount ?? (quick ? usual.quickAmount : usual.amount)),
    out: values.out ?? result,
    readme: quick || values.out !== undefined ? null : path.join(benchFolder, 'README.md'),
    profile: values.profile === undefined ? null : path.resolve(values.profile),
    only: values.only ?? null,
  };
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
