import { describe, expect, test } from 'vitest';
import { ALICE, at, call, card, edit, GROUP, MAIL, post, SOC, settableClock, startWorld, TENANT, tokenFor } from './world.ts';

const message = { type: 'message', text: 'a' };
const send = (teams: Parameters<typeof call>[0], conversation = SOC) => call(teams, 'POST', at(conversation), message);

describe('faults', () => {
  test('each status comes with its code, before anything is done', async () => {
    const teams = await startWorld();
    const id = await post(teams);
    const expected = { http412: 412, http500: 500, http502: 502, http403: 403, http404: 404 } as const;
    for (const [kind, status] of Object.entries(expected)) {
      teams.faults.add({ where: 'update', kind: kind as keyof typeof expected });
      expect(await edit(teams, id, card())).toMatchObject({ status, body: { error: { code: expect.any(String) } } });
    }
    expect(teams.messages(SOC)).toMatchObject([{ edits: 0 }]);
    const errors = teams.calls.filter(({ method }) => method === 'update').map(({ error }) => error);
    expect(errors).toEqual([
      'PreconditionFailed',
      'ServiceError',
      'ServiceError',
      'BotNotInConversationRoster',
      'ActivityNotFoundInConversation',
    ]);
  });

  test('a rate limit says how long to wait, or does not', async () => {
    const teams = await startWorld();
    teams.faults.add({ where: 'post', kind: 'ratelimit', retryAfterSeconds: 7 });
    teams.faults.add({ where: 'post', kind: 'ratelimit', times: 2 });
    expect(await send(teams)).toMatchObject({ status: 429, retryAfter: '7' });
    for (const _ of [1, 2]) expect(await send(teams)).toMatchObject({ status: 429, retryAfter: null });
    expect(await send(teams)).toMatchObject({ status: 201 });
  });

  test('meet only what they are for', async () => {
    const teams = await startWorld();
    const thread = { isGroup: true, channelData: { channel: { id: SOC } }, activity: message };
    const chat = { isGroup: false, tenantId: TENANT, members: [{ id: ALICE }] };
    teams.faults.add({ where: 'createConversation', kind: 'http500' });
    expect(await call(teams, 'POST', '', thread)).toMatchObject({ status: 201 });
    expect(await call(teams, 'POST', '', chat)).toMatchObject({ status: 500 });
    teams.faults.add({ where: 'post', kind: 'http500' });
    expect(await call(teams, 'POST', '', chat)).toMatchObject({ status: 201 });
    expect(await call(teams, 'POST', '', thread)).toMatchObject({ status: 500 });
    teams.faults.add({ where: 'token', kind: 'http500' });
    expect((await tokenFor(teams)).status).toBe(500);
  });

  test('a lost answer leaves the work done; a reset and a call that hangs do not', async () => {
    const teams = await startWorld();
    await send(teams);
    teams.faults.add({ where: 'post', kind: 'lostAnswer' });
    await expect(send(teams)).rejects.toThrow();
    expect(teams.messages(SOC)).toHaveLength(2);
    teams.faults.add({ where: 'post', kind: 'reset' });
    await expect(send(teams)).rejects.toThrow();
    teams.faults.add({ kind: 'hang' });
    const hanging = fetch(`${teams.serviceUrl}v3/conversations${at(SOC)}`, {
      method: 'POST',
      body: JSON.stringify(message),
      signal: AbortSignal.timeout(200),
    });
    await expect(hanging).rejects.toThrow(/timeout|aborted/i);
    expect(teams.messages(SOC)).toHaveLength(2);
  });

  test('a slow call does its work at once and answers later; faults can be cleared', async () => {
    const teams = await startWorld();
    await send(teams);
    teams.faults.add({ where: 'post', kind: 'slow', ms: 150 });
    const posted = teams.next('message');
    const started = performance.now();
    const answer = send(teams);
    await posted;
    const seenAfter = performance.now() - started;
    expect(await answer).toMatchObject({ status: 201 });
    expect(performance.now() - started).toBeGreaterThan(145);
    expect(seenAfter).toBeLessThan(performance.now() - started - 100);
    teams.faults.add({ kind: 'http500', times: 9 });
    teams.faults.clear();
    expect(await send(teams)).toMatchObject({ status: 201 });
    expect(teams.problems).toEqual([]);
  });
});

describe('rates', () => {
  const worldAt = async () => {
    const clock = settableClock();
    return { clock, teams: await startWorld({ now: clock.now }) };
  };
  const many = async (count: number, work: () => Promise<{ status: number }>): Promise<number[]> => {
    const statuses: number[] = [];
    for (let done = 0; done < count; done += 1) statuses.push((await work()).status);
    return statuses;
  };
  const sent = (statuses: number[]): number => statuses.filter((status) => status < 300).length;

  test('a conversation takes 7 in a second and 8 in two, edits and threads included', async () => {
    const { clock, teams } = await worldAt();
    const id = await post(teams);
    expect(sent(await many(9, () => edit(teams, id, card(), `${SOC};messageid=${id}`)))).toBe(6);
    expect(await send(teams)).toMatchObject({ status: 429, retryAfter: '1', body: { error: { code: 'TooManyRequests' } } });
    expect(await send(teams, MAIL)).toMatchObject({ status: 201 });
    clock.forward(1_000);
    expect(sent(await many(3, () => send(teams)))).toBe(1);
    clock.forward(1_000);
    expect(sent(await many(9, () => send(teams)))).toBe(7);
  });

  test('60 in half a minute', async () => {
    const { clock, teams } = await worldAt();
    let done = 0;
    for (let second = 0; second < 28; second += 2) {
      done += sent(await many(7, () => send(teams)));
      clock.forward(2_000);
    }
    expect(done).toBe(60);
    clock.forward(2_000);
    expect(await send(teams)).toMatchObject({ status: 201 });
  });

  test('1,800 in an hour', async () => {
    const { clock, teams } = await worldAt();
    let done = 0;
    for (let burst = 0; burst < 300; burst += 1) {
      done += sent(await many(7, () => send(teams)));
      clock.forward(4_000);
    }
    expect(done).toBe(1_800);
    expect(await call(teams, 'POST', at(GROUP), message)).toMatchObject({ status: 201 });
  }, 30_000);

  test('50 in a second over all conversations', async () => {
    const conversations = Array.from({ length: 20 }, (_, index) => ({
      id: `19:${index}@thread.tacv2`,
      type: 'channel' as const,
      name: `${index}`,
    }));
    const clock = settableClock();
    const teams = await startWorld({ now: clock.now, conversations });
    let done = 0;
    for (const { id } of conversations) done += sent(await many(5, () => send(teams, id)));
    expect(done).toBe(50);
  });

  test('can be switched off', async () => {
    const teams = await startWorld({ enforceRates: false, now: settableClock().now });
    expect(sent(await many(100, () => send(teams)))).toBe(100);
  });
});
