import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { EntraFault, EntraRoute } from '../../../sandbox/entra/types.ts';
import {
  ALICE,
  APP,
  askToken,
  authorizeUrl,
  BOB,
  checked,
  codeOf,
  graph,
  guid,
  rowsOf,
  SECURITY_ADMIN,
  startWorld,
  TENANT,
  tokenOf,
} from './world.ts';

const user = `v1.0/users/${ALICE.id}`;

describe('faults', () => {
  test.each<[EntraFault['kind'], number, string]>([
    ['throttle', 429, 'TooManyRequests'],
    ['http500', 500, 'InternalServerError'],
    ['http503', 503, 'ServiceUnavailable'],
    ['http403', 403, 'Authorization_RequestDenied'],
  ])('%s comes as Graph says it, with the pause if there is one', async (kind, status, code) => {
    const world = await startWorld();
    await graph(world, user);
    world.faults.add({ route: 'user', kind, retryAfterSeconds: 7, times: 1 });
    world.faults.add({ route: 'user', kind, times: 1 });
    const first = await graph(world, user);
    expect(first).toMatchObject({ status, body: { error: { innerError: { 'request-id': expect.any(String) } } } });
    expect(codeOf(first)).toBe(code);
    expect(first.headers.get('retry-after')).toBe('7');
    expect((await graph(world, user)).headers.get('retry-after')).toBeNull();
    expect((await graph(world, user)).status).toBe(200);
    expect(world.calls.filter(({ route }) => route === 'user').map((call) => call.status)).toEqual([200, status, status, 200]);
  });

  test('stay until they are cleared when no number is given', async () => {
    const world = await startWorld();
    const token = await tokenOf(world);
    world.faults.add({ kind: 'http500' });
    for (const _ of [1, 2, 3]) expect((await graph(world, user, { token })).status).toBe(500);
    expect((await askToken(world)).status).toBe(500);
    world.faults.clear();
    expect((await graph(world, user, { token })).status).toBe(200);
  });

  test('meet only what they are for', async () => {
    const world = await startWorld();
    world.faults.add({ route: 'checkMemberObjects', kind: 'http403' });
    expect((await graph(world, user)).status).toBe(200);
    expect((await checked(world, ALICE, [SECURITY_ADMIN])).status).toBe(403);
  });

  test('meet the login service in its own words', async () => {
    const world = await startWorld();
    world.faults.add({ route: 'token', kind: 'throttle', retryAfterSeconds: 3, times: 1 });
    const answer = await askToken(world);
    expect(answer).toMatchObject({ status: 429, body: { error: 'temporarily_unavailable', error_codes: [90033] } });
    expect(answer.headers.get('retry-after')).toBe('3');
    world.faults.add({ route: 'authorize', kind: 'http503', times: 1 });
    expect(await world.signIn(authorizeUrl(world), ALICE.id)).toMatchObject({ status: 503, location: null });
  });

  test('garbage is a success that is no JSON; nothing is one that is', async () => {
    const world = await startWorld();
    const headers = { Authorization: `Bearer ${await tokenOf(world)}` };
    world.faults.add({ route: 'user', kind: 'garbage', times: 1 });
    const garbage = await fetch(`${world.graphUrl}/${user}`, { headers });
    expect(garbage.status).toBe(200);
    await expect(garbage.json()).rejects.toThrow();
    const routes: [EntraRoute, () => Promise<{ status: number; body: unknown }>, object][] = [
      ['user', () => graph(world, user), {}],
      ['users', () => graph(world, 'v1.0/users'), { value: [] }],
      ['checkMemberObjects', () => checked(world, ALICE, [SECURITY_ADMIN]), { value: [] }],
      ['token', () => askToken(world), {}],
    ];
    for (const [route, ask, body] of routes) {
      world.faults.add({ route, kind: 'empty', times: 1 });
      expect(await ask(), route).toMatchObject({ status: 200, body });
    }
    world.faults.add({ route: 'keys', kind: 'empty', times: 1 });
    expect(await (await fetch(`${world.authorityUrl}/${TENANT}/discovery/v2.0/keys`)).json()).toEqual({ keys: [] });
  });

  test('a slow answer comes, a reset one and one that hangs do not', async () => {
    const world = await startWorld();
    const headers = { Authorization: `Bearer ${await tokenOf(world)}` };
    const asked = () => world.calls.filter(({ route }) => route === 'user').length;
    const ask = (signal = AbortSignal.timeout(5_000)) => fetch(`${world.graphUrl}/${user}`, { headers, signal });
    const giveUp = async (): Promise<void> => {
      const [before, controller] = [asked(), new AbortController()];
      const left = expect(ask(controller.signal)).rejects.toThrow(/gave up/);
      await expect.poll(asked).toBe(before + 1);
      controller.abort(new Error('gave up'));
      await left;
    };
    world.faults.add({ route: 'user', kind: 'slow', ms: 60_000, times: 1 });
    await giveUp();
    world.faults.add({ route: 'user', kind: 'slow', ms: 150, times: 1 });
    const began = performance.now();
    expect((await ask()).status).toBe(200);
    expect(performance.now() - began).toBeGreaterThan(140);
    world.faults.add({ route: 'user', kind: 'reset', times: 1 });
    await expect(ask()).rejects.toThrow(/fetch failed/);
    world.faults.add({ route: 'user', kind: 'hang', times: 1 });
    await giveUp();
    expect((await ask()).status).toBe(200);
    expect(world.calls.filter(({ route }) => route === 'user').map(({ status }) => status)).toEqual([200, 200, 0, 0, 200]);
    expect(world.problems).toEqual([]);
  });
});

describe('the end', () => {
  test('does not wait for whoever hangs or idles', async () => {
    const world = await startWorld();
    const token = await tokenOf(world);
    const before = world.calls.length;
    const idle = connect(Number(new URL(world.url).port), '127.0.0.1');
    await once(idle, 'connect');
    const gone = once(idle, 'close');
    world.faults.add({ kind: 'hang', times: 1 });
    world.faults.add({ kind: 'slow', ms: 60_000, times: 1 });
    const left = [graph(world, user, { token }), graph(world, user, { token })].map((asked) => expect(asked).rejects.toThrow());
    await expect.poll(() => world.calls.length - before).toBe(2);
    await world.close();
    await Promise.all([...left, gone]);
    expect(world.problems).toEqual([]);
  });
});

describe('several questions in one call', () => {
  type Response = { id: string; status: number; headers: Record<string, string>; body: Record<string, unknown> };
  const answersOf = ({ body }: { body: Record<string, unknown> }): Map<string, Response> =>
    new Map((body['responses'] as Response[]).map((response) => [response.id, response]));
  const get = (id: string, url: string, headers?: Record<string, string>) => ({ id, method: 'GET', url, ...(headers ? { headers } : {}) });
  const check = (id: string, who: { id: string }) => ({
    id,
    method: 'POST',
    url: `/users/${who.id}/checkMemberObjects`,
    headers: { 'Content-Type': 'application/json' },
    body: { ids: [SECURITY_ADMIN] },
  });

  test('are each answered as if alone', async () => {
    const world = await startWorld();
    const filter = encodeURIComponent(`principalId eq '${BOB.id}'`);
    const url = `/roleManagement/directory/transitiveRoleAssignments?$count=true&$filter=${filter}`;
    const requests = [
      get('a', `/users/${ALICE.id}?$select=id`),
      check('b', BOB),
      get('c', url, { ConsistencyLevel: 'eventual' }),
      get('d', url),
      get('e', `/users/${guid(999)}`),
    ];
    const answers = answersOf(await graph(world, 'beta/$batch', { body: { requests } }));
    expect([...answers.keys()].sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(answers.get('a')).toMatchObject({ status: 200, body: { id: ALICE.id } });
    expect(answers.get('b')).toMatchObject({ status: 200, body: { value: [SECURITY_ADMIN] } });
    expect(rowsOf(answers.get('c') as never)).toHaveLength(1);
    expect(answers.get('d')).toMatchObject({ status: 404 });
    expect(answers.get('e')).toMatchObject({ status: 404, body: { error: { code: 'Request_ResourceNotFound' } } });
    expect(world.calls.filter(({ route }) => route !== 'token').map(({ status }) => status)).toEqual([200, 200, 200, 404, 404]);
  });

  test('are each throttled alone, and lost together', async () => {
    const world = await startWorld();
    const ask = () => graph(world, 'v1.0/$batch', { body: { requests: [get('a', `/users/${ALICE.id}`), check('b', ALICE)] } });
    world.faults.add({ route: 'user', kind: 'throttle', retryAfterSeconds: 9, times: 1 });
    world.faults.add({ route: 'checkMemberObjects', kind: 'garbage', times: 1 });
    const answers = answersOf(await ask());
    expect(answers.get('a')).toMatchObject({ status: 429, headers: { 'Retry-After': '9' } });
    expect(answers.get('b')).toMatchObject({ status: 200, body: expect.stringMatching(/^[\w+/=]+$/) });
    world.faults.add({ route: 'user', kind: 'reset', times: 1 });
    await expect(ask()).rejects.toThrow(/fetch failed/);
  });

  test('need a token, and the permissions of each', async () => {
    const world = await startWorld({ apps: [{ ...APP, permissions: ['User.Read.All'] }] });
    const body = { requests: [get('a', `/users/${ALICE.id}`), check('b', ALICE)] };
    const refused = await graph(world, 'v1.0/$batch', { body, token: 'made-up' });
    expect(refused.status).toBe(401);
    expect(codeOf(refused)).toBe('InvalidAuthenticationToken');
    const answers = answersOf(await graph(world, 'v1.0/$batch', { body }));
    expect([answers.get('a')?.status, answers.get('b')?.status]).toEqual([200, 403]);
  });

  const one = get('a', '/users');
  test.each<[string, unknown]>([
    ['no list', {}],
    ['nothing', { requests: [] }],
    ['too many', { requests: Array.from({ length: 21 }, (_, index) => get(String(index), '/users')) }],
    ['one id twice', { requests: [one, one] }],
    ['a part without a method', { requests: [{ id: 'a', url: '/users' }] }],
    ['a body of no type', { requests: [{ ...check('a', ALICE), headers: {} }] }],
    ['another batch within', { requests: [{ ...check('a', ALICE), url: '/$batch' }] }],
    ['parts in order', { requests: [{ ...one, dependsOn: [] }] }],
  ])('are refused with %s', async (_, body) => {
    const world = await startWorld();
    const answer = await graph(world, 'v1.0/$batch', { body });
    expect(answer.status).toBe(400);
    expect(codeOf(answer)).toBe('BadRequest');
    expect(world.problems).toHaveLength(1);
  });
});
