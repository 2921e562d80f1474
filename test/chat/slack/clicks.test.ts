import { describe, expect, test } from 'vitest';
import { UpstreamError } from '../../../src/action-center/errors.ts';
import { ok, refuse } from '../../../src/action-center/refusal.ts';
import { anAction } from '../../setup/builders.ts';
import { poll } from '../../setup/poll.ts';
import { channel, openRig, people, recordingFlows } from './rig.ts';

const approve = 'Approve Quarantine';
const user = 'U0ALICE';

describe('Approve', () => {
  test('hands the click over with what was shown, and tells the person in private', async () => {
    const action = anAction();
    const flows = recordingFlows(action);
    const { world, post } = await openRig({ flows });
    const { ts, blocks } = await post(action);
    const ack = await world.click({ user, channel, ts, button: approve });
    expect(ack).toMatchObject({ status: 200, timedOut: false });
    expect(flows.clicks).toHaveLength(1);
    expect(flows.clicks[0]).toMatchObject({
      actionId: action.id,
      verb: 'approve',
      by: 'slack:T000000001/U0ALICE',
      platform: 'slack',
      comment: null,
      shownDigest: action.scopeDigest,
    });
    expect(flows.clicks[0]?.clickId).toMatch(/^[0-9a-f]{32}$/);
    const answer = await poll('the private answer', () => world.ephemerals(user).at(0));
    expect(answer.text).toContain('Recorded: you approved Stop and quarantine file: invoice.exe on WKS-0042');
    expect(answer.via).toBe('response_url');
    expect(world.messages(channel)[0]?.blocks).toEqual(blocks);
    expect(world.problems).toEqual([]);
  });

  test('is answered fast', async () => {
    const { world, post } = await openRig({ flows: recordingFlows(anAction()) });
    const { ts } = await post();
    await world.click({ user, channel, ts, button: approve });
    const { ms } = await world.click({ user, channel, ts, button: approve });
    expect(ms).toBeLessThan(250);
  });

  test('asks again before a risky action, and a denied question reaches nobody', async () => {
    const action = anAction({ type: 'offboardMachine' });
    const flows = recordingFlows(action);
    const { world, post } = await openRig({ flows });
    const { ts } = await post(action);
    await world.click({ user, channel, ts, button: 'Approve Offboarding', confirm: 'deny' });
    expect(flows.clicks).toEqual([]);
    await world.click({ user, channel, ts, button: 'Approve Offboarding', confirm: 'accept' });
    expect(flows.clicks).toHaveLength(1);
  });

  test('tells a refusal in private and leaves the card alone', async () => {
    const flows = {
      ...recordingFlows(anAction()),
      decide: async () => refuse({ kind: 'expired' as const, expiresAt: '2026-11-28T08:00:00.000Z' }),
    };
    const { world, post } = await openRig({ flows });
    const { ts } = await post();
    await world.click({ user, channel, ts, button: approve });
    const answer = await poll('the refusal', () => world.ephemerals(user).at(0));
    expect(answer.text).toMatch(/The deadline passed at <!date\^1795852800\^[^|]+\|2026-11-28 08:00 UTC>/);
    expect(world.messages(channel)[0]?.edited).toBeUndefined();
  });
});

describe('who may not even be asked about', () => {
  test.each([
    ['U0GUEST', 'Guest accounts cannot decide'],
    ['U0ONECHANNEL', 'Guest accounts cannot decide'],
    ['U0STRANGER', 'belongs to another organisation'],
    ['U0ELSEWHERE', 'belongs to another organisation'],
    ['U0GONE', 'is disabled'],
    ['U0BOT', 'Apps and bots cannot decide'],
  ])('%s hears: %s', async (id, words) => {
    const flows = recordingFlows(anAction());
    const { world, post } = await openRig({ flows });
    const { ts } = await post();
    await world.click({ user: id, channel, ts, button: approve });
    const answer = await poll('the refusal', () => world.ephemerals(id).at(0));
    expect(answer.text).toContain(words);
    expect(flows.clicks).toEqual([]);
  });

  test('an account Slack does not know is nobody', async () => {
    const flows = recordingFlows(anAction());
    const { world, post } = await openRig({ flows });
    const { ts } = await post();
    world.faults.add({ method: 'users.info', kind: 'error', error: 'user_not_found' });
    await world.click({ user, channel, ts, button: approve });
    const answer = await poll('the refusal', () => world.ephemerals(user).at(0));
    expect(answer.text).toContain('is not connected to a person');
  });

  test.each(['hang', 'http500', 'ratelimit', 'reset'] as const)('nobody decides while users.info does %s', async (kind) => {
    const flows = recordingFlows(anAction());
    // The flow itself answers identity-unavailable, as decide does.
    const decide = async (click: Parameters<typeof flows.decide>[0]) => {
      try {
        return await flows.decide(click);
      } catch (error) {
        if (error instanceof UpstreamError) return refuse({ kind: 'identity-unavailable' as const, service: error.service });
        throw error;
      }
    };
    const { world, post } = await openRig({ flows: { ...flows, decide } });
    const { ts } = await post();
    world.faults.add({ method: 'users.info', kind, retryAfterSeconds: 30 });
    const ack = await world.click({ user, channel, ts, button: approve });
    expect(ack.status).toBe(200);
    expect(ack.ms).toBeLessThan(2400);
    const answer = await poll('the refusal', () => world.ephemerals(user).at(0));
    expect(answer.text).toContain('because Slack did not answer');
    expect(flows.clicks).toEqual([]);
  });
});

test('a short pause that Slack asks for is waited for', async () => {
  const flows = recordingFlows(anAction());
  const { world, post } = await openRig({ flows });
  const { ts } = await post();
  world.faults.add({ method: 'users.info', kind: 'ratelimit', retryAfterSeconds: 1 });
  await world.click({ user, channel, ts, button: approve });
  expect(flows.clicks).toHaveLength(1);
});

describe('Reject', () => {
  test('asks for a reason in a dialog and shows the answer there', async () => {
    const action = anAction();
    const flows = recordingFlows(action);
    const { world, post } = await openRig({ flows });
    const { ts } = await post(action);
    await world.click({ user, channel, ts, button: 'Reject' });
    const dialog = await poll('the dialog', () => world.view(user));
    expect(dialog.title.text).toBe('Reject');
    expect(JSON.stringify(dialog.blocks)).toContain('invoice.exe');
    const ack = await world.submit({ user, values: { Reason: '  Known false positive ' } });
    expect(ack.status).toBe(200);
    expect(flows.clicks[0]).toMatchObject({ verb: 'reject', comment: 'Known false positive', shownDigest: action.scopeDigest });
    const result = world.view(user);
    expect(result?.submit).toBeNull();
    expect(JSON.stringify(result?.blocks)).toContain('Recorded: you rejected');
    expect(world.ephemerals(user)).toEqual([]);
    expect(world.problems).toEqual([]);
  });

  test('wants a reason that is more than blanks', async () => {
    const flows = recordingFlows(anAction());
    const { world, post } = await openRig({ flows });
    const { ts } = await post();
    await world.click({ user, channel, ts, button: 'Reject' });
    await poll('the dialog', () => world.view(user));
    await world.submit({ user, values: { Reason: ' a      ' } });
    expect(Object.values(world.view(user)?.errors ?? {})).toEqual(['Please write at least 3 characters.']);
    expect(flows.clicks).toEqual([]);
  });

  test('opens no dialog for somebody who may not decide', async () => {
    const { world, post } = await openRig({ flows: recordingFlows(anAction()) });
    const { ts } = await post();
    await world.click({ user: 'U0GUEST', channel, ts, button: 'Reject' });
    const answer = await poll('the refusal', () => world.ephemerals('U0GUEST').at(0));
    expect(answer.text).toContain('Guest accounts');
    expect(world.calls.filter((call) => call.method === 'views.open')).toEqual([]);
  });

  test('shows a refusal that came in between in the dialog', async () => {
    const flows = { ...recordingFlows(anAction()), decide: async () => refuse({ kind: 'scope-changed' as const, note: null }) };
    const { world, post } = await openRig({ flows });
    const { ts } = await post();
    await world.click({ user, channel, ts, button: 'Reject' });
    await poll('the dialog', () => world.view(user));
    await world.submit({ user, values: { Reason: 'Known false positive' } });
    expect(JSON.stringify(world.view(user)?.blocks)).toContain('What this card showed has changed');
  });

  test('asks to press again when the dialog could not be opened', async () => {
    const { world, post } = await openRig({ flows: recordingFlows(anAction()) });
    const { ts } = await post();
    world.faults.add({ method: 'views.open', kind: 'error', error: 'expired_trigger_id' });
    await world.click({ user, channel, ts, button: 'Reject' });
    const answer = await poll('the answer', () => world.ephemerals(user).at(0));
    expect(answer.text).toContain('Please press the button again');
  });

  test('sends a result that comes too late for the dialog in private', async () => {
    const release = Promise.withResolvers<void>();
    const flows = recordingFlows(anAction());
    const slow = { ...flows, decide: async (click: Parameters<typeof flows.decide>[0]) => release.promise.then(() => flows.decide(click)) };
    const { world, post } = await openRig({ flows: slow });
    const { ts } = await post();
    await world.click({ user, channel, ts, button: 'Reject' });
    await poll('the dialog', () => world.view(user));
    await world.submit({ user, values: { Reason: 'Known false positive' } });
    expect(JSON.stringify(world.view(user)?.blocks)).toContain('Still checking');
    release.resolve();
    const answer = await poll('the late result', () => world.ephemerals(user).at(0));
    expect(answer).toMatchObject({ via: 'chat.postEphemeral', text: expect.stringContaining('you rejected') });
  });
});

describe('when something takes too long or fails', () => {
  test('Slack is answered in time, the person hears "still checking" and then the result', async () => {
    const release = Promise.withResolvers<void>();
    const flows = recordingFlows(anAction());
    const slow = { ...flows, decide: async (click: Parameters<typeof flows.decide>[0]) => release.promise.then(() => flows.decide(click)) };
    const { world, chat, post } = await openRig({ flows: slow });
    const { ts } = await post();
    const ack = await world.click({ user, channel, ts, button: approve });
    expect(ack).toMatchObject({ status: 200, timedOut: false });
    expect(ack.ms).toBeGreaterThan(2300);
    const first = await poll('still checking', () => world.ephemerals(user).at(0));
    expect(first.text).toContain('Still checking');
    expect(chat.inFlight()).toBe(1);
    release.resolve();
    const second = await poll('the late result', () => world.ephemerals(user).at(1));
    expect(second.text).toContain('Recorded: you approved');
    await poll('nothing in flight', () => chat.inFlight() === 0);
    expect(world.problems).toEqual([]);
  });

  test.each(['http500', 'reset', 'error'] as const)('a response_url that does %s is replaced by an ephemeral message', async (kind) => {
    const { world, post, log } = await openRig({ flows: recordingFlows(anAction()) });
    const { ts } = await post();
    world.faults.add({ method: 'response_url', kind: kind === 'error' ? 'http500' : kind });
    await world.click({ user, channel, ts, button: approve });
    const answer = await poll('the answer by the other way', () => world.ephemerals(user).at(0));
    expect(answer.via).toBe('chat.postEphemeral');
    expect(log.join()).not.toContain('/actions/T000000001/');
  });

  test('a record that does not answer is not called a decision, nor its absence', async () => {
    const flows = {
      ...recordingFlows(anAction()),
      decide: () => Promise.reject(new UpstreamError('store', 'no answer', { retryable: true })),
    };
    const { world, post } = await openRig({ flows });
    const { ts } = await post();
    expect((await world.click({ user, channel, ts, button: approve })).status).toBe(200);
    const answer = await poll('the answer', () => world.ephemerals(user).at(0));
    expect(answer.text).toContain('may or may not be recorded');
  });

  test('a bug gives the person an id that is in the log', async () => {
    const flows = { ...recordingFlows(anAction()), decide: () => Promise.reject(new TypeError('x is not a function')) };
    const { world, post, log } = await openRig({ flows });
    const { ts } = await post();
    await world.click({ user, channel, ts, button: approve });
    const answer = await poll('the answer', () => world.ephemerals(user).at(0));
    const id = /\(([0-9A-F]{8})\)/.exec(answer.text)?.[1];
    expect(id).toBeDefined();
    expect(log.join()).toContain(`"troubleId":"${id}"`);
    expect(answer.text).not.toContain('is not a function');
  });

  test('stop waits for presses in flight, but not longer than it was told', async () => {
    const flows = { ...recordingFlows(anAction()), decide: () => new Promise<never>(() => {}) };
    const { world, chat, post } = await openRig({ flows });
    const { ts } = await post();
    const click = world.click({ user, channel, ts, button: approve });
    await poll('a press in flight', () => chat.inFlight() === 1);
    const started = performance.now();
    await chat.stop(300);
    expect(performance.now() - started).toBeGreaterThan(280);
    expect(performance.now() - started).toBeLessThan(1500);
    await click;
  });
});

describe('presses that decide nothing', () => {
  test.each([
    ['Go hunt', anAction()],
    ['Decide in Defender', anAction({ type: 'quarantineEmail' })],
  ])('%s is only acknowledged', async (button, action) => {
    const { world, post, log } = await openRig({ flows: recordingFlows(action) });
    // The simulator cannot carry this type out, so its card leads to Defender.
    const { ts } = await post(action);
    const ack = await world.click({ user, channel, ts, button });
    expect(ack.status).toBe(200);
    expect(world.ephemerals(user)).toEqual([]);
    expect(log.join()).not.toContain('"level":50');
  });

  test('a button of an older version of this app is answered, not ignored', async () => {
    const { world, post } = await openRig({ flows: recordingFlows(anAction()) });
    const message = await post();
    const text = JSON.stringify(message);
    const old = JSON.parse(text.replaceAll('ac.approve', 'ac.accept')) as typeof message;
    const malformed = JSON.parse(text.replaceAll('|sha256:', '|md5:')) as typeof message;
    await world.click({ user, channel, ts: message.ts, button: approve, message: old });
    await world.click({ user, channel, ts: message.ts, button: approve, message: malformed });
    const answers = await poll('two answers', () => world.ephemerals(user).length === 2 && world.ephemerals(user));
    for (const answer of answers) expect(answer.text).toContain('out of date');
  });
});

describe('with IDENTITY_MODE=email', () => {
  test('the claim carries the confirmed address', async () => {
    const claims: unknown[] = [];
    const flows = recordingFlows(anAction());
    const decide = async (click: Parameters<typeof flows.decide>[0]) => {
      const claim = await click.person({ fresh: false });
      claims.push(claim.ok ? claim.value : claim.refusal);
      return flows.decide(click);
    };
    const { world, post } = await openRig({ flows: { ...flows, decide }, bot: { identityMode: 'email' } });
    const { ts } = await post();
    await world.click({ user, channel, ts, button: approve });
    await world.click({ user: 'U0UNCONFIRMED', channel, ts, button: approve });
    expect(claims).toEqual([
      { platform: 'slack', teamId: 'T000000001', userId: user, email: 'alice@contoso.example' },
      { kind: 'unknown-person' },
    ]);
  });

  test('without it the address is not even read', async () => {
    const { world, post } = await openRig({
      flows: {
        ...recordingFlows(anAction()),
        decide: async (click) => {
          const claim = await click.person({ fresh: false });
          expect(claim).toEqual(ok({ platform: 'slack', teamId: 'T000000001', userId: people[0]?.id, email: null }));
          return refuse({ kind: 'not-found' });
        },
      },
    });
    const { ts } = await post();
    await world.click({ user, channel, ts, button: approve });
    expect((await poll('the answer', () => world.ephemerals(user).at(0))).text).toContain('not in the record');
  });

  test('a yes is kept for a minute and asked again when it has to be fresh', async () => {
    const asked: boolean[] = [];
    let time = Date.now();
    const flows = recordingFlows(anAction());
    const decide = async (click: Parameters<typeof flows.decide>[0]) => {
      const fresh = asked.length === 2;
      asked.push(fresh);
      await click.person({ fresh });
      return refuse({ kind: 'not-found' as const });
    };
    const { world, post } = await openRig({ flows: { ...flows, decide }, bot: { now: () => time } });
    const { ts } = await post();
    const lookUps = () => world.calls.filter((call) => call.method === 'users.info').length;
    await world.click({ user, channel, ts, button: approve });
    await world.click({ user, channel, ts, button: approve });
    expect(lookUps()).toBe(1);
    await world.click({ user, channel, ts, button: approve });
    expect(lookUps()).toBe(2);
    time += 60_001;
    await world.click({ user, channel, ts, button: approve });
    expect(lookUps()).toBe(3);
  });
});
