'use strict';
/**
 * `npm test` and `npm run demo` on a fresh clone. Plain old JavaScript: it runs on whatever Node the machine has, before anything is installed.
 *   node scripts/run.cjs test [-- arguments for vitest]
 *   node scripts/run.cjs demo [-- arguments for the demo]
 */
const { spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { whatIsMissing, installWithApt, howToInstall } = require('./machine.cjs');
const { countTests, closingLine } = require('./tally.cjs');

const root = path.resolve(__dirname, '..');
const bin = path.join(root, 'node_modules', '.bin');
const onWindows = process.platform === 'win32';
const inTerminal = Boolean(process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY);
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const say = (line) => console.log(`[run] ${line}`);

/** Why the installed packages are not what the lock file asks for; null when they are. */
function whyInstall() {
  const installedFile = path.join(root, 'node_modules', '.package-lock.json');
  if (!fs.existsSync(installedFile)) return 'node_modules is missing or incomplete';
  const wanted = readJson(path.join(root, 'package-lock.json')).packages;
  const installed = readJson(installedFile).packages;
  for (const [place, entry] of Object.entries(wanted)) {
    const reason = place === '' ? null : whyNot(place, entry, installed[place]);
    if (reason !== null) return reason;
  }
  return Object.keys(installed).every((place) => wanted[place]) ? null : 'node_modules holds packages that the lock file does not name';
}

function whyNot(place, wanted, installed) {
  if (installed) {
    return installed.version === wanted.version && installed.integrity === wanted.integrity ? null : `${place} is not at ${wanted.version}`;
  }
  // What is optional may rightly be absent, for it belongs to another platform; only this platform's Node must be there.
  const isOurNode = place.startsWith('node_modules/node-') && wanted.os?.includes(process.platform) && wanted.cpu?.includes(process.arch);
  return (wanted.optional || wanted.devOptional) && !isOurNode ? null : `${place} is not installed`;
}

function readJson(file) {
  return JSON.parse(fs.readFileSync(file, 'utf8'));
}

/** The machine's own Node: npm puts ours first on PATH, and a Node cannot replace itself on Windows. */
function systemNode() {
  const name = onWindows ? 'node.exe' : 'node';
  const folders = (process.env.PATH || '').split(path.delimiter).filter((folder) => folder && !folder.includes('node_modules'));
  const found = folders.map((folder) => path.join(folder, name)).find((file) => fs.existsSync(file));
  return found || process.execPath;
}

function ensureDependencies() {
  const reason = whyInstall();
  if (reason === null) return true;
  say(`Installing dependencies with npm ci (${reason}) ...`);
  const started = Date.now();
  const args = ['ci', '--no-audit', '--no-fund', '--include=dev', '--include=optional'];
  const npm = process.env.npm_execpath;
  const options = { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 64 * 1024 * 1024 };
  const done = npm ? spawnSync(systemNode(), [npm, ...args], options) : spawnSync('npm', args, { ...options, shell: onWindows });
  if (done.status !== 0) {
    console.error([done.error ? String(done.error) : '', done.stdout, done.stderr].filter(Boolean).join('\n'));
    say('npm ci failed: see above. It needs the npm registry and a package-lock.json that fits package.json.');
    return false;
  }
  say(`npm ci took ${seconds(started)}.`);
  return true;
}

const seconds = (started) => `${((Date.now() - started) / 1000).toFixed(1)} s`;

/** The tests talk to a real Redis, a real PostgreSQL and a real browser. */
function ensureMachine() {
  const missing = whatIsMissing();
  if (missing.length === 0) return true;
  const isDebianRoot = process.getuid?.() === 0 && spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).status === 0;
  if (!isDebianRoot) {
    say(`The tests need ${missing.join(', ')}. Run this once, then try again:`);
    console.error(howToInstall(missing));
    return false;
  }
  const started = Date.now();
  say(`Installing ${missing.join(', ')} with apt-get ...`);
  const trouble = installWithApt(missing);
  if (trouble !== null) {
    say(trouble);
    return false;
  }
  say(`apt-get took ${seconds(started)}.`);
  return true;
}

/**
 * Our Node 26 first, for this program's children and theirs. Windows may spell the variable `Path`; one spelling only may be left.
 * What a process compiled is kept for the next one: a bot is there in half the time, and the tests start hundreds.
 */
function environment() {
  const env = { NODE_COMPILE_CACHE: path.join(root, 'node_modules', '.cache', 'compiled'), ...process.env };
  for (const key of Object.keys(env)) if (key.toUpperCase() === 'PATH') delete env[key];
  return { ...env, PATH: `${bin}${path.delimiter}${process.env.PATH || ''}` };
}

/** Runs a child in the foreground; signals reach it, and its exit code is the answer. */
function foreground(command, args, stdin) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env: environment(), stdio: [stdin, 'inherit', 'inherit'], shell: onWindows });
    const pass = (signal) => {
      // Ctrl-C reaches everything in the terminal by itself; sent on again it would look like a second, impatient press.
      if (signal !== 'SIGINT' || !inTerminal) child.kill(signal);
    };
    for (const signal of signals) process.on(signal, pass);
    child.once('error', (error) => {
      console.error(`[run] ${command} could not be started: ${error.message}`);
      resolve(127);
    });
    child.once('exit', (code, signal) => {
      for (const name of signals) process.off(name, pass);
      resolve(signal ? 128 + (os.constants.signals[signal] || 0) : (code ?? 1));
    });
  });
}

async function test(args) {
  const check = await foreground('npm', ['run', '--silent', 'check'], 'ignore');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'countersign-test-'));
  try {
    const report = path.join(folder, 'report.json');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const vitest = await foreground('vitest', ['run', ...reporters, ...args], 'ignore');
    const tally = countTests(report, vitest);
    if (check !== 0) {
      // A green closing line has to mean that everything is green.
      tally.failed += 1;
      tally.notes.push('`npm run check` failed (format, lint, types or unused code; see the top): counted as one failure.');
    }
    for (const note of tally.notes) say(note);
    console.log(closingLine(tally));
    return tally.failed > 0 || vitest !== 0 ? 1 : 0;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

const tasks = {
  test: async (args) => (ensureDependencies() && ensureMachine() ? test(args) : 1),
  demo: async (args) => (ensureDependencies() ? foreground('node', ['src/main.ts', 'demo', ...args], 'inherit') : 1),
};

async function main([name, ...rest]) {
  const task = tasks[name];
  if (!task) {
    console.error('Usage: node scripts/run.cjs test|demo [-- arguments]');
    return 2;
  }
  return task(rest[0] === '--' ? rest.slice(1) : rest);
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    console.error(error);
    process.exitCode = 1;
  },
);
