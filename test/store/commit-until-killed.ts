/** A process of its own for the crash tests: commits one row after the other and prints the number of each once it was acknowledged. */
import { type EngineOptions, openEngine } from '../../src/store/engine.ts';

const options = JSON.parse(process.argv[2] ?? '') as EngineOptions;
const engine = await openEngine(options, {
  onError: (error) => {
    process.stderr.write(`${String(error)}\n`);
  },
});
await engine.pool.query('create table if not exists acknowledged (n int8 primary key, note text)');
const { rows } = await engine.pool.query<{ next: number }>('select coalesce(max(n), 0) + 1 as next from acknowledged');
process.stdout.write('open\n');
for (let n = rows[0]?.next ?? 1; ; n += 1) {
  await engine.pool.query('insert into acknowledged values ($1, $2)', [n, 'x'.repeat(200)]);
  process.stdout.write(`${n}\n`);
}
