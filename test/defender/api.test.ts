/** What Microsoft says, as far as it may go into the record: no store takes a NUL or half of a character, and a decision would never end. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { type ApiCall, DefenderError, microsoftApi, readAnswer } from '../../src/defender/api.ts';
import { openLog } from '../../src/log.ts';

const odd = `${'x'.repeat(10)}\u0000\ud83d`;
const long = `${'x'.repeat(299)}\u{1f4e7}`;
const { signal } = new AbortController();
let server: Server;
let url: string;

beforeAll(async () => {
  server = createServer((req, res) => {
    const isToken = req.url?.endsWith('/token') === true;
    const message = req.url === '/long' ? long : odd;
    const body = isToken ? { access_token: 'a.b.c', token_type: 'Bearer', expires_in: 3599 } : { error: { code: 'BadRequest', message } };
    res.writeHead(isToken ? 200 : 400, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
});

it.each(['/odd', '/long'])('a refusal from %s can be stored', async (path) => {
  const settings = {
    tenantId: '11111111-2222-4333-8444-555555555555',
    clientId: '0a0a0a0a-1111-4222-8333-444444444444',
    credential: { kind: 'secret' as const, secret: 'the-apps-secret-for-tests' },
    authorityUrl: url,
    graphUrl: url,
    defenderUrl: url,
    defenderAudience: url,
  };
  const limits = { take: async () => 0, pause: async () => {} };
  const api = microsoftApi(settings, { log: openLog('silent', { write: () => {} }), limits });
  const call: ApiCall = { api: 'defender', method: 'POST', path, permission: 'Machine.Isolate', urgency: 'decision' };
  const error = await api.ask(call, signal).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(DefenderError);
  const { message } = error as DefenderError;
  expect(message).toContain('xxxxxxxxxx');
  expect([message.isWellFormed(), message.includes('\u0000')]).toEqual([true, false]);
});

it('an answer can be stored', () => {
  const { said } = readAnswer(z.object({ said: z.string() }), { status: 200, retryAfterMs: null, body: { said: odd } });
  expect(said).toBe(`${'x'.repeat(10)}\uFFFD\uFFFD`);
});
