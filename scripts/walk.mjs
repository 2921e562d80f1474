/** Takes the pictures of the README's walk: the real demo in a real browser. `node scripts/walk.mjs [folder]`, with the Node of this repository. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { runDemo } from '../sandbox/demo.ts';
import { readConfig } from '../src/config.ts';
import { launch } from '../src/launch.ts';
import { openLog } from '../src/log.ts';

const folder = process.argv[2] ?? path.resolve(import.meta.dirname, '../docs/images');
const patience = { timeout: 20_000 };
const dataDir = await mkdtemp(path.join(tmpdir(), 'walk-'));
const demo = await runDemo({
  port: 0,
  dataDir,
  say: () => {},
  launch: (env, watch) => launch(readConfig(env), openLog('silent'), { bot: true, worker: true }, { watch }),
});
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--headless'],
});

try {
  const page = await browser.newPage({ viewport: { width: 1400, height: 860 } });
  await page.goto(demo.url);
  const inSlack = (title) => page.locator('article.message:not(.private)').filter({ hasText: title });
  const inTeams = (title) => page.locator('article.post:not(.only-mine)').filter({ hasText: title });
  const be = (name) => page.getByRole('radio', { name }).check({ force: true });
  const press = (within, text) => within.locator('button').filter({ hasText: text }).first().click();
  const says = (title, text) =>
    Promise.all([inSlack, inTeams].map((place) => place(title).filter({ hasText: text }).first().waitFor(patience)));
  // A card that just changed flashes; the picture shows it afterwards.
  const picture = (name) =>
    page.screenshot({ path: path.join(folder, `walk-${name}.jpg`), type: 'jpeg', quality: 85, animations: 'disabled' });

  const file = 'Quarantine invoice.exe on wks-0042';
  const mail = 'Soft delete 14 messages';
  const device = 'Isolate app-07';
  await be('Bob Brown');
  for (const title of [file, mail, device]) await says(title, 'Waiting for');
  await inTeams(file).scrollIntoViewIfNeeded();
  await inSlack(file).scrollIntoViewIfNeeded();
  await picture('1-waiting');

  await press(inTeams(mail), /Approve/);
  await page.locator('.teams .bar, .teams .only-mine').filter({ hasText: 'Search and Purge' }).waitFor(patience);
  await picture('2-refused');

  await be('Alice Adams');
  await press(inTeams(file), /Approve/);
  await says(file, 'Completed');
  await picture('3-approved');

  await press(inTeams(device), /^Reject/);
  const dialog = page.locator('.teams').getByRole('dialog');
  await dialog.locator('textarea').fill('Planned maintenance, the owner confirmed it.');
  await picture('4-reject');
  await press(dialog, /^Reject/);
  await says(device, 'Planned maintenance');
  await press(dialog, 'OK');
  await picture('5-rejected');

  const card = await inSlack(file).first().innerText();
  const [id] = /A-[0-9A-Z]{26}/.exec(card) ?? [];
  await be('Carol Chen');
  await page.getByLabel('Write in the Teams channel').fill(`/show ${id}`);
  await page.locator('.teams').getByRole('button', { name: 'Send' }).click();
  const told = page.locator('.teams .only-mine').filter({ hasText: 'What happened' }).last();
  await told.waitFor(patience);
  await told.scrollIntoViewIfNeeded();
  await picture('6-show');
} finally {
  await browser.close();
  await demo.stop();
  await rm(dataDir, { recursive: true, force: true });
}
