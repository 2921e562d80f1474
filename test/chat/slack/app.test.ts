import { describe, expect, test } from 'vitest';
import { ConfigError, UpstreamError } from '../../../src/action-center/errors.ts';
import { startSlack } from '../../../src/chat/slack/app.ts';
import { openLog } from '../../../src/log.ts';
import { anAction } from '../../setup/builders.ts';
import { poll } from '../../setup/poll.ts';
import { noHunts } from '../no-hunts.ts';
import { noMany } from '../no-many.ts';
import { appToken, botToken, channel, noCommands, openRig, openWorkspace, recordingFlows, signingSecret } from './rig.ts';

const user = 'U0ALICE';
const approve = 'Approve Quarantine';
const log = openLog('silent');
const deps = {
  botToken,
  signingSecret,
  identityMode: 'linked' as const,
  log,
  now: Date.now,
  flows: recordingFlows(anAction()),
  many: noMany,
  hunts: noHunts,
  backend: 'simulator' as const,
  commands: noCommands,
};

describe('at the start', () => {
  test('a refused bot token is a configuration error that names its variable', async () => {
    const world = await openWorkspace();
    const start = startSlack({ ...deps, botToken: 'xoxb-wrong', apiUrl: world.apiUrl });
    await expect(start).rejects.toThrow(ConfigError);
    await expect(start).rejects.toThrow('SLACK_BOT_TOKEN: Slack refuses it (invalid_auth)');
  });

  test('a refused app token is a configuration error that names its variable', async () => {
    const world = await openWorkspace();
    await expect(startSlack({ ...deps, appToken: 'xapp-wrong', apiUrl: world.apiUrl })).rejects.toThrow(
      'SLACK_APP_TOKEN: Slack refuses it',
    );
  });

  test('no signing secret without Socket Mode is a configuration error', async () => {
    const world = await openWorkspace();
    await expect(startSlack({ ...deps, signingSecret: null, apiUrl: world.apiUrl })).rejects.toThrow('SLACK_SIGNING_SECRET');
  });

  test('a Slack that is away for a moment is waited for', async () => {
    const world = await openWorkspace();
    world.faults.add({ method: 'auth.test', kind: 'http500' });
    world.faults.add({ method: 'auth.test', kind: 'reset' });
    const chat = await startSlack({ ...deps, apiUrl: world.apiUrl });
    expect(chat.teamId).toBe('T000000001');
    await chat.stop(100);
  });

  test('a Slack that stays away ends the start, and not the process', async () => {
    const world = await openWorkspace();
    await world.close();
    const start = startSlack({ ...deps, apiUrl: world.apiUrl, startDeadlineMs: 600 });
    await expect(start).rejects.toThrow(UpstreamError);
  });

  test('a channel that cannot be looked up is no reason not to start', async () => {
    const world = await openWorkspace();
    world.faults.add({ method: 'conversations.info', kind: 'http500' });
    const chat = await startSlack({ ...deps, channels: [channel, 'C0NOWHERE'], apiUrl: world.apiUrl });
    await chat.stop(100);
  });
});

describe('Socket Mode', () => {
  test('a press is decided and answered, and nothing is accepted over HTTP', async () => {
    const flows = recordingFlows(anAction());
    const { world, post, url } = await openRig({ flows, socketMode: true });
    const { ts } = await post();
    const ack = await world.click({ user, channel, ts, button: approve });
    expect(ack).toMatchObject({ status: 200, timedOut: false });
    expect(flows.clicks[0]?.clickId).toMatch(/^[0-9a-f]{32}$/);
    await poll('the private answer', () => world.ephemerals(user).at(0));
    expect((await fetch(url, { method: 'POST', body: 'payload={}' })).status).toBe(404);
    expect(world.problems).toEqual([]);
  });

  test('a rejection goes through its dialog', async () => {
    const flows = recordingFlows(anAction());
    const { world, post } = await openRig({ flows, socketMode: true });
    const { ts } = await post();
    await world.click({ user, channel, ts, button: 'Reject' });
    await poll('the dialog', () => world.view(user));
    await world.submit({ user, values: { Reason: 'Known false positive' } });
    expect(flows.clicks[0]).toMatchObject({ verb: 'reject', comment: 'Known false positive' });
    expect(JSON.stringify(world.view(user)?.blocks)).toContain('Recorded: you rejected');
  });

  test('a slow decision is acknowledged in time', async () => {
    const release = Promise.withResolvers<void>();
    const flows = recordingFlows(anAction());
    const slow = { ...flows, decide: async (click: Parameters<typeof flows.decide>[0]) => release.promise.then(() => flows.decide(click)) };
    const { world, post } = await openRig({ flows: slow, socketMode: true });
    const { ts } = await post();
    const ack = await world.click({ user, channel, ts, button: approve });
    expect(ack).toMatchObject({ status: 200, timedOut: false });
    release.resolve();
    const last = await poll('the late result', () => world.ephemerals(user).at(1));
    expect(last.text).toContain('Recorded');
  });

  test('stop lets go of the connection', async () => {
    const { world, chat } = await openRig({ flows: recordingFlows(anAction()), socketMode: true });
    expect(world.socketMode.connections()).toBe(1);
    await chat.stop(100);
    await poll('no connection', () => world.socketMode.connections() === 0);
  });

  test('a Slack that is away ends the start', async () => {
    const world = await openWorkspace();
    world.faults.add({ method: 'apps.connections.open', kind: 'http500', times: 100 });
    await expect(startSlack({ ...deps, appToken, apiUrl: world.apiUrl, startDeadlineMs: 700 })).rejects.toThrow(UpstreamError);
  });
});
