import { describe, expect, test } from 'vitest';
import { call, SOC, settableClock, startWorld } from './world.ts';

const post = { channel: SOC, text: 'a' };

describe('faults', () => {
  test('a rate limit is answered with 429 and Retry-After, as often as asked', async () => {
    const slack = await startWorld();
    slack.faults.add({ method: 'chat.postMessage', kind: 'ratelimit', retryAfterSeconds: 7, times: 2 });
    expect(await call(slack, 'auth.test', {})).toMatchObject({ ok: true });
    for (const _ of [1, 2])
      expect(await call(slack, 'chat.postMessage', post)).toMatchObject({ status: 429, retryAfter: '7', error: 'ratelimited' });
    expect(await call(slack, 'chat.postMessage', post)).toMatchObject({ ok: true });
    expect(slack.messages(SOC)).toHaveLength(1);
  });

  test('a 500 and an error of choice happen before anything is done', async () => {
    const slack = await startWorld();
    slack.faults.add({ kind: 'http500' });
    slack.faults.add({ kind: 'error', error: 'team_access_not_granted', when: (args) => args['text'] === 'a' });
    expect(await call(slack, 'chat.postMessage', post)).toMatchObject({ status: 500 });
    expect(await call(slack, 'chat.postMessage', post)).toMatchObject({ status: 200, error: 'team_access_not_granted' });
    expect(slack.messages(SOC)).toEqual([]);
    expect(slack.calls.map(({ status, ok }) => [status, ok])).toEqual([
      [500, false],
      [200, false],
    ]);
  });

  test('a lost answer leaves the message posted', async () => {
    const slack = await startWorld();
    slack.faults.add({ kind: 'lostAnswer' });
    await expect(call(slack, 'chat.postMessage', post)).rejects.toThrow();
    expect(slack.messages(SOC)).toHaveLength(1);
  });

  test('a reset connection and a call that hangs do nothing', async () => {
    const slack = await startWorld();
    slack.faults.add({ kind: 'reset' });
    await expect(call(slack, 'chat.postMessage', post)).rejects.toThrow();
    slack.faults.add({ kind: 'hang' });
    const hanging = fetch(`${slack.apiUrl}chat.postMessage`, { method: 'POST', signal: AbortSignal.timeout(200) });
    await expect(hanging).rejects.toThrow(/timeout|aborted/i);
    expect(slack.messages(SOC)).toEqual([]);
    expect(slack.calls.map(({ error }) => error)).toEqual(['reset', 'hang']);
  });

  test('a slow call is answered late but well, and faults can be cleared', async () => {
    const slack = await startWorld();
    slack.faults.add({ kind: 'slow', ms: 120 });
    slack.faults.add({ kind: 'http500', times: 9 });
    const started = performance.now();
    expect(await call(slack, 'chat.postMessage', post)).toMatchObject({ ok: true });
    expect(performance.now() - started).toBeGreaterThan(115);
    slack.faults.clear();
    expect(await call(slack, 'chat.postMessage', post)).toMatchObject({ ok: true });
  });
});

describe('rates', () => {
  test('a channel takes a burst of four, then one message a second', async () => {
    const clock = settableClock();
    const slack = await startWorld({ now: clock.now });
    for (const _ of [1, 2, 3, 4]) expect(await call(slack, 'chat.postMessage', post)).toMatchObject({ ok: true });
    expect(await call(slack, 'chat.postMessage', post)).toMatchObject({ status: 429, error: 'ratelimited', retryAfter: '1' });
    expect(await call(slack, 'chat.postMessage', { ...post, channel: 'C0SHARED' })).toMatchObject({ ok: true });
    clock.forward(1_000);
    expect(await call(slack, 'chat.postMessage', post)).toMatchObject({ ok: true });
    expect(await call(slack, 'chat.postMessage', post)).toMatchObject({ status: 429 });
    expect(new Set(slack.messages(SOC).map((message) => message.ts)).size).toBe(5);
  });

  test('updates follow tier 3: a burst, then fifty a minute', async () => {
    const clock = settableClock();
    const slack = await startWorld({ now: clock.now });
    const { ts } = await call(slack, 'chat.postMessage', post);
    const update = () => call(slack, 'chat.update', { ...post, ts });
    for (let count = 0; count < 20; count += 1) expect(await update()).toMatchObject({ ok: true });
    expect(await update()).toMatchObject({ status: 429, retryAfter: '2' });
    clock.forward(60_000 / 50);
    expect(await update()).toMatchObject({ ok: true });
    expect(await update()).toMatchObject({ status: 429 });
  });

  test('rates can be switched off', async () => {
    const slack = await startWorld({ enforceRates: false, now: settableClock().now });
    for (let count = 0; count < 30; count += 1) expect(await call(slack, 'chat.postMessage', post)).toMatchObject({ ok: true });
  });
});
