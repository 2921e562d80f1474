/** The Teams half of the demo's page by itself: what it draws, what it sends and what it never lets through. No bot is needed for that. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { buildPage } from '../../sandbox/page/assets.ts';
import { type Deeds, type PageServer, startPage } from '../../sandbox/page/server.ts';
import type { PageCard, PageState, PageTeamsMessage, PageTeamsSelf } from '../../sandbox/page/state.ts';
import { startChromium } from './chromium.ts';

let browser: Browser;
let server: PageServer;
let page: Page;
let state: PageState;
const done: { path: string; body: Record<string, unknown> }[] = [];
/** What a press waits for. */
let held: Promise<void>;
const complaints: string[] = [];
const asked: string[] = [];

const paths = ['/play', '/teams/press', '/teams/submit', '/teams/close-dialog', '/teams/say'];
const deeds: Deeds = Object.fromEntries(
  paths.map((path) => [
    path,
    async (body) => {
      done.push({ path, body });
      if (path === '/teams/press') await held;
      return { ok: true };
    },
  ]),
);

beforeAll(async () => {
  state = stateWith([]);
  server = await startPage({ port: 0, assets: await buildPage(() => {}), read: () => state, deeds });
  browser = await startChromium();
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.context().on('request', (request) => asked.push(request.url()));
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

beforeEach(() => {
  done.length = 0;
  held = Promise.resolve();
});

const nobody: PageTeamsSelf = { cards: {}, bars: {}, targeted: [], personal: [], dialog: null, said: null };
const cardOf = (body: unknown[], actions: unknown[] = []): PageCard => ({ type: 'AdaptiveCard', version: '1.5', body, actions });
const runs = (text: string) => ({ type: 'RichTextBlock', inlines: [{ type: 'TextRun', text }] });

function aMessage(card: PageCard | null, more: Partial<PageTeamsMessage> = {}): PageTeamsMessage {
  return { id: '1', from: 'Countersign', isBot: true, text: '', card, at: 1, edited: false, actionId: null, replies: [], ...more };
}

function stateWith(messages: PageTeamsMessage[], self: Partial<PageTeamsSelf> = {}): PageState {
  const people = ['Ada', 'Ben'].map((name) => ({ id: name, name, role: 'Reader', may: 'May read.', isGuest: false }));
  return {
    channel: { id: 'C', name: 'soc' },
    people,
    examples: [],
    endings: [],
    messages: [],
    openingCards: 0,
    ephemerals: {},
    views: {},
    teams: { channel: { id: 'c', name: 'SOC', team: 'Operations' }, messages, selves: { Ada: { ...nobody, ...self }, Ben: nobody } },
    actions: [],
    log: [],
    problems: [],
  };
}

async function open(next: PageState): Promise<void> {
  state = next;
  await page.goto(server.url);
  await page.locator('.teams').waitFor();
}

/** While the page is open; resolves when `sign` can be seen. */
async function become(next: PageState, sign: string): Promise<void> {
  state = next;
  server.changed();
  await page.locator('.teams').getByText(sign).first().waitFor();
}

const evil = '[Approve](https://evil.example) <b>now</b> <img src=x onerror=alert(1)> **bold** <at>Alice</at> `x`';

test('what others wrote is read as written, wherever it stands', async () => {
  const facts = [{ title: evil, value: evil }];
  const card = cardOf([{ type: 'TextBlock', text: evil, wrap: true }, runs(evil), { type: 'FactSet', facts }]);
  const bar = { text: evil, card: null, at: 5 };
  const targeted = [{ id: '7', thread: null, text: evil, card: null, at: 6 }];
  const said = aMessage(null, { id: '3', from: evil, isBot: false, text: `${evil} & <at>Countersign</at>` });
  await open(stateWith([aMessage(card), said], { bars: { '1': bar }, targeted }));
  await page.locator('.teams .bar').waitFor();
  const text = await page.locator('.posts').innerText();
  expect(text.split('[Approve](https://evil.example) <b>now</b> <img src=x onerror=alert(1)> **bold**').length - 1).toBe(8);
  expect(await page.locator('.posts').locator('a, img, .post b b, strong, at, code').count()).toBe(0);
  expect(complaints).toEqual([]);
});

test('a button that was pressed waits for its answer, and nothing is sent twice', async () => {
  const answer = Promise.withResolvers<void>();
  held = answer.promise;
  await open(stateWith([aMessage(cardOf([runs('Isolate?')], [{ type: 'Action.Execute', title: 'Approve', verb: 'go', data: {} }]))]));
  const button = page.locator('.teams').getByRole('button', { name: 'Approve' });
  await button.dblclick();
  expect(await button.isDisabled()).toBe(true);
  answer.resolve();
  await expect.poll(() => button.isDisabled()).toBe(false);
  expect(done.filter(({ path }) => path === '/teams/press')).toEqual([
    { path: '/teams/press', body: { user: 'Ada', messageId: '1', button: 'Approve', inputs: {} } },
  ]);
});

test('what is filled in behind a button goes along, and survives news about other cards', async () => {
  const reason = { type: 'Input.Text', id: 'reason', label: 'Reason', isRequired: true, errorMessage: 'Say why.' };
  const choices = [
    { title: 'One', value: '1' },
    { title: 'Two', value: '2' },
  ];
  const more = cardOf(
    [reason, { type: 'Input.ChoiceSet', id: 'how', value: '1', choices }],
    [{ type: 'Action.Submit', title: 'Send', data: {} }],
  );
  const message = aMessage(cardOf([runs('Isolate?')], [{ type: 'Action.ShowCard', title: 'Reject', card: more }]));
  await open(stateWith([message]));
  const half = page.locator('.teams');
  await half.getByRole('button', { name: 'Reject' }).click();
  await half.getByRole('button', { name: 'Send' }).first().click();
  await half.getByText('Say why.').waitFor();
  expect(done.map(({ path }) => path)).toEqual(['/play']);
  await half.getByLabel('Reason').fill('Known');
  await half.locator('.post select').selectOption('Two');
  await become(stateWith([message, aMessage(cardOf([runs('Another card')]), { id: '2', at: 2 })]), 'Another card');
  await half.getByRole('button', { name: 'Send' }).first().click();
  await expect
    .poll(() => done.at(-1)?.body)
    .toEqual({ user: 'Ada', messageId: '1', button: 'Send', inputs: { reason: 'Known', how: '2' } });
});

test('only web addresses are opened, in a page of their own', async () => {
  const urls = ['javascript:document.title="taken"', 'https://security.example/hunting'];
  const actions = urls.map((url, index) => ({ type: 'Action.OpenUrl', title: `Open ${index}`, url }));
  await open(stateWith([aMessage(cardOf([runs('Look')], actions))]));
  await page.context().route('https://security.example/**', (route) => route.fulfill({ body: 'there' }));
  await page.locator('.teams').getByRole('link', { name: 'Open 0' }).click();
  const opened = page.context().waitForEvent('page');
  await page.locator('.teams').getByRole('link', { name: 'Open 1' }).click();
  const other = await opened;
  expect(other.url()).toBe(urls[1]);
  expect(await other.evaluate(() => window.opener)).toBeNull();
  await other.close();
  expect(await page.title()).toBe('Countersign demo');
});

test('each person has their own view, answers, chat and dialog', async () => {
  const form = cardOf([{ type: 'Input.Text', id: 'reason', label: 'Why' }], [{ type: 'Action.Submit', title: 'Reject', data: {} }]);
  await open(
    stateWith([aMessage(cardOf([runs('For everybody')]), { edited: true, replies: [aMessage(cardOf([runs('A reply')]), { id: '2' })] })], {
      cards: { '1': cardOf([runs('For Ada alone')]) },
      targeted: [{ id: '8', thread: '1', text: 'Privately in the thread', card: null, at: 3 }],
      personal: [{ id: '9', thread: null, text: 'In her own chat', card: null, at: 4 }],
      dialog: { title: 'Reject it', card: form },
    }),
  );
  const half = page.locator('.teams');
  const seen = await half.innerText();
  for (const text of ['For Ada alone', 'A reply', 'Edited', 'Only you can see this message', 'In her own chat'])
    expect(seen).toContain(text);
  const dialog = half.getByRole('dialog', { name: 'Reject it' });
  await dialog.getByLabel('Why').fill('because');
  await dialog.getByRole('button', { name: 'Reject' }).click();
  await expect
    .poll(() => done.at(-1))
    .toEqual({ path: '/teams/submit', body: { user: 'Ada', button: 'Reject', values: { reason: 'because' } } });
  await dialog.getByRole('button', { name: 'Close' }).click();
  await expect.poll(() => done.at(-1)).toEqual({ path: '/teams/close-dialog', body: { user: 'Ada' } });

  await page.getByRole('radio', { name: 'Ben' }).check({ force: true });
  await half.getByText('For everybody').waitFor();
  const bens = await half.innerText();
  for (const text of ['For Ada alone', 'Privately in the thread', 'In her own chat', 'Reject it']) expect(bens).not.toContain(text);
  expect(done.filter(({ path }) => path === '/play').map(({ body }) => body['user'])).toEqual(['Ada', 'Ben']);
});

test('what a dialog says in the end is shown once, and not again to whoever opens the page later', async () => {
  const said = (at: number, text: string) => ({ said: { text, card: null, at } });
  await open(stateWith([], said(1, 'Said before')));
  expect(await page.locator('.teams').innerText()).not.toContain('Said before');
  await become(stateWith([], said(2, 'Rejected.')), 'Rejected.');
  await page.locator('.teams').getByRole('button', { name: 'OK' }).click();
  expect(await page.locator('.teams').innerText()).not.toContain('Rejected.');
});

test('drawing asked nobody but the page itself, and nothing complained', () => {
  const origin = new URL(server.url).origin;
  expect(asked.filter((url) => !url.startsWith(origin) && !url.startsWith('data:') && url !== 'https://security.example/hunting')).toEqual(
    [],
  );
  expect(complaints).toEqual([]);
});
