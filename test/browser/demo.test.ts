import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runDemo } from '../../sandbox/demo.ts';
import { readConfig } from '../../src/config.ts';
import { launch } from '../../src/launch.ts';
import { openLog } from '../../src/log.ts';

const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
const args = [
  '--no-sandbox',
  '--headless',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const soon = { timeout: 15_000 };

let dataDir: string;
let demo: { url: string; stop(): Promise<void> };
let browser: Browser;
let page: Page;
/** What went wrong in the browser without being seen. */
const complaints: string[] = [];
const said: string[] = [];
const asked: string[] = [];

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'demo-'));
  demo = await runDemo({
    port: 0,
    dataDir,
    say: (line) => said.push(line),
    launch: (env, watch) => launch(readConfig(env), openLog('silent'), { bot: true, worker: true }, { watch }),
  });
  browser = await chromium.launch({ executablePath, args });
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(demo.url);
});

afterAll(async () => {
  await browser?.close();
  await demo?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const card = (title: string): Locator => page.locator('article.message:not(.private)').filter({ hasText: title });
const be = (name: string) => page.getByRole('radio', { name }).check({ force: true });
const button = (within: Locator, text: string | RegExp) => within.locator('button').filter({ hasText: text });
const dialog = () => page.getByRole('dialog');
const step = (name: string) => page.locator(`li[data-step="${name}"]`);

async function shot(name: string): Promise<void> {
  const folder = process.env['SCREENSHOTS'];
  if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}.png`) });
}

/** Presses a button of a card, and Yes in the dialog that may stand before it. */
async function press(title: string, text: RegExp): Promise<void> {
  await button(card(title), text).click();
  const yes = dialog().locator('footer .go');
  if ((await yes.count()) > 0) await yes.click();
}

test('says where the page is', () => {
  expect(said.join('\n')).toContain(`Open ${demo.url}`);
});

test('shows the opening cards without anybody doing anything', async () => {
  for (const title of ['Quarantine invoice.exe on wks-0042', 'Soft delete 14 messages', 'Isolate app-07']) {
    await card(title).waitFor(soon);
  }
  await shot('1-opening');
});

test('Bob presses on an email action and is told privately what he lacks', async () => {
  await be('Bob Brown');
  await press('Soft delete 14 messages', /Approve/);
  const told = page.locator('article.private');
  await told.waitFor(soon);
  expect(await told.innerText()).toContain('Only visible to you');
  expect(await told.innerText()).toContain('Search and Purge');
  expect(await button(card('Soft delete 14 messages'), /Approve/).count()).toBe(1);
  await shot('2-refused');
  await be('Carol Chen');
  expect(await told.count()).toBe(0);
});

test('Alice approves the first card, and the decision travels to its outcome', async () => {
  await be('Alice Adams');
  const title = 'Quarantine invoice.exe on wks-0042';
  await press(title, /Approve/);
  await step('Stored').and(page.locator('[data-state="done"]')).waitFor(soon);
  await shot('3-on-the-way');
  await card(title)
    .filter({ hasText: /completed/i })
    .waitFor(soon);
  for (const name of ['Stored', 'Queued', 'Taken', 'Outcome', 'Card updated']) {
    await step(name).and(page.locator('[data-state="done"]')).waitFor(soon);
  }
  expect(await step('Outcome').innerText()).toContain('Completed');
  expect(await page.locator('.journey .subject').innerText()).toContain(title);
  expect(
    await card(title)
      .locator('button')
      .filter({ hasText: /Approve/ })
      .count(),
  ).toBe(0);
  await shot('4-completed');
});

test('Alice rejects another with a reason, and the card says why', async () => {
  const title = 'Isolate app-07';
  await button(card(title), /^Reject/).click();
  const reason = dialog().locator('textarea');
  await reason.waitFor(soon);
  await shot('5-reject');
  await reason.fill('Planned maintenance, the owner confirmed it.');
  await dialog().locator('footer .go').click();
  await card(title).filter({ hasText: 'Planned maintenance, the owner confirmed it.' }).waitFor(soon);
  await step('Card updated').and(page.locator('[data-state="done"]')).waitFor(soon);
  expect(await step('Outcome').getAttribute('data-state')).toBe('none');
  expect(await step('Taken').getAttribute('data-state')).toBe('done');
  await shot('6-rejected');
  await dialog().getByRole('button', { name: 'Close' }).last().click();
  await dialog().waitFor({ ...soon, state: 'detached' });
});

test('an action that is told to fail is raised, approved, and its card says that it failed', async () => {
  await page.getByLabel('Action', { exact: true }).selectOption('disableUser');
  await page.getByLabel('Once approved, it').selectOption('fails');
  await page.getByRole('button', { name: 'Raise' }).click();
  const title = 'Disable the account of Kim Kerr';
  await card(title).waitFor(soon);
  await press(title, /Approve/);
  await card(title)
    .filter({ hasText: /failed/i })
    .waitFor(soon);
  await expect.poll(() => step('Outcome').innerText(), soon).toContain('Failed');
  await shot('7-failed');
});

test('a guest is refused whatever his roles say', async () => {
  await be('Dave Diaz');
  await press('Soft delete 14 messages', /Approve/);
  const told = page.locator('article.private');
  await told.waitFor(soon);
  expect(await told.innerText()).toContain('Guest accounts cannot decide');
});

test('fits a window of 900 pixels without anything sticking out', async () => {
  await page.setViewportSize({ width: 900, height: 700 });
  await shot('8-narrow');
  const overflow = await page.evaluate(() => {
    const root = document.documentElement;
    const stickingOut = [...document.querySelectorAll('.messages *, aside *')].filter((element) => {
      const frame = element.closest('.messages, aside')?.getBoundingClientRect();
      const box = element.getBoundingClientRect();
      return frame !== undefined && box.width > 1 && box.right > frame.right + 1;
    });
    return { page: root.scrollWidth - root.clientWidth, stickingOut: stickingOut.map((element) => element.className) };
  });
  expect(overflow).toEqual({ page: 0, stickingOut: [] });
});

test('nothing was asked of anybody else, and nothing complained', () => {
  const origin = new URL(demo.url).origin;
  expect(asked.filter((url) => !url.startsWith(origin) && !url.startsWith('data:'))).toEqual([]);
  expect(complaints).toEqual([]);
});

test('the simulated Slack found no mistake', async () => {
  expect(await page.locator('.banner').count()).toBe(0);
});

test('stopping leaves neither data nor an open page behind', async () => {
  await demo.stop();
  expect(await readdir(dataDir)).toEqual([]);
  await expect(fetch(demo.url)).rejects.toThrow();
  await page.getByText('The demo has stopped').waitFor(soon);
});
