/** Figures, the machine they were measured on, and where they go. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';

/** `sorted` ascending. The smallest value that at least `share` of all values do not exceed. */
function percentile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export type Spread = { p50: number; p99: number; max: number };

export function spreadOf(values: Iterable<number>): Spread {
  const sorted = Float64Array.from(values).sort();
  return { p50: round(percentile(sorted, 0.5)), p99: round(percentile(sorted, 0.99)), max: round(percentile(sorted, 1)) };
}

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = low] = sorted.length % 2 === 0 ? sorted.slice(middle - 1, middle + 1) : [sorted[middle] ?? Number.NaN];
  return (low + high) / 2;
}

export const round = (value: number, digits = 3): number => Number(value.toFixed(digits));

export const loadNow = (): number => round(loadavg()[0] ?? Number.NaN, 2);

type Versions = { postgres: string; fsync: string; synchronousCommit: string; redis: string; appendfsync: string };

async function versionsOf(databaseUrl: string | null, redisUrl: string): Promise<Partial<Versions>> {
  const redis = new Redis(redisUrl, { connectTimeout: 5000, commandTimeout: 5000 });
  redis.on('error', () => {});
  const info = await redis.info('server');
  const [, appendfsync = '?'] = (await redis.config('GET', 'appendfsync')) as string[];
  redis.disconnect();
  const queue = { redis: /redis_version:(\S+)/.exec(info)?.[1] ?? '?', appendfsync };
  if (databaseUrl === null) return queue;
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5000 });
  await client.connect();
  const setting = async (name: string) => String((await client.query(`select current_setting('${name}') as value`)).rows[0]?.value);
  const record = {
    postgres: await setting('server_version'),
    fsync: await setting('fsync'),
    synchronousCommit: await setting('synchronous_commit'),
  };
  await client.end();
  return { ...record, ...queue };
}

export async function machineFacts(databaseUrl: string | null, redisUrl: string) {
  return {
    cpu: cpus()[0]?.model ?? '?',
    cores: availableParallelism(),
    memoryGiB: round(totalmem() / 2 ** 30, 1),
    os: `${type()} ${release()}`,
    node: process.version,
    ...(await versionsOf(databaseUrl, redisUrl)),
  };
}

export type Aim = { aim: string; measured: number; met: boolean };

function writeResult(file: string, result: object): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  console.log(`\nwritten to ${path.relative(process.cwd(), file)}`);
}

type Cell = string | number;

export function tableOf(heads: string[], rows: Cell[][]): string {
  const line = (cells: Cell[]) => `| ${cells.join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Puts the table between the marks that carry the benchmark's name. */
function writeTable(readme: string, name: string, text: string): void {
  const [start, end] = [`<!-- ${name}: written by the script -->`, `<!-- /${name} -->`];
  const before = readFileSync(readme, 'utf8');
  const [from, to] = [before.indexOf(start), before.indexOf(end)];
  if (from < 0 || to < 0) throw new Error(`${readme} has no place for ${name}`);
  writeFileSync(readme, `${before.slice(0, from + start.length)}\n${text}\n${before.slice(to)}`);
}

type Where = { out: string | null; readme: string | null };

export function publish({ out, readme }: Where, name: string, result: object, text: string): void {
  if (out !== null) writeResult(path.join(out, `${name}.json`), result);
  if (readme !== null) writeTable(readme, name, text);
}
