/** Builds the page with vite when its sources changed since the last time. A finished build is named after the hash of what it was built from. */
import { createHash } from 'node:crypto';
import { readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('.', import.meta.url));
const dist = join(root, 'dist');
const sources = ['index.html', 'app', 'state.ts', '../stage.ts', '../../package-lock.json'];

/** Returns the folder with the built page. */
export async function buildPage(say: (line: string) => void): Promise<string> {
  const finished = join(dist, await hashOfSources());
  if (await exists(join(finished, 'index.html'))) return finished;
  say('Building the page (once; a few seconds) ...');
  const { build } = await import('vite');
  // Built aside and renamed, so that a build that was interrupted is never taken for a finished one.
  const aside = join(dist, `.building-${process.pid}-${Date.now()}`);
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    build: { outDir: aside, emptyOutDir: false, assetsInlineLimit: 0, chunkSizeWarningLimit: 4000 },
  });
  await publish(aside, finished);
  return finished;
}

async function publish(aside: string, finished: string): Promise<void> {
  try {
    await rename(aside, finished);
  } catch (error) {
    // Somebody else finished the same build first.
    if (!(await exists(join(finished, 'index.html')))) throw error;
    await rm(aside, { recursive: true, force: true });
  }
  for (const name of await readdir(dist)) {
    const isOther = join(dist, name) !== finished && !name.startsWith('.building-');
    if (isOther) await rm(join(dist, name), { recursive: true, force: true });
  }
}

async function hashOfSources(): Promise<string> {
  const hash = createHash('sha256');
  for (const source of sources) {
    for (const path of await filesUnder(join(root, source))) hash.update(`${relative(root, path)}\n`).update(await readFile(path));
  }
  return hash.digest('hex').slice(0, 16);
}

async function filesUnder(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const names = await readdir(path, { recursive: true, withFileTypes: true });
  return names
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
