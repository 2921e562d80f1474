/** A fresh sign-in, asked of one person: what proves it and what does not. The press that asks for it is somebody else's test. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { IdTokenSpoil } from '../../sandbox/entra/types.ts';
import { EntraId } from '../../src/action-center/action.ts';
import type { SignIns } from '../../src/action-center/ports.ts';
import { type RunningBot, startBot } from '../../src/bot.ts';
import { readConfig } from '../../src/config.ts';
import { type Foundation, openFoundation } from '../../src/foundation.ts';
import { openLog } from '../../src/log.ts';
import { freshDatabase } from '../setup/fresh.ts';
import { openBrowser } from './browser.ts';
import { type GraphWorld, graphWorld } from './graph-world.ts';
import { alice, bob, type DirectoryPerson, people } from './people.ts';
import { slackWorld } from './platforms.ts';

let graph: GraphWorld;
let chat: Awaited<ReturnType<typeof slackWorld>>;
let ground: Foundation;
let bot: RunningBot;
let folder: string;
const lines: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-step-up-'));
  graph = await graphWorld(people);
  chat = await slackWorld();
  const policy = join(folder, 'policy.yaml');
  await writeFile(policy, chat.policy);
  const env = {
    HOST: '127.0.0.1',
    PORT: '0',
    POLICY_FILE: policy,
    BACKEND: 'consumer',
    DATABASE_URL: await freshDatabase(),
    PUBLIC_URL: 'http://127.0.0.1:9',
    ...chat.env,
    ...graph.env,
  };
  const log = openLog('debug', { write: (line) => void lines.push(line) });
  ground = await openFoundation(readConfig(env), log);
  bot = await startBot(ground);
}, 60_000);
afterAll(async () => {
  await bot.stop();
  await ground.close();
  await chat.close();
  await graph.close();
  await rm(folder, { recursive: true, force: true });
});

const signIns = (): SignIns => {
  if (ground.signIns === null) throw new Error('there are no sign-ins');
  return ground.signIns;
};
const idOf = (who: DirectoryPerson) => EntraId.parse(who.entraId);
const browser = () => openBrowser(() => bot.url, graph.entra);
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
const proofOf = (who: DirectoryPerson, since = minutesAgo(10)) => signIns().lastProof(idOf(who), since);
async function lastEvent(): Promise<unknown> {
  const { rows } = await sql<{ kind: string; actor_id: string; data: object }>`select kind, actor_id, data from audit_events
    order by seq desc limit 1`.execute(ground.db);
  return rows[0];
}

it('proves who somebody is, anew, until they say that it was not them', async () => {
  expect(await proofOf(alice)).toBeNull();
  const began = Date.now();
  const address = await signIns().begin(idOf(alice));
  const visitor = browser();
  const { location } = await visitor.open(address);
  const asked = new URL(location ?? '').searchParams;
  expect([asked.get('prompt'), asked.get('max_age'), asked.get('code_challenge_method')]).toEqual(['login', '0', 'S256']);
  const page = await visitor.through(address, alice);
  expect(page.text).toContain('press the button again');
  const proof = await proofOf(alice);
  expect(Math.abs(Date.parse(proof ?? '') - began)).toBeLessThan(10_000);
  expect(await proofOf(alice, new Date(Date.now() + 1000).toISOString())).toBeNull();
  expect(await proofOf(bob)).toBeNull();
  expect(await lastEvent()).toMatchObject({ kind: 'signedIn', actor_id: alice.entraId });
  expect((await visitor.deny(page)).text).toContain('no longer counts');
  expect(await proofOf(alice)).toBeNull();
  expect(await lastEvent()).toMatchObject({ kind: 'refused', data: { refusal: 'step-up', reason: 'denied' } });
});

it('proves nothing when somebody else signs in at the address', async () => {
  const page = await browser().through(await signIns().begin(idOf(bob)), alice);
  expect(page.text).toContain('made for somebody else');
  expect([await proofOf(alice), await proofOf(bob)]).toEqual([null, null]);
  expect(await lastEvent()).toMatchObject({
    kind: 'refused',
    actor_id: alice.entraId,
    data: { reason: 'other-person', asked: bob.entraId },
  });
});

it.each<[string, IdTokenSpoil]>([
  ['not-fresh', { authTimeSecondsAgo: 301 }],
  ['not-fresh', { authTimeSecondsAgo: -120 }],
  ['wrong-tenant', { tid: '99999999-2222-4333-8444-555555555555' }],
  ['wrong-signature', { key: 'foreign' }],
])('proves nothing with a sign-in that is %s: %j', async (reason, spoil) => {
  const page = await browser().through(await signIns().begin(idOf(bob)), bob, spoil);
  expect(page.status).toBe(400);
  expect(await proofOf(bob)).toBeNull();
  expect(await lastEvent()).toMatchObject({ kind: 'refused', data: { refusal: 'step-up', reason } });
});

it('counts from when the person signed in, not from when the browser came back', async () => {
  await browser().through(await signIns().begin(idOf(bob)), bob, { authTimeSecondsAgo: 240 });
  expect(await proofOf(bob, minutesAgo(3))).toBeNull();
  expect(await proofOf(bob, minutesAgo(5))).not.toBeNull();
});

it('writes no more down of what strangers send than a minute has room for', async () => {
  const count = async () => (await sql<{ n: number }>`select count(*)::int as n from audit_events`.execute(ground.db)).rows[0]?.n ?? 0;
  const before = await count();
  const state = (index: number) => String(index).padStart(43, 'A');
  const pages = await Promise.all(
    Array.from({ length: 130 }, (_, index) => browser().open(`http://127.0.0.1:9/link/callback?state=${state(index)}&code=x`)),
  );
  // 503: more at once than it takes.
  expect(pages.filter(({ status }) => status !== 400 && status !== 503)).toEqual([]);
  // Two minutes may have had a part in it.
  expect((await count()) - before).toBeLessThanOrEqual(120);
  expect((await browser().open('http://127.0.0.1:9/link/callback?state=short&code=x')).status).toBe(400);
});

it('leaves no secret in the log', () => {
  expect(lines.join('\n')).not.toMatch(/state=|eyJ|entra-client-secret/);
});
