import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { slackClient } from '../../../src/chat/slack/client.ts';
import { slackPeople } from '../../../src/chat/slack/people.ts';
import { openLog } from '../../../src/log.ts';

const log = openLog('silent');
const closing: (() => void)[] = [];

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** Slack of an Enterprise Grid organisation, which the simulated workspace is not: answers users.info with this profile. */
async function gridWith(user: object) {
  const server = createServer((req, res) => {
    req.resume();
    res.setHeader('content-type', 'application/json');
    res.end(JSON.stringify({ ok: true, user }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close().closeAllConnections());
  const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/`;
  const client = slackClient('xoxb-for-tests', { apiUrl, log, timeoutMs: 1500 });
  return slackPeople({ client, teamId: 'T1', enterpriseId: 'E1', identityMode: 'linked', now: Date.now });
}

const ask = async (user: object, teamId: string | null) => {
  const person = (await gridWith(user))({ userId: 'W1', teamId });
  const claim = await person({ fresh: true });
  return claim.ok ? claim.value : claim.refusal.kind;
};

const yes = { platform: 'slack', teamId: 'T1', userId: 'W1', email: null };

test('on Enterprise Grid the organisation counts, and membership in our workspace', async () => {
  expect(await ask({ id: 'W1', team_id: 'T1', enterprise_user: { enterprise_id: 'E1', teams: ['T1', 'T2'] } }, 'T1')).toEqual(yes);
  expect(await ask({ id: 'W1', team_id: 'T2', enterprise_user: { enterprise_id: 'E1', teams: ['T1', 'T2'] } }, 'T2')).toEqual(yes);
  expect(await ask({ id: 'W1', team_id: 'T2', enterprise_user: { enterprise_id: 'E1', teams: ['T2'] } }, 'T2')).toBe('external-person');
  expect(await ask({ id: 'W1', team_id: 'T9', enterprise_user: { enterprise_id: 'E9', teams: ['T1'] } }, 'T1')).toBe('external-person');
});

test('whoever names no organisation there is not known to be ours', async () => {
  expect(await ask({ id: 'W1', team_id: 'T1' }, 'T1')).toBe('external-person');
  expect(await ask({ id: 'W1' }, null)).toBe('external-person');
});

test('a guest of the organisation stays a guest', async () => {
  expect(await ask({ id: 'W1', is_restricted: true, enterprise_user: { enterprise_id: 'E1', teams: ['T1'] } }, 'T1')).toBe('guest');
});
