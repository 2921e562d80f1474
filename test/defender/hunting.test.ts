/** Advanced hunting over real HTTP, against the simulated Graph and against one that breaks every rule. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { HuntingTenant } from '../../sandbox/defender/hunting.ts';
import { startEntra } from '../../sandbox/entra/server.ts';
import type { EntraWorld } from '../../sandbox/entra/types.ts';
import { HuntError, type Hunting } from '../../src/action-center/hunting.ts';
import type { Lanes } from '../../src/action-center/ports.ts';
import { openHunting, type ReaderTokens } from '../../src/defender/hunting.ts';
import { openLog } from '../../src/log.ts';
import { tokenSource } from '../../src/microsoft/token.ts';

const tenantId = '11111111-2222-4333-8444-555555555555';
const app = { clientId: '0a0a0a0a-1111-4222-8333-444444444444', secret: 'the-apps-secret-for-tests' };
const query = 'let h = "x";\nDeviceFileEvents\n| where Timestamp > ago(30d) and SHA1 =~ h\n| take 100';
const person = { timespan: 'P30D', for: 'person' as const };
const background = { timespan: 'P30D', for: 'background' as const };
const never = new AbortController().signal;

/** In memory, with the real arithmetic. */
function openLanes(): Lanes & { taken: string[]; blocked: Map<string, number> } {
  const buckets = new Map<string, { tokens: number; at: number }>();
  const taken: string[] = [];
  const blocked = new Map<string, number>();
  return {
    taken,
    blocked,
    take: async (lane, { capacity, perSecond }, now) => {
      const bucket = buckets.get(lane) ?? { tokens: capacity, at: now };
      const tokens = Math.min(capacity, bucket.tokens + ((now - bucket.at) / 1000) * perSecond);
      if (tokens < 1) return Math.ceil(((1 - tokens) / perSecond) * 1000);
      buckets.set(lane, { tokens: tokens - 1, at: now });
      taken.push(lane);
      return 0;
    },
    block: async (lane, until) => void blocked.set(lane, until),
  };
}

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function open(hunting: HuntingTenant, permissions?: string[]) {
  const apps = [{ ...app, ...(permissions ? { permissions } : {}) }];
  const entra = await startEntra({ tenantId, apps, people: [], hunting });
  closing.push(() => entra.close());
  const lines: string[] = [];
  const log = openLog('debug', { write: (line) => void lines.push(line) });
  const settings = { tenantId, clientId: app.clientId, credential: { kind: 'secret' as const, secret: app.secret }, ...entra };
  const lanes = openLanes();
  const tokens = tokenSource(
    { ...settings, audience: new URL(settings.graphUrl).origin, service: 'directory' },
    { log, now: () => performance.now() },
  );
  return { entra, lanes, lines, hunting: openHunting({ graphUrl: entra.graphUrl, tenantId, tokens, lanes, log }) };
}

const troubleOf = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(HuntError);
  return (error as HuntError).trouble;
};
const asked = (entra: EntraWorld) => entra.calls.filter(({ route }) => route === 'hunting').length;
const rowsOf = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ Timestamp: `2026-11-20T10:00:00.${index}Z`, SHA1: 'X', Size: index }));

describe('a hunting query', () => {
  it('brings typed columns and rows, with the timespan asked for', async () => {
    const { hunting, entra } = await open({ tables: { DeviceFileEvents: rowsOf(2) } });
    const answer = await hunting.run(query, person, never);
    expect(answer).toMatchObject({ truncated: false });
    expect(answer.columns).toContainEqual({ name: 'Timestamp', type: 'DateTime' });
    expect(answer.rows).toHaveLength(2);
    expect(entra.calls.at(-1)?.body).toEqual({ Query: query, Timespan: 'P30D' });
  });

  it('keeps what it does not know, and what the schema does not name is left out', async () => {
    const { hunting } = await open({ tables: {}, moods: ['odd-types'] });
    const { columns, rows } = await hunting.run(query, person, never);
    expect(columns.map(({ type }) => type)).toEqual(['DateTime', 'GeoPolygon', 'Decimal', 'SByte']);
    expect(rows).toEqual([
      ['2026-11-20T10:00:00.1234567Z', { points: [[1, 2]] }, 12.5, true],
      [null, null, null, null],
    ]);
  });

  it('brings 10,000 rows as they are', async () => {
    const { hunting } = await open({ tables: { DeviceFileEvents: rowsOf(10_001) } });
    const answer = await hunting.run(query.replace('| take 100', '| sort by Timestamp'), person, never);
    expect(answer.rows).toHaveLength(10_000);
    expect(answer.truncated).toBe(false);
  });

  it.each([
    ['time-out', 'timed-out', 1],
    ['no-table', 'not-taken', 1],
    ['quota', 'busy', 1],
  ] as const)('in the mood %s ends as %s', async (mood, trouble, calls) => {
    const { hunting, entra, lanes } = await open({ tables: {}, moods: [mood] });
    expect(await troubleOf(hunting.run(query, person, never))).toBe(trouble);
    expect(asked(entra)).toBe(calls);
    expect(lanes.blocked.size).toBe(mood === 'quota' ? 1 : 0);
  });

  it.each([
    ['http500', 'unavailable', 2],
    ['garbage', 'unavailable', 1],
    ['empty', 'unavailable', 1],
    ['reset', 'unavailable', 1],
    ['http403', 'not-allowed', 1],
  ] as const)('when Graph answers %s ends as %s', async (kind, trouble, calls) => {
    const { hunting, entra } = await open({ tables: {} });
    entra.faults.add({ route: 'hunting', kind });
    expect(await troubleOf(hunting.run(query, person, never))).toBe(trouble);
    expect(asked(entra)).toBe(calls);
  });

  it('is asked once more after a failure or a short pause', async () => {
    const { hunting, entra } = await open({ tables: { DeviceFileEvents: rowsOf(1) } });
    entra.faults.add({ route: 'hunting', kind: 'http503', times: 1 });
    expect((await hunting.run(query, person, never)).rows).toHaveLength(1);
    entra.faults.add({ route: 'hunting', kind: 'throttle', retryAfterSeconds: 1, times: 1 });
    expect((await hunting.run(query, person, never)).rows).toHaveLength(1);
    entra.faults.add({ route: 'hunting', kind: 'throttle', retryAfterSeconds: 1, times: 1 });
    expect(await troubleOf(hunting.run(query, background, never))).toBe('busy');
  });

  it('that hangs ends when its caller says so', async () => {
    const { hunting, entra } = await open({ tables: {} });
    entra.faults.add({ route: 'hunting', kind: 'hang' });
    expect(await troubleOf(hunting.run(query, person, AbortSignal.timeout(200)))).toBe('timed-out');
  });

  it('of the bot itself leaves room for people, and all stay within 45 a minute', async () => {
    const { hunting, lanes } = await open({ tables: {} });
    const own = await Promise.allSettled(Array.from({ length: 10 }, () => hunting.run(query, background, never)));
    expect(own.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    const people = await Promise.allSettled(Array.from({ length: 6 }, () => hunting.run(query, person, never)));
    expect(people.every(({ status }) => status === 'fulfilled')).toBe(true);
    expect(lanes.taken.filter((lane) => !lane.endsWith('background'))).toHaveLength(9);
  });

  it('whose token is not taken any more gets a new one', async () => {
    const { hunting, entra, lanes } = await open({ tables: { DeviceFileEvents: rowsOf(1) } });
    const dropped: string[] = [];
    const real = tokenSource(
      {
        tenantId,
        clientId: app.clientId,
        credential: { kind: 'secret', secret: app.secret },
        ...entra,
        audience: new URL(entra.graphUrl).origin,
        service: 'directory',
      },
      { log: openLog('silent', { write: () => {} }), now: () => performance.now() },
    );
    let first = true;
    const tokens: ReaderTokens = {
      token: async (deadline) => {
        const token = first ? 'revoked' : await real.token(deadline);
        first = false;
        return token;
      },
      drop: (token) => void dropped.push(token),
    };
    const other = openHunting({ graphUrl: entra.graphUrl, tenantId, tokens, lanes, log: openLog('silent', { write: () => {} }) });
    expect((await other.run(query, person, never)).rows).toHaveLength(1);
    expect(dropped).toEqual(['revoked']);
    expect(hunting.isOn()).toBe(true);
  });
});

describe('without the permission', () => {
  const offLines = (lines: string[]) => lines.filter((line) => line.includes('Run here and evidence are off'));

  it('it is off, and operators hear once which one to grant', async () => {
    const { hunting, lines } = await open({ tables: {} }, ['User.Read.All']);
    await hunting.check();
    await hunting.check();
    expect(hunting.isOn()).toBe(false);
    expect(await troubleOf(hunting.run(query, person, never))).toBe('not-allowed');
    expect(offLines(lines)).toHaveLength(1);
    expect(offLines(lines)[0]).toContain('ThreatHunting.Read.All');
  });

  it('it is on again when an answer comes, and that is said too', async () => {
    const { hunting, entra, lines } = await open({ tables: {} });
    entra.faults.add({ route: 'hunting', kind: 'http403', times: 1 });
    await troubleOf(hunting.run(query, person, never));
    expect(hunting.isOn()).toBe(false);
    await hunting.run(query, person, never);
    expect(hunting.isOn()).toBe(true);
    expect(lines.some((line) => line.includes('are on again'))).toBe(true);
  });
});

describe('a Graph that breaks the rules', () => {
  async function against(answer: {
    status: number;
    headers?: Record<string, string>;
    body: (write: (text: string) => boolean) => void;
  }): Promise<Hunting> {
    const server = createServer((_, res) => {
      res.writeHead(answer.status, answer.headers);
      answer.body((text) => res.write(text));
      res.end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    closing.push(async () => {
      server.closeAllConnections();
      server.close();
    });
    const tokens: ReaderTokens = { token: async () => 'a.b.c', drop: () => {} };
    const graphUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return openHunting({ graphUrl, tenantId, tokens, lanes: openLanes(), log: openLog('silent', { write: () => {} }) });
  }

  it('with an answer of 20 MB is not read to its end', async () => {
    const piece = 'x'.repeat(1_048_576);
    const hunting = await against({
      status: 200,
      body: (write) => {
        for (let count = 0; count < 20; count += 1) write(piece);
      },
    });
    expect(await troubleOf(hunting.run(query, person, never))).toBe('too-large');
  });

  it('with a redirect is not followed: the token would go along', async () => {
    const hunting = await against({ status: 302, headers: { location: 'https://evil.example/' }, body: () => {} });
    expect(await troubleOf(hunting.run(query, person, never))).toBe('unavailable');
  });

  it('with more rows than are taken along is cut, and that is said', async () => {
    const body = { schema: [{ name: 'A', type: 'Int32' }], results: Array.from({ length: 10_001 }, (_, index) => ({ A: index })) };
    const hunting = await against({ status: 200, body: (write) => write(JSON.stringify(body)) });
    const answer = await hunting.run(query, person, never);
    expect([answer.rows.length, answer.truncated]).toEqual([10_000, true]);
  });

  it('cannot reach what every object has', async () => {
    const body = {
      schema: [
        { name: 'constructor', type: 'String' },
        { name: '__proto__', type: 'String' },
      ],
      results: [{}],
    };
    const hunting = await against({ status: 200, body: (write) => write(JSON.stringify(body)) });
    expect((await hunting.run(query, person, never)).rows).toEqual([[null, null]]);
  });
});
