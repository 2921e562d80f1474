import { configDefaults, defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Tests that need a real Redis, a real PostgreSQL or a browser. Everything else is `unit` and finishes in under a minute. */
const real = ['features', 'browser', 'store', 'queue', 'chaos'].map((folder) => `test/${folder}/**/*.test.ts`);
/** These load the whole machine on purpose and look at the clock as a platform does: one at a time, after all others. */
const alone = ['test/chaos/**/*.test.ts', 'test/features/many-people.test.ts', 'test/bench/**/*.test.ts'];
const exclude = [...configDefaults.exclude, '**/dist/**'];

/** A long one that begins last leaves the other worker with nothing to do. */
const slow = [
  'features/month',
  'features/role-matrix',
  'features/rough-weather',
  'store/history',
  'features/graph',
  'features/embedded',
  'features/reminders',
  'features/storm',
  'features/run-here',
  'features/policy-rules',
  'features/undo',
];

class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isSlow = ({ moduleId }: TestSpecification) => slow.some((name) => moduleId.endsWith(`test/${name}.test.ts`));
    const sorted = await super.sort(files);
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))];
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: SlowFirst },
    pool: 'forks',
    teardownTimeout: 20_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...exclude, ...real, ...alone],
          testTimeout: 10_000,
          hookTimeout: 20_000,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'real',
          include: real,
          exclude: [...exclude, ...alone],
          globalSetup: ['test/setup/global.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          // Each file starts bots, workers and sometimes a browser of its own, and then mostly waits for the platforms' limits.
          maxWorkers: 4,
          // After the unit tests: what is broken there shows first.
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'alone',
          include: alone,
          exclude,
          globalSetup: ['test/setup/global.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
