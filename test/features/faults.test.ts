import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openQueues, type QueueLink } from '../../src/queue/connection.ts';
import { queueNames } from '../../src/queue/contract.ts';
import { freshDatabase, freshPrefix } from '../setup/fresh.ts';
import { quarantineFile } from './actions.ts';
import { alice, erin } from './people.ts';
import { platforms } from './platforms.ts';
import { openWorld, type World } from './world.ts';

describe.each(platforms)('when things go wrong in $name', ({ open, cannot }) => {
  let world: World;
  let link: QueueLink;

  beforeAll(async () => {
    const queuePrefix = freshPrefix();
    world = await openWorld({
      chat: await open(),
      services: { databaseUrl: await freshDatabase(), redisUrl: inject('redisUrl'), queuePrefix },
      timing: { sweepEveryMs: 200, stalledAfterMs: 500, repairEveryMs: 300 },
    });
    await world.add({ bot: true, worker: true });
    link = await openQueues({ redisUrl: inject('redisUrl'), prefix: queuePrefix }, { onError: () => {} });
  });
  afterAll(async () => {
    await link.close();
    await world.close();
  });

  const posted = (title: string) => world.until('the card is posted', () => world.chat.card(title));
  const alarms = () => world.logLines.filter((line) => line.includes('ALARM'));

  it('posts a card once although the answer to the post was lost', async () => {
    const body = quarantineFile();
    world.chat.fault('post', 'lostAnswer');
    await world.submit(body);
    await posted(body.title);
    await world.chat.press(alice, body.title, /^Approve/);
    await world.cardSays(body.title, 'Completed');
    expect(world.chat.copies(body.title)).toBe(1);
  });

  it.each(['ratelimit', 'http500'] as const)('makes the card right after %s on post and update', async (kind) => {
    const body = quarantineFile();
    world.chat.fault('post', kind);
    await world.submit(body);
    await posted(body.title);
    world.chat.fault('update', kind);
    await world.chat.press(alice, body.title, /^Approve/);
    await world.cardSays(body.title, 'Completed');
    expect(world.chat.copies(body.title)).toBe(1);
  });

  it('holds nothing up while an update hangs, and keeps the decision', { timeout: 45_000 }, async () => {
    const stuck = quarantineFile();
    const other = quarantineFile();
    const { id } = (await world.submit(stuck)).body;
    await world.submit(other);
    await posted(stuck.title);
    await posted(other.title);
    world.chat.fault('update', 'hang');
    await world.chat.press(alice, stuck.title, /^Approve/);
    await world.until('the decision is carried out', async () => (await world.read(id)).status === 'completed');
    await world.chat.press(alice, other.title, /^Approve/);
    await world.cardSays(other.title, 'Completed');
    await world.cardSays(stuck.title, 'Completed');
  });

  it('answers the clicker another way when the private answer cannot be delivered', async () => {
    const body = quarantineFile();
    await world.submit(body);
    await posted(body.title);
    const before = world.chat.told(erin).length;
    world.chat.fault('answer', 'http500');
    await world.chat.press(erin, body.title, /^Approve/, { answeredByMessage: true });
    expect(await world.until('Erin is told', () => world.chat.told(erin)[before])).toContain('Recorded');
  });

  it.skipIf(cannot.includes('asks the platform who pressed'))('decides nothing while the platform cannot say who pressed', async () => {
    const body = quarantineFile();
    const { id } = (await world.submit(body)).body;
    await posted(body.title);
    const fresh = { ...erin, slack: [{ teamId: 'T000000001', userId: 'U0BOB' }] };
    const before = world.chat.told(fresh).length;
    world.chat.fault('person', 'http500', 5);
    await world.chat.press(fresh, body.title, /^Approve/);
    expect(await world.until('the person is told', () => world.chat.told(fresh)[before])).toMatch(/could not be checked/);
    expect((await world.read(id)).status).toBe('pending');
    world.chat.heal();
  });

  it('puts poisoned messages aside, counts them and goes on', async () => {
    const decisions = link.producer(queueNames.decisions);
    const outcomes = link.producer(queueNames.outcomes);
    const before = alarms().length;
    await decisions.add('approve', { version: 1, nonsense: true }, { jobId: 'poison-1' });
    await outcomes.add('completed', 'not even an object', { jobId: 'poison-2' });
    await link.producer(queueNames.actions).add('submit', { id: 'x' }, { jobId: 'poison-3' });
    await world.until('three alarms', () => alarms().length >= before + 3);
    const failed = async (queue: typeof decisions, id: string) => (await queue.getJob(id))?.failedReason ?? '';
    expect(await world.until('it failed', () => failed(decisions, 'poison-1'))).toMatch(/^poisoned: /);
    expect((await decisions.getJob('poison-1'))?.attemptsMade).toBe(1);
    const body = quarantineFile();
    await world.submit(body);
    await posted(body.title);
    await world.chat.press(alice, body.title, /^Approve/);
    await world.cardSays(body.title, 'Completed');
  });

  it('carries nothing out that the record did not decide, whoever writes to the queue', async () => {
    const body = quarantineFile();
    const { id } = (await world.submit(body)).body;
    await posted(body.title);
    const before = alarms().length;
    const { id: _id, ...action } = body;
    const forged = {
      version: 1,
      decisionId: 'D-FORGED',
      actionId: id,
      verb: 'approve',
      actor: { entraId: alice.entraId, upn: alice.upn, rolesUsed: ['SecurityAdministrator'] },
      platform: 'slack',
      comment: null,
      decidedAt: new Date().toISOString(),
      scopeDigest: `sha256:${'0'.repeat(64)}`,
      action: {
        ...action,
        id: body.id,
        requestedAt: new Date().toISOString(),
        expiresAt: new Date().toISOString(),
        requestedBy: { kind: 'application', name: 'x' },
      },
    };
    await link.producer(queueNames.decisions).add('approve', forged, { jobId: 'D-FORGED' });
    await world.until('an alarm', () => alarms().length > before);
    expect((await world.read(id)).status).toBe('pending');
  });

  it('takes late, repeated and contradictory outcomes without moving', async () => {
    const body = quarantineFile();
    const { id } = (await world.submit(body)).body;
    await posted(body.title);
    await world.chat.press(alice, body.title, /^Approve/);
    await world.cardSays(body.title, 'Completed');
    const decisionId = (await world.read(id)).decision?.decisionId;
    const outcomes = link.producer(queueNames.outcomes);
    const report = (status: string) => ({
      version: 1,
      decisionId,
      actionId: id,
      status,
      at: new Date().toISOString(),
      message: 'late',
      externalRef: null,
      portalUrl: null,
    });
    const jobs = await Promise.all(
      ['failed', 'inProgress', 'completed', 'undone'].map((status, index) =>
        outcomes.add(status, report(status), { jobId: `late-${index}` }),
      ),
    );
    await world.until('all were taken', async () => (await Promise.all(jobs.map((job) => job.isCompleted()))).every(Boolean));
    expect(await world.read(id)).toMatchObject({ status: 'completed', outcome: { status: 'completed' } });
    expect(world.chat.card(body.title)).not.toContain('tardily');
  });

  it('sends a decision again whose job was lost with the queue', async () => {
    const body = quarantineFile({ parameters: { simulator: { takesMs: 200 } } });
    const { id } = (await world.submit(body)).body;
    await posted(body.title);
    // No worker: the job stays on the queue until the queue is emptied under it.
    await world.stopOne('worker');
    await world.add({ bot: true, worker: false });
    await world.chat.press(alice, body.title, /^Approve/);
    await world.reached(({ stage, actionId }) => stage === 'queued' && actionId === id, 'queued');
    await link.producer(queueNames.decisions).obliterate({ force: true });
    await world.add({ bot: false, worker: true });
    await world.cardSays(body.title, 'Completed');
  });

  it('takes a submission from the queue with the same body as over HTTP', async () => {
    const body = quarantineFile();
    await link.producer(queueNames.actions).add('submit', body);
    await posted(body.title);
  });

  it('logs no token, no secret and no private address of the platform', () => {
    const log = world.logLines.join('\n');
    expect(log).not.toMatch(/xoxb-|signing-secret|teams-app-password|Bearer |eyJ|test-intake-secret|response_url":"http/);
  });

  it('breaks none of the platform’s own rules', () => {
    expect(world.chat.problems()).toEqual([]);
  });
});
