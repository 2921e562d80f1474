import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BadRequest } from '../../../sandbox/page/requests.ts';
import { type Deeds, type PageServer, startPage } from '../../../sandbox/page/server.ts';
import type { PageState } from '../../../sandbox/page/state.ts';

let assets: string;
let page: PageServer;
let problems: string[];
const done: unknown[] = [];

const deeds: Deeds = {
  '/press': async (body) => {
    done.push(body);
    return { ok: true, status: 200, ms: 3 };
  },
  '/raise': async () => {
    throw new BadRequest(400, 'type must be a text');
  },
  '/submit': async () => {
    throw new Error('This modal has no Submit');
  },
};

beforeEach(async () => {
  assets = await mkdtemp(join(tmpdir(), 'page-'));
  await mkdir(join(assets, 'assets'));
  await writeFile(join(assets, 'index.html'), '<!doctype html><title>page</title>');
  await writeFile(join(assets, 'assets', 'app.js'), 'export {};');
  problems = [];
  done.length = 0;
  page = await startPage({ port: 0, assets, read: () => ({ problems }) as unknown as PageState, deeds });
});

afterEach(async () => {
  await page.stop();
  await rm(assets, { recursive: true, force: true });
});

type Asked = { path: string; method?: string; headers?: Record<string, string>; body?: string };

/** `fetch` does not let a test choose Host and Origin. */
function ask({ path, method = 'GET', headers = {}, body }: Asked): Promise<{ status: number; text: string; type: string }> {
  const { hostname, port } = new URL(page.url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text, type: String(response.headers['content-type']) }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const origin = () => page.url.slice(0, -1);
const own = () => ({ 'content-type': 'application/json', origin: origin() });

test('serves the built page and its files, with a policy that lets nothing foreign in', async () => {
  const answer = await fetch(page.url);
  expect(await answer.text()).toContain('<title>page</title>');
  expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect((await ask({ path: '/assets/app.js' })).type).toContain('text/javascript');
});

test('a path never leaves the built files', async () => {
  for (const path of ['/../package.json', '/assets/../../x', '/assets/%2e%2e/index.html', '//etc/passwd', '/nothing']) {
    expect((await ask({ path })).status).toBe(404);
  }
});

test.each(['evil.example', 'evil.example:4400', '127.0.0.1', '127.0.0.1:1'])('refuses the Host header %s', async (host) => {
  expect((await ask({ path: '/', headers: { host } })).status).toBe(421);
});

test('answers under the name localhost, too', async () => {
  expect((await ask({ path: '/', headers: { host: `localhost:${new URL(page.url).port}` } })).status).toBe(200);
});

test.each([
  ['no Origin', {}],
  ['a foreign Origin', { origin: 'https://evil.example' }],
  ['an opaque Origin', { origin: 'null' }],
  ['another port', { origin: 'http://127.0.0.1:1' }],
])('refuses a POST with %s and does nothing', async (_what, headers) => {
  const answer = await ask({
    path: '/press',
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(headers as Record<string, string>) },
    body: '{}',
  });
  expect(answer.status).toBe(403);
  expect(done).toEqual([]);
});

test('refuses a POST that the browser itself calls cross-site', async () => {
  const headers = { ...own(), 'sec-fetch-site': 'cross-site' };
  expect((await ask({ path: '/press', method: 'POST', headers, body: '{}' })).status).toBe(403);
});

test('hands the page its own POST through', async () => {
  const answer = await ask({ path: '/press', method: 'POST', headers: own(), body: '{"user":"U0BOB"}' });
  expect(JSON.parse(answer.text)).toEqual({ ok: true, status: 200, ms: 3 });
  expect(done).toEqual([{ user: 'U0BOB' }]);
});

test.each([
  ['other content', { 'content-type': 'text/plain' }, '{}', 415],
  ['no JSON', {}, '{', 400],
  ['a list', {}, '[]', 400],
  ['an empty body', {}, '', 400],
  ['too much', {}, `{"a":"${'x'.repeat(70_000)}"}`, 413],
])('refuses %s', async (_what, headers, body, status) => {
  const answer = await ask({ path: '/press', method: 'POST', headers: { ...own(), ...(headers as Record<string, string>) }, body });
  expect(answer.status).toBe(status);
  expect(done).toEqual([]);
});

test('tells the page why something did not work', async () => {
  const refused = await ask({ path: '/raise', method: 'POST', headers: own(), body: '{}' });
  expect({ status: refused.status, body: JSON.parse(refused.text) }).toEqual({
    status: 400,
    body: { ok: false, error: 'type must be a text' },
  });
  const failed = await ask({ path: '/submit', method: 'POST', headers: own(), body: '{}' });
  expect({ status: failed.status, body: JSON.parse(failed.text) }).toEqual({
    status: 502,
    body: { ok: false, error: 'This modal has no Submit' },
  });
});

test('streams the whole state at once, and again after a burst of changes, once', async () => {
  const stream = await fetch(`${page.url}events`);
  const reader = (stream.body as ReadableStream<Uint8Array>).getReader();
  const next = async () => {
    let text = '';
    while (!text.endsWith('\n\n') || !text.includes('data:')) text += Buffer.from((await reader.read()).value ?? []).toString();
    return text;
  };
  expect(await next()).toContain('data: {"problems":[]}');
  for (const name of ['one', 'two', 'three']) {
    problems.push(name);
    page.changed();
  }
  expect(await next()).toBe('data: {"problems":["one","two","three"]}\n\n');
  await page.stop();
  expect((await reader.read()).done).toBe(true);
});

test('says in plain words that the port is taken', async () => {
  const port = Number(new URL(page.url).port);
  const second = startPage({ port, assets, read: () => ({}) as PageState, deeds });
  await expect(second).rejects.toThrow(`port ${port} is taken`);
});
