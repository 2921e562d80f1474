/** Builds dist/: the compiled sources in the same layout as here, with the files they read at run time beside them. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const at = (...parts) => path.join(root, ...parts);
const out = at('dist');

/** Runs one of our own packages' programs; ends the build when it fails. */
function run(what, command, args) {
  const onWindows = process.platform === 'win32';
  const done = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], shell: onWindows, timeout: 300_000 });
  if (done.status === 0) return;
  console.error(`build: ${what} failed${done.error ? `: ${done.error.message}` : ''}`);
  process.exit(1);
}

const program = (name) => at('node_modules', '.bin', name);
const isSource = (file) => /\.(ts|tsx|mts)$/.test(file);
const isPageSource = (file) => file.startsWith(at('sandbox', 'page')) && !file.startsWith(at('sandbox', 'page', 'dist'));

/** The page's folder itself is let through, so that its built assets are reached. */
const belongsInDist = (file) => !isSource(file) && (!isPageSource(file) || file === at('sandbox', 'page'));

rmSync(out, { recursive: true, force: true });
run('tsc', program('tsc'), ['-p', 'tsconfig.build.json']);

if (existsSync(at('sandbox', 'page', 'vite.config.ts'))) run('the page', program('vite'), ['build', '--config', 'sandbox/page/vite.config.ts']);
else console.log('build: no sandbox/page/vite.config.ts, so no page was built');

for (const folder of ['src', 'sandbox']) if (existsSync(at(folder))) cpSync(at(folder), path.join(out, folder), { recursive: true, filter: belongsInDist });
for (const name of ['adaptive-cards', 'manifest', 'policy.yaml', 'package.json']) {
  if (existsSync(at(name))) cpSync(at(name), path.join(out, name), { recursive: true });
  else console.log(`build: ${name} does not exist and was not copied`);
}

if (existsSync(path.join(out, 'src', 'main.js'))) run('the trial start', program('node'), ['dist/src/main.js', '--help']);
else console.log('build: src/main.ts does not exist, so the result was not started');
