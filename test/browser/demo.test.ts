import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runDemo } from '../../sandbox/demo.ts';
import { readConfig } from '../../src/config.ts';
import { launch } from '../../src/launch.ts';
import { openLog } from '../../src/log.ts';
import { startChromium } from './chromium.ts';

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
  browser = await startChromium();
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
/** The same action in Teams. */
const teamsPost = (title: string): Locator => page.locator('article.post:not(.only-mine)').filter({ hasText: title });
const button = (within: Locator, text: string | RegExp) => within.locator('button').filter({ hasText: text });
const dialog = () => page.locator('.slack').getByRole('dialog');
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

/** The same in Teams, where a card may ask again below its buttons. */
async function pressInTeams(title: string, text: RegExp): Promise<void> {
  await button(teamsPost(title), text).first().click();
  const yes = teamsPost(title).locator('.ac-adaptiveCard .ac-adaptiveCard button.style-positive');
  if ((await yes.count()) > 0) await yes.click();
}

async function raiseOne(type: string, ending = 'succeeds'): Promise<void> {
  await page.getByLabel('Action', { exact: true }).selectOption(type);
  await page.getByLabel('Once approved, it').selectOption(ending);
  await page.getByRole('button', { name: 'Raise', exact: true }).click();
}

test('says where the page is', () => {
  expect(said.join('\n')).toContain(`Open ${demo.url}`);
});

test('shows the opening cards without anybody doing anything', async () => {
  for (const title of ['Quarantine invoice.exe on wks-0042', 'Soft delete 14 messages', 'Isolate app-07']) {
    await card(title).waitFor(soon);
    await teamsPost(title).waitFor(soon);
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

test('Bob is told the same in Teams, under the card he pressed', async () => {
  await be('Bob Brown');
  const title = 'Soft delete 14 messages';
  await pressInTeams(title, /Approve/);
  const told = page
    .locator('.teams')
    .getByText(/Search and Purge/)
    .last();
  await expect.poll(() => page.locator('.teams .bar, .teams .only-mine').innerText(), soon).toContain('Search and Purge');
  expect(await told.isVisible()).toBe(true);
  expect(await button(teamsPost(title), /Approve/).count()).toBeGreaterThan(0);
  await shot('2-refused-in-teams');
  await be('Carol Chen');
  expect(await page.locator('.teams .bar, .teams .only-mine').count()).toBe(0);
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
  await teamsPost(title)
    .filter({ hasText: /completed/i })
    .waitFor(soon);
  expect(await button(teamsPost(title), /Approve/).count()).toBe(0);
  await shot('4-completed');
});

test('Alice approves in Teams, and the card in Slack changes with it', async () => {
  const title = 'Full antivirus scan';
  await raiseOne('runAntivirusScan');
  await teamsPost(title).waitFor(soon);
  await card(title).waitFor(soon);
  await pressInTeams(title, /Approve/);
  for (const place of [teamsPost(title), card(title)]) {
    await place.filter({ hasText: /Completed/ }).waitFor(soon);
    expect(await button(place, /Approve/).count()).toBe(0);
  }
  expect(await teamsPost(title).first().innerText()).toContain('Edited');
  await shot('4-completed-from-teams');
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

test('Erin rejects in Teams in a dialog, and Slack shows her reason', async () => {
  await be('Erin Evans');
  const title = 'Revoke';
  await raiseOne('revokeSessions');
  await teamsPost(title).waitFor(soon);
  await button(teamsPost(title), /^Reject/).click();
  const inTeams = page.locator('.teams').getByRole('dialog');
  await inTeams.locator('textarea').fill('The sessions were her own.');
  await shot('6-reject-in-teams');
  await button(inTeams, /^Reject/).click();
  await card(title).filter({ hasText: 'The sessions were her own.' }).waitFor(soon);
  await teamsPost(title).filter({ hasText: 'The sessions were her own.' }).waitFor(soon);
  await button(inTeams, 'OK').click();
  expect(await inTeams.count()).toBe(0);
  await shot('6-rejected-in-teams');
});

// The compose boxes send; these wait for a bot that answers commands.
test('what the bot understands is told to the asker alone, in Slack', async () => {
  await page.getByLabel('Write in the Slack channel').fill('/actions help');
  await page.locator('.slack').getByRole('button', { name: 'Send' }).click();
  await page.locator('article.private').filter({ hasText: 'show' }).first().waitFor(soon);
});

test('what the bot understands is told to the asker alone, in Teams', async () => {
  await page.getByLabel('Write in the Teams channel').fill('/help');
  await page.locator('.teams').getByRole('button', { name: 'Send' }).click();
  const told = page.locator('.teams .only-mine').filter({ hasText: 'show' }).last();
  await told.waitFor(soon);
  expect(await told.innerText()).toContain('Only you can see this message');
  await shot('6-help');
});

test('an action that is told to fail is raised, approved, and its card says that it failed', async () => {
  await raiseOne('disableUser', 'fails');
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

test.each([1280, 900, 420])('fits a window of %d pixels without anything sticking out', async (width) => {
  await page.setViewportSize({ width, height: 860 });
  await shot(`8-${width}-wide`);
  const overflow = await page.evaluate(() => {
    const root = document.documentElement;
    const stickingOut = [...document.querySelectorAll('.messages *, .posts *, aside *')].filter((element) => {
      const frame = element.closest('.messages, .posts, aside')?.getBoundingClientRect();
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

test('in the dark it is dark on both sides', async () => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.emulateMedia({ colorScheme: 'dark' });
  const grounds = await page.evaluate(() =>
    ['.slack', '.teams', '.teams .post'].map((selector) => {
      const element = document.querySelector(selector);
      return element ? getComputedStyle(element).backgroundColor : '';
    }),
  );
  for (const ground of grounds) expect(Math.max(...(ground.match(/\d+/g) ?? ['255']).slice(0, 3).map(Number))).toBeLessThan(80);
  await shot('9-dark');
});

test('the simulated platforms found no mistake', async () => {
  expect(await page.locator('.banner').allInnerTexts()).toEqual([]);
});

test('stopping leaves neither data nor an open page behind', async () => {
  await demo.stop();
  expect(await readdir(dataDir)).toEqual([]);
  await expect(fetch(demo.url)).rejects.toThrow();
  await page.getByText('The demo has stopped').waitFor(soon);
});
