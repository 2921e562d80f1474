/**
 * One process per data folder: the embedded engine does not notice a second one, and the rows of one of the two are lost.
 * Every claimant first writes its claim, then looks at the others': of two that start together at most one goes on.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, readlinkSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

export type DataDirLock = { release(): void };

type Claim = {
  pid: number;
  /** In clock ticks since the system's start, so that a reused process id is told apart; null where /proc is missing. */
  processStart: string | null;
  /** Where `pid` means something: this system, since its start, in this container. */
  where: string;
  claimedAt: string;
};

const lockFolder = 'countersign.lock';
/** A claim from elsewhere (another container on the same volume) cannot be asked; it counts while it shows signs of life. */
const signOfLifeMs = 5000;
const silentMs = 30_000;
const tries = 4;

export async function lockDataDir(dataDir: string, onError: (error: unknown) => void): Promise<DataDirLock> {
  const folder = path.join(dataDir, lockFolder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (let attempt = 1; ; attempt += 1) {
    const mine = writeClaim(folder);
    const other = livingClaim(folder, mine);
    if (!other) return held(mine, onError);
    rmSync(mine, { force: true });
    if (attempt === tries) throw new Error(refusal(dataDir, other));
    // Two that started together both step back, then try at different moments.
    await wait(20 + Math.random() * 80 * attempt);
  }
}

function held(file: string, onError: (error: unknown) => void): DataDirLock {
  const timer = setInterval(() => {
    try {
      utimesSync(file, new Date(), new Date());
    } catch (error) {
      onError(new Error(`The lock ${file} is gone; another process may open the same data.`, { cause: error }));
    }
  }, signOfLifeMs);
  timer.unref();
  return {
    release: () => {
      clearInterval(timer);
      rmSync(file, { force: true });
    },
  };
}

function writeClaim(folder: string): string {
  const claim: Claim = { pid: process.pid, processStart: processStart(process.pid), where: here(), claimedAt: new Date().toISOString() };
  const name = `${process.pid}-${randomBytes(6).toString('hex')}`;
  const draft = path.join(folder, `${name}.draft`);
  const file = path.join(folder, `${name}.json`);
  writeFileSync(draft, JSON.stringify(claim), { mode: 0o600 });
  renameSync(draft, file);
  return file;
}

/** The claim of a living process, if there is one. Claims of the dead are cleared away. */
function livingClaim(folder: string, mine: string): Claim | null {
  for (const name of readdirSync(folder).filter((entry) => entry.endsWith('.json'))) {
    const file = path.join(folder, name);
    if (file === mine) continue;
    const found = readClaim(file);
    if (found === 'gone') continue;
    if (found && isAlive(file, found)) return found;
    rmSync(file, { force: true });
  }
  return null;
}

function readClaim(file: string): Claim | 'gone' | null {
  try {
    const { pid, processStart: start, where, claimedAt } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Claim>;
    return typeof pid === 'number' ? { pid, processStart: start ?? null, where: String(where), claimedAt: String(claimedAt) } : null;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return 'gone';
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function isAlive(file: string, claim: Claim): boolean {
  if (claim.where !== here()) return isRecent(file);
  const start = processStart(claim.pid);
  if (claim.processStart !== null && start !== null) return start === claim.processStart;
  if (claim.processStart !== null) return false;
  try {
    process.kill(claim.pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is alive too.
    return isCode(error, 'EPERM');
  }
}

function isRecent(file: string): boolean {
  try {
    return Date.now() - statSync(file).mtimeMs < silentMs;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return false;
    throw error;
  }
}

function refusal(dataDir: string, { pid, where, claimedAt }: Claim): string {
  const place = where === here() ? '' : ` on another machine or in another container (${where.split(' ')[0]})`;
  return (
    `The data folder ${dataDir} is in use by process ${pid}${place} since ${claimedAt}. ` +
    'Stop that process, choose another DATA_DIR, or set DATABASE_URL to run several processes on one record.'
  );
}

/** Field 22 of /proc/<pid>/stat; the second field, the command's name, may hold blanks and brackets. Null when it cannot be read. */
function processStart(pid: number): string | null {
  const stat = readOrNull(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}

function here(): string {
  const boot = readOrNull(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  const space = readOrNull(() => readlinkSync('/proc/self/ns/pid'));
  return [hostname(), boot, space].filter((part) => part !== null).join(' ');
}

function readOrNull(read: () => string): string | null {
  try {
    return read();
  } catch (error) {
    if (isCode(error, 'ENOENT', 'EACCES', 'EPERM', 'ESRCH')) return null;
    throw error;
  }
}

const isCode = (error: unknown, ...codes: string[]): boolean =>
  error instanceof Error && 'code' in error && codes.includes(String(error.code));
