import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ActionId } from '../../src/action-center/action.ts';
import { UpstreamError } from '../../src/action-center/errors.ts';
import type { AuditEvent } from '../../src/action-center/ports.ts';
import { decided, settled } from '../../src/action-center/transitions.ts';
import { type IntakeDeps, intakeHandler } from '../../src/intake/http.ts';
import { producerLimits } from '../../src/intake/producer-limits.ts';
import { openLog } from '../../src/log.ts';
import { aSubmission, openRecord, type Record } from './record.ts';

const secret = 'intake-secret-0123456789';
let record: Record;
let url = '';
const servers: Server[] = [];
const warnings: string[] = [];

async function serve(changes: Partial<IntakeDeps> = {}): Promise<string> {
  const handle = intakeHandler({
    secrets: [secret],
    now: () => Date.now(),
    log: openLog('warn', { write: (line) => warnings.push(line) }),
    announce: record.announce,
    get: (id) => record.store.get(id),
    history: (id) => record.store.history(id),
    ...changes,
  });
  const server = createServer((req, res) => {
    handle(req, res).catch(() => res.destroy());
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

beforeAll(async () => {
  record = await openRecord();
  url = await serve();
});
afterEach(() => {
  for (const server of servers.splice(1)) server.close().closeAllConnections();
});
afterAll(async () => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
  await record.close();
});

function signed(body: string | Buffer, { key = secret, at = Math.floor(Date.now() / 1000) } = {}): { [name: string]: string } {
  const signature = createHmac('sha256', key).update(`${at}.`).update(body).digest('hex');
  return { 'content-type': 'application/json', 'x-countersign-timestamp': `${at}`, 'x-countersign-signature': `v1=${signature}` };
}

async function post(body: unknown, { headers = {}, to = url }: { headers?: { [name: string]: string }; to?: string } = {}) {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const response = await fetch(`${to}/v1/actions`, {
    method: 'POST',
    headers: { ...signed(bytes), ...headers },
    body: new Uint8Array(bytes),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as { [key: string]: unknown } };
}

async function get(path: string, headers = signed('')) {
  const response = await fetch(`${url}/v1/actions/${path}`, { headers });
  return { status: response.status, body: (await response.json()) as { [key: string]: unknown } };
}

const issuesIn = (answer: { body: { [key: string]: unknown } }) =>
  (answer.body['error'] as { issues: { path: string; message: string }[] }).issues;

describe('POST /v1/actions', () => {
  it('stores a new action and says under which id', async () => {
    const answer = await post(aSubmission());
    expect(answer).toMatchObject({ status: 202, body: { status: 'pending', new: true } });
    expect(await record.store.get(ActionId.parse(answer.body['id']))).toMatchObject({ status: 'pending', producer: 'sentinel' });
  });

  it('recognises a repetition, and answers with the id of the first', async () => {
    const body = aSubmission();
    const first = await post(body);
    expect(await post(body)).toMatchObject({ status: 202, body: { id: first.body['id'], new: false } });
  });

  it('stores one of twenty at once', async () => {
    const body = aSubmission();
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(body)));
    expect(answers.filter((answer) => answer.body['new'])).toHaveLength(1);
    expect(new Set(answers.map((answer) => answer.body['id'])).size).toBe(1);
  });

  it('refuses other content under the same id', async () => {
    const body = aSubmission();
    await post(body);
    expect(await post({ ...body, title: 'Something else' })).toMatchObject({ status: 409, body: { error: { code: 'conflict' } } });
  });

  it('takes the id from Idempotency-Key when that is given', async () => {
    const { id: _id, ...body } = aSubmission();
    const headers = { 'idempotency-key': `key-${Date.now()}` };
    const first = await post(body, { headers });
    expect(first).toMatchObject({ status: 202, body: { new: true } });
    expect(await post({ ...body, id: 'ignored' }, { headers })).toMatchObject({ status: 202, body: { id: first.body['id'], new: false } });
    expect(await get(String(first.body['id']))).toMatchObject({ body: { key: headers['idempotency-key'] } });
  });

  it('accepts a signature list while keys rotate', async () => {
    const body = JSON.stringify(aSubmission());
    const mine = signed(body);
    const headers = { ...mine, 'x-countersign-signature': `v1=${'0'.repeat(64)}, ${mine['x-countersign-signature']}` };
    expect(await post(body, { headers })).toMatchObject({ status: 202 });
  });
});

describe('an unsigned request', () => {
  it.each([
    ['without a signature', { 'x-countersign-signature': '' }],
    ['without a time', { 'x-countersign-timestamp': '' }],
    ['with a wrong signature', { 'x-countersign-signature': `v1=${'0'.repeat(64)}` }],
  ])('%s is refused before its body is looked at', async (_what, headers) => {
    expect(await post('{ not even JSON', { headers })).toMatchObject({ status: 401, body: { error: { code: 'unauthorized' } } });
  });

  it('from another key is refused', async () => {
    const body = JSON.stringify(aSubmission());
    expect(await post(body, { headers: signed(body, { key: 'another-secret-0123' }) })).toMatchObject({ status: 401 });
  });

  it('that is stale is refused', async () => {
    const body = JSON.stringify(aSubmission());
    const at = Math.floor(Date.now() / 1000);
    expect(await post(body, { headers: signed(body, { at: at - 310 }) })).toMatchObject({ status: 401 });
    expect(await post(body, { headers: signed(body, { at: at + 310 }) })).toMatchObject({ status: 401 });
  });

  it('is every request where no secret is configured', async () => {
    const to = await serve({ secrets: [] });
    expect(await post(aSubmission(), { to })).toMatchObject({ status: 401 });
  });

  it('does not fill the log', async () => {
    const to = await serve({ now: () => 1_763_712_000_000 });
    warnings.length = 0;
    await Promise.all(Array.from({ length: 20 }, () => post(aSubmission(), { to, headers: { 'x-countersign-signature': 'v1=' } })));
    expect(warnings).toHaveLength(1);
  });
});

describe('a body that is wrong', () => {
  it('is refused with the path of every wrong field', async () => {
    const answer = await post(aSubmission({ severity: 'urgent', entities: [{ type: 'file', sha256: 'abc' }], sevrity: 1 }));
    expect(answer).toMatchObject({ status: 400, body: { error: { code: 'invalid' } } });
    expect(issuesIn(answer).map(({ path }) => path)).toEqual(expect.arrayContaining(['severity', 'entities.0.sha256', 'sevrity']));
  });

  it.each([
    ['that is empty', Buffer.alloc(0), 'is empty'],
    ['that is no JSON', Buffer.from('{"id": '), 'is not valid JSON'],
    ['that is no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]), 'is not valid UTF-8'],
    ['that is nested too deeply', Buffer.from(`${'['.repeat(100_000)}${']'.repeat(100_000)}`), 'is nested deeper than 32 levels'],
  ])('%s gets a 400', async (_what, body, message) => {
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(issuesIn(answer).map((issue) => issue.message)).toEqual([message]);
  });

  it.each([
    ['a NUL character', '\u0000'],
    ['half a surrogate pair', '\ud83d'],
  ])('with %s, which no database stores, is refused at its place', async (_what, character) => {
    expect(issuesIn(await post(aSubmission({ title: `x${character}y` })))).toMatchObject([{ path: 'title' }]);
    expect(issuesIn(await post(aSubmission({ parameters: { deep: { [`k${character}`]: 1 } } })))).toMatchObject([
      { path: 'parameters.deep' },
    ]);
  });

  it('of more than 256 KiB gets a 413, and the connection is closed', async () => {
    const answer = await post(aSubmission({ details: 'x'.repeat(300_000) }));
    expect(answer).toMatchObject({ status: 413, body: { error: { code: 'too-large' } } });
    expect(answer.headers.get('connection')).toBe('close');
  });

  it('of more than 256 KiB gets a 413 also when its size is not told beforehand', async () => {
    const chunks = async function* () {
      for (let sent = 0; sent < 10; sent += 1) yield new Uint8Array(65_536).fill(0x20);
    };
    const options = { method: 'POST', headers: signed(''), body: chunks(), duplex: 'half' } as unknown as RequestInit;
    expect((await fetch(`${url}/v1/actions`, options)).status).toBe(413);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=utf-16', 'application/jsonp'])(
    'as %s gets a 415',
    async (type) => {
      expect(await post(aSubmission(), { headers: { 'content-type': type } })).toMatchObject({ status: 415 });
    },
  );

  it('as application/json; charset=UTF-8 is fine', async () => {
    expect(await post(aSubmission(), { headers: { 'content-type': 'application/json; charset=UTF-8' } })).toMatchObject({ status: 202 });
  });

  it('that is compressed gets a 415', async () => {
    expect(await post(aSubmission(), { headers: { 'content-encoding': 'gzip' } })).toMatchObject({ status: 415 });
  });

  it('whose deadline has passed is refused with the field', async () => {
    const answer = await post(aSubmission({ expiresAt: '2020-01-01T00:00:00Z' }));
    expect(answer.status).toBe(400);
    expect(issuesIn(answer)).toMatchObject([{ path: 'expiresAt' }]);
  });

  it('that does not come gets a 408, and the connection is closed', async () => {
    const to = new URL(await serve({ bodyDeadlineMs: 50 }));
    const socket = connect(Number(to.port), to.hostname);
    socket.write('POST /v1/actions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{');
    const parts: Buffer[] = [];
    for await (const part of socket) parts.push(part);
    expect(Buffer.concat(parts).toString()).toMatch(/^HTTP\/1.1 408 [\s\S]*connection: close/i);
  });

  it('that breaks off leaves the server standing', async () => {
    const { port, hostname } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    socket.write('POST /v1/actions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{');
    socket.resetAndDestroy();
    expect(await post(aSubmission())).toMatchObject({ status: 202 });
  });
});

describe('a record that is unavailable', () => {
  it('gets a 503 with a time to come back, and a promise', async () => {
    const to = await serve({
      announce: async () => {
        throw new UpstreamError('store', 'password authentication failed for user "x"', { retryable: true, retryAfterMs: 2500 });
      },
    });
    const answer = await post(aSubmission(), { to });
    expect(answer).toMatchObject({
      status: 503,
      body: { error: { code: 'unavailable', message: expect.stringContaining('nothing was stored') } },
    });
    expect(answer.headers.get('retry-after')).toBe('3');
    expect(JSON.stringify(answer.body)).not.toContain('password');
  });
});

describe('a producer that is too fast', () => {
  it('gets a 429 with a time to come back; another one does not', async () => {
    const to = await serve({ limits: producerLimits({ perSecond: 0.1, burst: 2 }) });
    await post(aSubmission(), { to });
    await post(aSubmission(), { to });
    const answer = await post(aSubmission(), { to });
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(await post(aSubmission({ producer: 'mdo' }), { to })).toMatchObject({ status: 202 });
  });
});

describe('GET /v1/actions/:id', () => {
  it('answers the action as stored', async () => {
    const body = aSubmission({ parameters: { isolationType: 'Full' }, requestedAt: new Date(Date.now() - 1000).toISOString() });
    const { id } = (await post(body)).body;
    const answer = await get(String(id));
    expect(answer).toMatchObject({
      status: 200,
      body: { ...body, id, key: body.id, status: 'pending', approvals: [], decision: null, outcome: null, history: [] },
    });
    expect(answer.body).toHaveProperty('createdAt');
    expect(answer.body).toHaveProperty('updatedAt');
    for (const inner of ['tenantId', 'contentDigest', 'version', 'policyVersion']) expect(answer.body).not.toHaveProperty(inner);
  });

  it('tells decisions and outcomes in order', async () => {
    const id = ActionId.parse((await post(aSubmission())).body['id']);
    const decision = {
      decisionId: `D-${id}`.slice(0, 64),
      verb: 'approve' as const,
      actor: { entraId: 'e-1', upn: 'alice@contoso.example', displayName: 'Alice Adams', rolesUsed: ['SecurityAdministrator'] },
      platform: 'slack' as const,
      comment: null,
      decidedAt: new Date().toISOString(),
      scopeDigest: 'sha256:0',
    } as unknown as Parameters<typeof decided>[1];
    const pending = await record.store.get(id);
    if (!pending) throw new Error('not stored');
    const { final: _final, ...approved } = decided(pending, decision);
    const queued = await record.store.apply(approved);
    if (!queued) throw new Error('not decided');
    for (const status of ['inProgress', 'completed'] as const) {
      const current = await record.store.get(id);
      const outcome = { status, at: new Date().toISOString(), message: null, externalRef: { machineActionId: 'm-1' } };
      const step = current && settled(current, decision.decisionId, outcome);
      if (step) await record.store.apply(step);
    }
    expect((await get(id)).body).toMatchObject({
      status: 'completed',
      decision: { decisionId: decision.decisionId, verb: 'approve', actor: { upn: 'alice@contoso.example' }, platform: 'slack' },
      outcome: { status: 'completed', externalRef: { machineActionId: 'm-1' } },
      approvals: [{ decisionId: decision.decisionId }],
      history: [
        { kind: 'decision', verb: 'approve', decisionId: decision.decisionId, final: true },
        { kind: 'outcome', status: 'inProgress' },
        { kind: 'outcome', status: 'completed' },
      ],
    });
  });

  it('needs the signature', async () => {
    const { id } = (await post(aSubmission())).body;
    expect(await get(String(id), {})).toMatchObject({ status: 401 });
    expect(await get(String(id), signed('', { key: 'another-secret-0123' }))).toMatchObject({ status: 401 });
  });

  it.each(['A-UNKNOWN', '%E0%A4%A', '', `${'x'.repeat(100)}`, 'a/b', '%00'])('answers 404 to %j', async (id) => {
    expect(await get(id)).toMatchObject({ status: 404, body: { error: { code: 'not-found' } } });
  });

  it('says so when the record is unavailable', async () => {
    const unavailable = async (): Promise<AuditEvent[]> => {
      throw new UpstreamError('store', 'away', { retryable: true });
    };
    const { id } = (await post(aSubmission())).body;
    const to = await serve({ history: unavailable });
    expect((await fetch(`${to}/v1/actions/${id}`, { headers: signed('') })).status).toBe(503);
  });
});

describe('another method', () => {
  it.each([
    ['GET', '/v1/actions', 'POST'],
    ['PUT', '/v1/actions', 'POST'],
    ['POST', '/v1/actions/A-1', 'GET'],
    ['DELETE', '/v1/actions/A-1', 'GET'],
  ])('%s %s gets a 405 that names the right one', async (method, path, allowed) => {
    const response = await fetch(`${url}${path}`, { method, headers: signed('') });
    expect([response.status, response.headers.get('allow')]).toEqual([405, allowed]);
  });
});
