/** Every card drawn by Microsoft's own renderer in the colours of Teams. `SCREENSHOTS` names a folder to look at them in. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cardFor, noteFor } from '../../src/chat/card.ts';
import { renderCard, renderLine } from '../../src/chat/teams/render.ts';
import { renderGroup } from '../../src/chat/teams/render-group.ts';
import { renderHistory } from '../../src/chat/teams/render-history.ts';
import { renderInbox } from '../../src/chat/teams/render-inbox.ts';
import { renderReasonDialog } from '../../src/chat/teams/render-reason.ts';
import type { AdaptiveCard } from '../../src/chat/teams/templates.ts';
import * as pictures from '../chat/accessible-pictures.ts';
import { plainContext } from '../chat/hostile.ts';
import { hostConfig } from '../schemas/validate.ts';
import { aDecision, anAction, anOutcome } from '../setup/builders.ts';
import { startChromium } from './chromium.ts';

const require = createRequire(import.meta.url);
const renderer = readFileSync(require.resolve('adaptivecards/dist/adaptivecards.min.js'), 'utf8');

let browser: Browser;
let page: Page;
const asked: string[] = [];
const complaints: string[] = [];

beforeAll(async () => {
  browser = await startChromium();
  page = await browser.newPage({ locale: 'en-GB', timezoneId: 'Europe/Berlin' });
  page.on('request', (request) => asked.push(request.url()));
  page.on('pageerror', (error) => complaints.push(error.message));
});
afterAll(async () => {
  await browser?.close();
});

type Theme = 'light' | 'dark';
type Drawn = { problems: string[]; markdown: string[] };
type Pressed = { type: string; verb?: string; data?: unknown; url?: string };

/** What the page's script leaves for us; `AdaptiveCards` is what the renderer calls itself there. */
declare global {
  var pressed: Pressed[];
}

/** Long words break as everywhere in a message pane; of itself the renderer breaks them in a TextBlock only. */
async function draw(card: AdaptiveCard, theme: Theme, width = 720): Promise<Drawn> {
  await page.setViewportSize({ width: width + 48, height: 400 });
  const colours = theme === 'light' ? 'background:#f5f5f5;--card:#fff' : 'background:#1f1f1f;--card:#292929';
  await page.setContent(
    `<body style="margin:24px;${colours};font:14px 'Segoe UI',sans-serif;overflow-wrap:break-word"><div id="card" style="width:${width}px;background:var(--card);border-radius:6px"></div>`,
  );
  await page.addScriptTag({ content: renderer });
  return page.evaluate(
    ({ json, config }) => {
      // biome-ignore lint/suspicious/noExplicitAny: the renderer is a script of its own in this page
      const { AdaptiveCards } = globalThis as any;
      const seen: string[] = [];
      globalThis.pressed = [];
      AdaptiveCards.AdaptiveCard.onProcessMarkdown = (text: string, result: { outputHtml: string; didProcess: boolean }) => {
        seen.push(text);
        const span = document.createElement('span');
        span.textContent = text;
        result.outputHtml = span.innerHTML;
        result.didProcess = true;
      };
      const drawing = new AdaptiveCards.AdaptiveCard();
      drawing.hostConfig = new AdaptiveCards.HostConfig(config);
      const context = new AdaptiveCards.SerializationContext();
      drawing.onExecuteAction = (action: { getJsonTypeName(): string; verb?: string; data?: unknown; url?: string }) => {
        const { verb, data, url } = action;
        globalThis.pressed.push({
          type: action.getJsonTypeName(),
          ...(verb ? { verb } : {}),
          ...(data ? { data } : {}),
          ...(url ? { url } : {}),
        });
      };
      drawing.parse(json, context);
      const problems = Array.from({ length: context.eventCount }, (_, index) => String(context.getEventAt(index).message));
      const validation = drawing.validateProperties();
      for (const event of validation.validationEvents) problems.push(String(event.message));
      document.querySelector('#card')?.append(drawing.render());
      return { problems, markdown: seen };
    },
    { json: card, config: hostConfig(theme) },
  );
}

async function shot(name: string): Promise<void> {
  const folder = process.env['SCREENSHOTS'];
  if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

const button = (name: string) => page.locator('#card').getByRole('button', { name, exact: true });
const shown = () => page.locator('#card').innerText();
const isTooWide = () => page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);

const evil = '[Approve](https://evil.example) <b>now</b> <at>Alice</at> {{DATE(2026-11-21T08:00:00Z)}} **bold** `x`';
const pending = anAction({
  status: 'awaitingSecondApproval',
  needed: 2,
  isProtected: true,
  scopeNote: 'one device was added',
  approvals: [aDecision()],
});
const event = { kind: 'outcome' as const, at: '2026-11-21T08:02:30.000Z', actorId: null, data: { status: 'failed', message: evil } };
const failed = anAction({
  status: 'failed',
  decision: aDecision({ comment: 'Seen on two more devices', platform: 'teams' }),
  outcome: anOutcome({ status: 'failed', message: 'The device has been offline since 2026-11-20.' }),
});
const hostile = anAction({
  title: evil,
  details: `${evil}\n- item\n# heading\n${'long'.repeat(120)}`,
  asset: evil,
  producer: evil,
  entities: [{ type: 'file', sha1: 'a'.repeat(40), name: `${evil}.exe`, path: 'C:\\'.padEnd(400, 'x') }],
  parameters: { [evil.slice(0, 64)]: evil },
});
const reject = { actionId: pending.id, digest: pending.scopeDigest, version: pending.version };

const cards: Record<string, AdaptiveCard> = {
  pending: renderCard(cardFor(pending, plainContext)).card,
  'cannot-be-undone': renderCard(cardFor(anAction({ type: 'hardDeleteEmail' }), plainContext)).card,
  failed: renderCard(cardFor(failed, plainContext)).card,
  hostile: renderCard(cardFor(hostile, plainContext)).card,
  note: renderCard(noteFor(event, failed)).card,
  answer: renderLine([
    { kind: 'words', text: 'To approve this you also need Search and Purge. ' },
    { kind: 'foreign', text: evil },
  ]).card,
  'reject-dialog': renderReasonDialog(pending, { pressed: reject, verb: 'reject' }).card,
};

describe.each(['light', 'dark'] as const)('in %s Teams', (theme) => {
  test.each(Object.keys(cards))('the card "%s" is drawn without a complaint, wide and on a phone', async (name) => {
    const card = cards[name] as AdaptiveCard;
    for (const width of [720, 320]) {
      const { problems, markdown } = await draw(card, theme, width);
      await shot(`${theme}-${name}-${width}`);
      expect(problems).toEqual([]);
      expect(markdown.join('\n')).not.toContain('evil.example');
      expect(await page.locator('#card a[href*=evil], #card b, #card at, #card img').count()).toBe(0);
      expect(await isTooWide()).toBe(false);
    }
  });
});

test('what an attacker wrote is read as written', async () => {
  await draw(cards['hostile'] as AdaptiveCard, 'light');
  const text = await shown();
  expect(text).toContain('[Approve](hxxps://evil.example) <b>now</b> <at>Alice</at> {{DATE(2026-11-21T08:00:00Z)}} **bold**');
});

test('the deadline is shown in the time zone of the reader', async () => {
  await draw(cards['pending'] as AdaptiveCard, 'light');
  const text = await shown();
  expect(text).toMatch(/\b9:00 your time \(2026-11-28 08:00 UTC\)/);
  expect(text).not.toContain('{{');
});

test('Approve presses with what was shown; Reject asks for the dialog; Go hunt opens Defender', async () => {
  await draw(cards['pending'] as AdaptiveCard, 'dark');
  await button('Approve Quarantine').click();
  await button('Reject').click();
  await page.locator('#card').getByRole('link', { name: 'Go hunt', exact: true }).click();
  expect(await page.evaluate(() => globalThis.pressed)).toEqual([
    { type: 'Action.Execute', verb: 'ac.approve', data: reject },
    { type: 'Action.Submit', data: { msteams: { type: 'task/fetch' }, verb: 'ac.reject', ...reject } },
    { type: 'Action.OpenUrl', url: plainContext.huntUrl },
  ]);
});

test.each(['light', 'dark'] as const)('an approval that cannot be undone is asked twice, in %s Teams', async (theme) => {
  await draw(cards['cannot-be-undone'] as AdaptiveCard, theme);
  await button('Approve Hard Delete').click();
  expect(await page.evaluate(() => globalThis.pressed)).toEqual([]);
  expect(await shown()).toContain('It cannot be undone.');
  await shot(`${theme}-asked-twice`);
  await button('Approve').click();
  expect(await page.evaluate(() => globalThis.pressed)).toMatchObject([{ type: 'Action.Execute', verb: 'ac.approve' }]);
});

test('the dialog is not sent without a reason, and sends it with what was pressed', async () => {
  await draw(cards['reject-dialog'] as AdaptiveCard, 'light');
  await button('Reject').click();
  expect(await page.evaluate(() => globalThis.pressed)).toEqual([]);
  expect(await shown()).toContain('Please write at least 3 characters.');
  await page.locator('#card textarea').fill('Known false positive');
  await button('Reject').click();
  expect(await page.evaluate(() => globalThis.pressed)).toEqual([
    { type: 'Action.Submit', data: { verb: 'ac.reject', ...reject, reason: 'Known false positive' } },
  ]);
});

test('drawing asks the network for nothing', () => {
  expect(asked.filter((url) => !url.startsWith('about:') && !url.startsWith('data:'))).toEqual([]);
  expect(complaints).toEqual([]);
});

const others: [string, AdaptiveCard][] = [
  ['batch', renderCard(pictures.batch).card],
  ['ask', renderCard(pictures.ask).card],
  ['group', renderGroup(pictures.group).card],
  ['inbox', renderInbox(pictures.inbox, () => null).card],
  ['history', renderHistory(pictures.history).card],
];

test.each(others)('a card of the kind %s is drawn without a complaint, with its times in the zone of the reader', async (name, card) => {
  for (const theme of ['light', 'dark'] as const) {
    const { problems } = await draw(card, theme);
    await shot(`${theme}-${name}`);
    expect(problems).toEqual([]);
    expect(await page.innerText('#card')).not.toContain('{{');
  }
});
