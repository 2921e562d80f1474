/** Builds dist/: the compiled sources in the same layout as here, with the files they read at run time beside them. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const at = (...parts) => path.join(root, ...parts);
const out = at('dist');

/** Runs one of our own packages' programs. When it fails the build ends, and leaves nothing half-built for the launcher to prefer. */
function run(what, command, args) {
  const onWindows = process.platform === 'win32';
  const done = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], shell: onWindows, timeout: 300_000 });
  if (done.status === 0) return;
  console.error(`build: ${what} failed${done.error ? `: ${done.error.message}` : ''}`);
  rmSync(out, { recursive: true, force: true });
  process.exit(1);
}

const program = (name) => at('node_modules', '.bin', name);
const page = at('sandbox', 'page');
/** The demo builds its page when it starts, from these sources; everything else that is TypeScript is here as JavaScript. */
const isPageSource = (file) => file.startsWith(page) || file === at('sandbox', 'stage.ts');
const belongsInDist = (file) => isPageSource(file) || !/\.(ts|tsx|mts)$/.test(file);

rmSync(out, { recursive: true, force: true });
run('tsc', program('tsc'), ['-p', 'tsconfig.build.json']);

for (const folder of ['src', 'sandbox'])
  if (existsSync(at(folder))) cpSync(at(folder), path.join(out, folder), { recursive: true, filter: belongsInDist });
for (const name of ['adaptive-cards', 'manifest', 'policy.yaml', 'package.json', 'package-lock.json']) {
  if (existsSync(at(name))) cpSync(at(name), path.join(out, name), { recursive: true });
  else console.log(`build: ${name} does not exist and was not copied`);
}

if (existsSync(path.join(out, 'src', 'main.js'))) run('the trial start', program('node'), ['dist/src/main.js', '--help']);
else console.log('build: src/main.ts does not exist, so the result was not started');
