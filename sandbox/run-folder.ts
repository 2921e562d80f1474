/** A folder for one running demo. The simulated worlds forget everything at the end, so the record must not outlive them. */
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';

const prefix = 'run-';

export async function openRunFolder(dataDir: string): Promise<{ path: string; remove(): Promise<void> }> {
  const parent = resolve(dataDir);
  await mkdir(parent, { recursive: true });
  await removeLeftOvers(parent);
  const path = await mkdtemp(join(parent, `${prefix}${process.pid}-`));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}

/** What a killed demo left behind, recognised by the process that made it being gone. */
async function removeLeftOvers(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = /^run-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid))) await rm(join(parent, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process: running, though not ours to signal.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
