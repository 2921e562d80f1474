/** The simulated Defender keeps the rules of the real one, so that a bot that passes here is not a bot that only passes here. */
import { afterEach, describe, expect, it } from 'vitest';
import { startDefender } from '../../../sandbox/defender/server.ts';
import type { DefenderOptions, DefenderWorld } from '../../../sandbox/defender/types.ts';

const machine = '1e5bc9d7e413ddd7902c2932e418702b84d0cc07';
const audience = 'https://api.securitycenter.microsoft.com';
const holders: Record<string, string[] | null> = { all: null, scanner: ['Machine.Scan'], reader: ['Machine.Read.All'] };

let world: DefenderWorld;
let now: number;
afterEach(() => world.close());

async function open(options: Partial<DefenderOptions> = {}): Promise<void> {
  now = Date.parse('2026-11-21T08:00:00Z');
  const tokens = (token: string) => {
    const permissions = holders[token];
    return permissions === undefined
      ? undefined
      : { audience: token === 'graph' ? 'https://graph.microsoft.com' : audience, permissions, until: now + 3_600_000 };
  };
  const devices = [{ id: machine, name: 'wks-0042.contoso.example' }];
  world = await startDefender({ tokens, devices, now: () => now, pendingMs: 1000, runningMs: 4000, ...options });
}

type Told = { status: number; retryAfter: string | null; body: Record<string, unknown> & { value: Record<string, unknown>[] } };
async function ask(method: string, path: string, body?: object, token = 'all'): Promise<Told> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const response = await fetch(`${world.url}${path}`, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
  const text = await response.text();
  return { status: response.status, retryAfter: response.headers.get('retry-after'), body: text === '' ? {} : JSON.parse(text) };
}
const isolate = (comment = 'why', token?: string) =>
  ask('POST', `/api/machines/${machine}/isolate`, { Comment: comment, IsolationType: 'Full' }, token);

describe('a machine action', () => {
  it('goes from Pending over InProgress to Succeeded as time passes', async () => {
    await open();
    const made = await isolate();
    expect(made).toMatchObject({ status: 201, body: { status: 'Pending', type: 'Isolate', scope: 'Full', machineId: machine } });
    expect(String(made.body['creationDateTimeUtc'])).toMatch(/\.\d{7}Z$/);
    const standing = async () => (await ask('GET', `/api/machineactions/${made.body['id']}`)).body['status'];
    now += 2000;
    expect(await standing()).toBe('InProgress');
    now += 4000;
    expect(await standing()).toBe('Succeeded');
    world.change(machine, { isOnline: false });
    expect(await standing()).toBe('Succeeded');
  });

  it('waits three days for a device that is away, then gives up', async () => {
    await open();
    world.change(machine, { isOnline: false });
    await isolate();
    now += 86_400_000;
    expect(world.machineActions()).toMatchObject([{ status: 'Pending' }]);
    now += 2.1 * 86_400_000;
    expect(world.machineActions()).toMatchObject([{ status: 'TimeOut' }]);
  });

  it('is refused while the same is in progress, and can be cancelled until it has ended', async () => {
    await open();
    const { body } = await isolate();
    expect(await isolate()).toMatchObject({ status: 400, body: { error: { message: 'Action is already in progress' } } });
    const cancel = () => ask('POST', `/api/machineactions/${body['id']}/cancel`, { Comment: 'no' });
    expect(await cancel()).toMatchObject({ status: 200, body: { status: 'Cancelled', cancellationComment: 'no' } });
    expect((await cancel()).status).toBe(404);
  });

  it.each([
    ['without a comment', 'isolate', { IsolationType: 'Full' }],
    ['with a key in lower case', 'isolate', { comment: 'why', isolationType: 'Full' }],
    ['without a kind of isolation', 'isolate', { Comment: 'why' }],
    ['of a file that is none', 'StopAndQuarantineFile', { Comment: 'why', Sha1: 'abc' }],
  ])('%s is refused', async (_, path, body) => {
    await open();
    expect((await ask('POST', `/api/machines/${machine}/${path}`, body)).status).toBe(400);
    expect((await ask('POST', `/api/machines/${'0'.repeat(40)}/isolate`, { Comment: 'x', IsolationType: 'Full' })).status).toBe(404);
  });

  it('needs the permission of its kind and a token for this API', async () => {
    await open();
    holders['graph'] = null;
    expect((await isolate('why', 'scanner')).status).toBe(403);
    expect((await isolate('why', 'nobody')).status).toBe(401);
    expect((await isolate('why', 'graph')).status).toBe(401);
    expect((await ask('GET', '/api/machineactions', undefined, 'reader')).status).toBe(200);
  });

  it('is listed by filter, the newest first, page by page', async () => {
    await open();
    await isolate();
    now += 60_000;
    await ask('POST', `/api/machines/${machine}/runAntiVirusScan`, { Comment: 'two', ScanType: 'Quick' });
    const list = (query: string) => ask('GET', `/api/machineactions?${query}`).then(({ body }) => body.value?.map(({ type }) => type));
    expect(await list('')).toEqual(['RunAntiVirusScan', 'Isolate']);
    expect(await list(`$filter=${encodeURIComponent(`machineId eq '${machine}' and type eq 'Isolate'`)}`)).toEqual(['Isolate']);
    expect(await list(`$filter=${encodeURIComponent('creationDateTimeUtc ge 2026-11-21T08:00:30Z')}`)).toEqual(['RunAntiVirusScan']);
    expect(await list('$top=1&$skip=1')).toEqual(['Isolate']);
    expect((await ask('GET', `/api/machineactions?$filter=${encodeURIComponent("type eq 'A' or type eq 'B'")}`)).status).toBe(400);
  });
});

describe('the limits', () => {
  it('are a hundred calls in any minute and 1,500 in any hour', async () => {
    await open();
    const call = () => ask('GET', '/api/machineactions?$top=1');
    for (let made = 0; made < 100; made += 1) expect((await call()).status).toBe(200);
    expect(await call()).toMatchObject({ status: 429, retryAfter: '60' });
    now += 60_000;
    expect((await call()).status).toBe(200);
  });
});

describe('a misbehaviour', () => {
  it('that hides an answer leaves what was done', async () => {
    await open();
    world.faults.add({ kind: 'lostAnswer', times: 1 });
    await expect(isolate('[countersign D-01JD6Q0000000000000000000A] x')).rejects.toThrow();
    world.faults.add({ kind: 'http500After', times: 1 });
    expect((await ask('POST', `/api/machines/${machine}/offboard`, { Comment: 'y' })).status).toBe(500);
    expect(world.machineActions()).toHaveLength(2);
    expect([...world.executions().values()]).toEqual([1]);
  });

  it('that breaks off leaves nothing done', async () => {
    await open();
    for (const kind of ['reset', 'http503', 'throttle'] as const) {
      world.faults.add({ kind, times: 1 });
      await isolate().catch(() => {});
    }
    expect(world.machineActions()).toEqual([]);
  });
});
