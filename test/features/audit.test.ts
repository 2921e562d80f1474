/** The sealed record from outside: a running bot seals what happens, and the command line checks it, shows its head and exports it. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { freshDatabase, freshPrefix } from '../setup/fresh.ts';
import { run } from '../setup/processes.ts';
import { quarantineFile } from './actions.ts';
import { alice } from './people.ts';
import { slackWorld } from './platforms.ts';
import { openWorld, type World } from './world.ts';

describe('countersign audit', () => {
  let world: World;
  let folder: string;
  let database: string;
  let client: pg.Client;
  const audit = (...args: string[]) => run(['audit', ...args], { env: { DATABASE_URL: database } });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-audit-'));
    database = await freshDatabase();
    client = new pg.Client({ connectionString: database });
    await client.connect();
    world = await openWorld({
      chat: await slackWorld(),
      services: { databaseUrl: database, redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() },
    });
    await world.add({ bot: true, worker: false });
  });
  afterAll(async () => {
    await world.close();
    await client.end();
    await rm(folder, { recursive: true, force: true });
  });

  it('finds everything sealed after a decision, and names what somebody changed then', { timeout: 60_000 }, async () => {
    const body = quarantineFile();
    const { id } = (await world.submit(body)).body;
    await world.until('the card is posted', () => world.chat.card(body.title));
    await world.chat.press(alice, body.title, /^Approve/);
    await world.until('it is decided', async () => (await world.read(id)).decision);
    const isSealed = async () => {
      const { rows } = await client.query(
        "select 1 from audit_events e join audit_heads h on e.seq <= h.last_seq where e.kind = 'decided'",
      );
      return rows.length > 0;
    };
    await world.until('the decision is sealed', isSealed);

    const fine = await audit('verify');
    expect(fine.out).toMatch(/^Everything fits: \d+ events in \d+ seals, not signed; .* events\/s\.$/m);
    expect(fine.code).toBe(0);
    const head = await audit('head');
    const [, expected = ''] = /^Head (\d+:[0-9a-f]{64}) of 20/.exec(head.out) ?? [];
    expect((await audit('verify', '--expect', expected)).code).toBe(0);
    const elsewhere = await audit('verify', '--expect', `${expected.split(':')[0]}:${'0'.repeat(64)}`);
    expect(elsewhere.out).toMatch(/is not the one that was expected/);
    expect(elsewhere.code).toBe(1);

    const exported = await audit('export', '--since', '2020-01-01');
    const events = exported.out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { seq: number; kind: string; actionId: string });
    expect(events.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['announced', 'decided']));
    expect((await audit('export', '--until', '2020-01-01T00:00:00Z')).out).toBe('');

    const { seq } = events.find(({ kind }) => kind === 'decided') ?? {};
    await client.query('alter table audit_events disable trigger audit_append_only');
    await client.query("update audit_events set actor_id = 'somebody-else' where seq = $1", [seq]);
    const broken = await audit('verify');
    expect(broken.out).toMatch(new RegExp(`^Event ${seq} was altered \\(seal \\d+\\)\\.\n1 thing does not fit`));
    expect(broken.code).toBe(1);
  });

  it('says which option is wrong and exits 2', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const [wrong, none] = [join(folder, 'wrong.pem'), join(folder, 'none.pem')];
    await writeFile(wrong, publicKey.export({ type: 'spki', format: 'pem' }));
    await writeFile(none, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const trials: [args: string[], message: RegExp][] = [
      [['verify', '--from', '0', '--expect', '7'], /--from: must be .*\n.*--expect: must be /],
      [['verify', '--from', '99999'], /--from: there is no seal 99999/],
      [['verify', '--public-key', wrong], /holds a key that is not Ed25519/],
      [['verify', '--public-key', none], /holds no public Ed25519 key/],
      [['verify', '--public-key', join(folder, 'absent.pem')], /cannot be read/],
      [['export', '--since', 'yesterday'], /--since: must be a date/],
    ];
    const answers = await Promise.all(trials.map(([args]) => audit(...args)));
    for (const [place, [args, message]] of trials.entries()) {
      expect(answers[place]?.err, args.join(' ')).toMatch(message);
      expect(answers[place]?.code).toBe(2);
    }
  });
});
