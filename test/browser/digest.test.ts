/** The digest drawn for both platforms, light and dark. `SCREENSHOTS` names a folder to look at it in. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { Message, type MessageProps } from 'slack-blocks-to-jsx';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DigestFigures } from '../../src/action-center/digest-figures.ts';
import { drawChart } from '../../src/charts/draw.ts';
import { type DigestCard, digestCard } from '../../src/chat/digest-card.ts';
import { renderDigest as renderSlack } from '../../src/chat/slack/render-digest.ts';
import { renderDigest as renderTeams } from '../../src/chat/teams/render-digest.ts';
import { hostConfig } from '../schemas/validate.ts';
import { startChromium } from './chromium.ts';

const require = createRequire(import.meta.url);
const minuteMs = 60_000;
const medians = [12, 14, 9, 11, 20, 16, 31, null, 12, 8, 7, 10, 13, 11];
const approved = [3, 22, 30, 28, 41, 25, 2, 0, 31, 36, 27, 38, 24, 34];

const figures: DigestFigures = {
  span: { from: '2026-11-19T07:00:00.000Z', to: '2026-11-20T07:00:00.000Z' },
  before: { from: '2026-11-12T07:00:00.000Z', to: '2026-11-13T07:00:00.000Z' },
  asOf: '2026-11-20T07:00:05.000Z',
  waiting: {
    count: 12,
    expiring: 2,
    expiringBefore: '2026-11-21T07:00:05.000Z',
    oldest: null,
    top: (
      [
        'Isolate WKS-0042 after credential theft',
        'Quarantine invoice.exe on 3 devices',
        'Soft delete “Your parcel” in 14 mailboxes',
      ] as const
    ).map((title, index) => ({
      actionId: `A-01M7ZF6AETY498NMFSD02K3MM${index}`,
      type: (['isolateDevice', 'stopAndQuarantineFile', 'softDeleteEmail'] as const)[index] ?? 'isolateDevice',
      severity: (['high', 'high', 'medium'] as const)[index] ?? 'high',
      status: 'pending',
      title,
      asset: null,
      createdAt: `2026-11-${18 + index}T04:00:00.000Z`,
      expiresAt: `2026-11-${20 + index * 3}T19:00:00.000Z`,
    })),
  },
  happened: { announced: 44, approved: 34, rejected: 5, undo: 2, completed: 30, failed: 1, timedOut: 1, undone: 2, expired: 1, refused: 3 },
  byType: [
    { type: 'isolateDevice', count: 14 },
    { type: 'stopAndQuarantineFile', count: 12 },
    { type: 'softDeleteEmail', count: 9 },
    { type: 'disableUser', count: 4 },
  ],
  bySource: [
    { source: 'automatedDeviceAction', count: 26 },
    { source: 'automatedEmailAction', count: 9 },
    { source: 'manualDeviceAction', count: 4 },
  ],
  byPerson: [
    { upn: 'alice@contoso.example', name: 'Alice Adams', count: 21 },
    { upn: 'bob@contoso.example', name: 'Bob Brown', count: 14 },
    { upn: 'erin@contoso.example', name: 'Erin Evans', count: 6 },
  ],
  waits: { count: 39, medianMs: 11 * minuteMs, p95Ms: 185 * minuteMs },
  waitsBefore: { count: 30, medianMs: 20 * minuteMs, p95Ms: 250 * minuteMs },
  refused: { tries: 4, people: 2, decided: 2, open: 1 },
  days: approved.map((count, index) => {
    const median = medians[index] ?? null;
    return {
      from: new Date(Date.UTC(2026, 10, 6 + index, 7)).toISOString(),
      to: new Date(Date.UTC(2026, 10, 7 + index, 7)).toISOString(),
      approved: count,
      rejected: Math.floor(count / 7),
      undo: index % 3 === 0 && count > 0 ? 1 : 0,
      waits: {
        count,
        medianMs: median === null ? null : median * minuteMs,
        p95Ms: median === null ? null : median * minuteMs * (10 + (index % 4) * 3),
      },
    };
  }),
  head: {
    seal: '1284',
    lastSeq: '48213',
    hash: '9b74c9897bac770ffc029102a200c5de64a1b2c3d4e5f60718293a4b5c6d7e8f',
    at: '2026-11-20T06:59:58.000Z',
    keyId: 'audit-2026',
  },
};
const busy = digestCard({ kind: 'due', figures, timezone: 'Europe/Berlin', late: null, draw: drawChart });
const quiet = digestCard({
  kind: 'due',
  figures: { ...figures, waiting: { ...figures.waiting, count: 0 }, happened: {}, refused: { tries: 0, people: 0, decided: 0, open: 0 } },
  timezone: 'Europe/Berlin',
  late: { due: '2026-11-20T07:00:00.000Z', shown: '2026-11-20T08:12:00.000Z' },
  draw: drawChart,
});

const dataUri = (png: Uint8Array | null): string => `data:image/png;base64,${Buffer.from(png ?? []).toString('base64')}`;

/** Slack shows its own files; here each is what was uploaded. */
function slackHtml(card: DigestCard, theme: Theme): string {
  const { blocks } = renderSlack(card, new Map(card.pictures.map(({ name }) => [name, name])));
  const drawn = blocks.map((block) => {
    if (block.type !== 'image' || !('slack_file' in block)) return block;
    const { slack_file: file, ...rest } = block;
    const name = file !== undefined && 'id' in file ? file.id : '';
    return { ...rest, image_url: dataUri(card.pictures.find((picture) => picture.name === name)?.png ?? null) };
  });
  const props = { blocks: drawn as MessageProps['blocks'], name: '', logo: '', theme, withoutWrapper: true };
  return renderToStaticMarkup(createElement(Message, props as MessageProps));
}

type Theme = 'light' | 'dark';
const renderer = readFileSync(require.resolve('adaptivecards/dist/adaptivecards.min.js'), 'utf8');
const slackStyle = readFileSync(join(require.resolve('slack-blocks-to-jsx'), '../style.css'), 'utf8');
const grounds = {
  slack: { light: '#fff;color:#1d1c1d', dark: '#1a1d21;color:#d1d2d3' },
  teams: { light: '#fff', dark: '#292929' },
};

let browser: Browser;
let page: Page;
const asked: string[] = [];
const complaints: string[] = [];

beforeAll(async () => {
  browser = await startChromium();
  page = await browser.newPage({ locale: 'en-GB', timezoneId: 'Europe/Berlin', viewport: { width: 720, height: 400 } });
  page.on('request', (request) => asked.push(request.url()));
  page.on('pageerror', (error) => complaints.push(error.message));
});
afterAll(async () => {
  await browser?.close();
});

async function drawInSlack(card: DigestCard, theme: Theme): Promise<void> {
  const body = `<body class="${theme}" style="margin:16px;background:${grounds.slack[theme]};font:15px Lato,sans-serif"><div id="card">${slackHtml(card, theme)}</div></body>`;
  await page.setContent(`<style>${slackStyle}</style>${body}`);
}

async function drawInTeams(card: DigestCard, theme: Theme): Promise<void> {
  await page.setContent(
    `<body style="margin:0;background:${grounds.teams[theme]};font:14px 'Segoe UI',sans-serif;overflow-wrap:break-word"><div id="card"></div></body>`,
  );
  await page.addScriptTag({ content: renderer });
  await page.evaluate(
    ({ json, config }) => {
      // biome-ignore lint/suspicious/noExplicitAny: the renderer is a script of its own in this page
      const { AdaptiveCards } = globalThis as any;
      const drawing = new AdaptiveCards.AdaptiveCard();
      drawing.hostConfig = new AdaptiveCards.HostConfig(config);
      drawing.parse(json, new AdaptiveCards.SerializationContext());
      document.querySelector('#card')?.append(drawing.render());
    },
    { json: renderTeams(card).card, config: hostConfig(theme) },
  );
}

const platforms = { slack: drawInSlack, teams: drawInTeams };
const cases = (['slack', 'teams'] as const).flatMap((platform) => (['light', 'dark'] as const).map((theme) => ({ platform, theme })));

async function shot(name: string): Promise<void> {
  const folder = process.env['SCREENSHOTS'];
  if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

const pictures = () =>
  page.evaluate(async () => {
    const images = [...document.querySelectorAll<HTMLImageElement>('#card img')];
    await Promise.all(images.map((image) => image.decode()));
    return images.map(({ naturalWidth, clientWidth, alt }) => ({ naturalWidth, clientWidth, alt }));
  });

describe.each(cases)('a digest in $platform, $theme', ({ platform, theme }) => {
  it('shows both pictures whole, with their words, and is not too wide', async () => {
    await platforms[platform](busy, theme);
    const shown = await pictures();
    expect(shown.map(({ alt }) => alt.slice(0, 11))).toEqual(['Bar chart. ', 'Line chart.']);
    for (const { naturalWidth, clientWidth } of shown) {
      expect(naturalWidth).toBe(1120);
      expect(clientWidth).toBeGreaterThan(300);
    }
    expect(await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth)).toBe(false);
    const text = await page.locator('#card').innerText();
    const order = ['Waiting now', 'Decided', 'What became of it', 'Refused tries', 'Most decisions', 'Audit record'].map((heading) =>
      text.indexOf(heading),
    );
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(Math.min(...order)).toBeGreaterThan(0);
    await shot(`digest-${platform}-${theme}`);
  });

  it('of a quiet day that is late is short', async () => {
    await platforms[platform](quiet, theme);
    const text = await page.locator('#card').innerText();
    expect(text).toContain('Late by 1 h 12 min');
    expect(text).toContain('A quiet day');
    await shot(`digest-quiet-${platform}-${theme}`);
  });
});

it('asked nobody for anything and met no error', () => {
  expect(asked.filter((url) => !url.startsWith('data:') && !url.startsWith('about:'))).toEqual([]);
  expect(complaints).toEqual([]);
});
