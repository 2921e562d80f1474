'use strict';
/** What the tests need from the machine beside npm packages, and how to get it. Runs before anything is installed. */
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const onPath = (...names) =>
  (process.env.PATH || '').split(path.delimiter).some((folder) => names.some((name) => folder && fs.existsSync(path.join(folder, name))));

function hasPostgres() {
  const versions = '/usr/lib/postgresql';
  const packaged =
    fs.existsSync(versions) && fs.readdirSync(versions).some((v) => fs.existsSync(path.join(versions, v, 'bin', 'postgres')));
  return packaged || onPath('postgres', 'postgres.exe');
}

const browsers = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome.exe'];
const macBrowsers = ['/Applications/Google Chrome.app', '/Applications/Chromium.app'];

/** The fonts matter to the screenshots only, and elsewhere than on Linux the system brings its own. */
const onLinux = process.platform === 'linux';
const needs = {
  'redis-server': () => onPath('redis-server', 'redis-server.exe'),
  postgresql: hasPostgres,
  chromium: () => onPath(...browsers) || macBrowsers.some((app) => fs.existsSync(app)),
  'fonts-lato': () => !onLinux || fs.existsSync('/usr/share/fonts/truetype/lato') || !onPath('apt-get'),
  'fonts-noto-color-emoji': () => !onLinux || fs.existsSync('/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf') || !onPath('apt-get'),
};

/** Debian's names of what is lacking. */
function whatIsMissing() {
  return Object.keys(needs).filter((name) => !needs[name]());
}

const attempts = 6;
const pauseMs = 10_000;
const isBusy = (output) => /could not get lock|unable to (acquire|lock)|is held by process/i.test(output);

/** Another apt-get may be at work (a fresh cloud machine updates itself): waited for, about a minute. */
function apt(args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options = { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 64 * 1024 * 1024, timeout: 15 * 60_000 };
  for (let attempt = 1; ; attempt += 1) {
    const done = spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=60', ...args], options);
    const output = `${done.stdout || ''}${done.stderr || ''}${done.error ? String(done.error) : ''}`;
    if (done.status === 0) return null;
    if (!isBusy(output)) return `${output}\nOr run it by hand: apt-get ${args.join(' ')}`;
    if (attempt === attempts) return `${output}\nAnother program holds the package lock. Wait until it has finished and try again.`;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
  }
}

/** Null when everything went well, otherwise what to tell the person. The services that Debian may start are not used: the tests start their own. */
function installWithApt(packages) {
  const update = apt(['update', '-q']);
  if (update !== null) return `apt-get update failed.\n${update}`;
  const install = apt(['install', '-q', '-y', '--no-install-recommends', ...packages]);
  if (install !== null) return `apt-get install failed.\n${install}`;
  const left = whatIsMissing();
  return left.length === 0 ? null : `apt-get said yes, but still missing: ${left.join(', ')}.`;
}

/** The one line for a machine that this program may not change. */
function howToInstall(packages) {
  if (process.platform === 'darwin') {
    const brew = { 'redis-server': 'redis', postgresql: 'postgresql@17', chromium: '--cask google-chrome' };
    return packages.map((name) => `brew install ${brew[name] || name}`).join(' && ');
  }
  if (onPath('apt-get')) return `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (process.platform === 'win32') return 'wsl npm test    (the full test suite runs on Linux and macOS; `npm run unit` runs anywhere)';
  return `install ${packages.join(', ')} with this system's package manager, so that their programs are on PATH`;
}

module.exports = { whatIsMissing, installWithApt, howToInstall };
