import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { freshDatabase, freshPrefix } from '../setup/fresh.ts';
import { run } from '../setup/processes.ts';
import { quarantineFile } from './actions.ts';
import { alice } from './people.ts';
import { slackWorld } from './platforms.ts';
import { intakeSecret, openWorld, type World } from './world.ts';

describe('the command line', () => {
  let world: World;
  let folder: string;
  let database: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-cli-'));
    database = await freshDatabase();
    world = await openWorld({
      chat: await slackWorld(),
      services: { databaseUrl: database, redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() },
    });
    await world.add({ bot: true, worker: false });
  });
  afterAll(async () => {
    await world.close();
    await rm(folder, { recursive: true, force: true });
  });

  it.each(['start', 'bot'])('%s names every wrong variable at once and exits 2', async (command) => {
    const env = {
      PORT: 'eighty',
      SLACK_API_URL: 'not a url',
      BACKEND: 'magic',
      INTAKE_SECRETS: 'short',
      SLACK_SIGNING_SECRET: 'x'.repeat(32),
    };
    const { code, err } = await run([command], { env });
    expect(code).toBe(2);
    for (const name of ['PORT', 'SLACK_API_URL', 'BACKEND', 'INTAKE_SECRETS', 'SLACK_BOT_TOKEN', 'POLICY_FILE', 'DIRECTORY_FILE']) {
      expect(err).toMatch(new RegExp(`^ *- ${name}: `, 'm'));
    }
    expect(err).not.toContain('short');
  });

  it('exits 1 with one clear sentence when PostgreSQL is not there', async () => {
    const policy = join(folder, 'policy.yaml');
    await writeFile(policy, world.chat.policy);
    const env = { ...world.chat.env, POLICY_FILE: policy, DIRECTORY_FILE: world.directoryFile, BACKEND: 'simulator' };
    const { code, err } = await run(['bot'], { env: { ...env, DATABASE_URL: 'postgres://nobody:geheim@127.0.0.1:1/none' } });
    expect(code).toBe(1);
    expect(err).toContain('PostgreSQL at nobody@127.0.0.1:1/none cannot be used');
    expect(err).not.toContain('geheim');
  });

  it('checks a policy file, and exits 2 with every mistake and its line', async () => {
    const policy = join(folder, 'wrong.yaml');
    await writeFile(policy, 'routes:\n  - match: { workload: phone }\n    slack: ["#soc"]\n  - slack: [C0SOC]\n');
    const wrong = await run(['policy', 'check', policy]);
    expect(wrong.code).toBe(2);
    expect(wrong.err).toContain(`${policy}: line 2, column 24: routes.0.match.workload: `);
    expect(wrong.err).toContain(`${policy}: line 3, column 13: routes.0.slack.0: `);
    const right = await run(['policy', 'check', 'policy.yaml']);
    expect(right.code).toBe(0);
    expect(right.out).toContain('policy.yaml: nothing is wrong');
  });

  it('replays the decisions of the record under another policy, and changes nothing', async () => {
    const body = quarantineFile();
    const { id } = (await world.submit(body)).body;
    await world.until('the card is posted', () => world.chat.card(body.title));
    await world.chat.press(alice, body.title, /^Approve/);
    await world.until('it is decided', async () => (await world.read(id)).decision);
    const before = await world.read(id);
    const stricter = join(folder, 'stricter.yaml');
    await writeFile(stricter, `${world.chat.policy}approvals:\n  - match: { type: stopAndQuarantineFile }\n    needed: 2\n`);
    const env = { ...world.chat.env, DATABASE_URL: database, REDIS_URL: inject('redisUrl'), POLICY_FILE: stricter };
    const { code, out } = await run(['policy', 'replay', '--days', '1'], { env });
    expect(code).toBe(0);
    expect(out).toContain(`${id} stopAndQuarantineFile, approve by alice@contoso.example at `);
    expect(out).toContain('needed 1, would need 2, and had 1');
    expect(out).toMatch(
      /decisions of the last 1 days under the version \w+: \d+ as they were, 0 nobody could have taken in chat, 1 would still have waited/,
    );
    expect(await world.read(id)).toEqual(before);
    expect((await run(['policy', 'replay', '--days', 'soon'], { env })).code).toBe(2);
  });

  it('prints the queue contract as JSON Schema', async () => {
    const { code, out } = await run(['contract']);
    expect(code).toBe(0);
    const contract = JSON.parse(out) as { prefix: string; queues: Record<string, { message: { properties: object } }> };
    expect(contract.prefix).toBe('{countersign}');
    expect(Object.keys(contract.queues)).toEqual(['decisions', 'outcomes', 'actions']);
    expect(Object.keys(contract.queues['decisions']?.message.properties ?? {})).toContain('scopeDigest');
  });

  it('submits a file to a running bot, names the refused lines and exits 1', async () => {
    const good = quarantineFile();
    const file = join(folder, 'actions.ndjson');
    const lines = [good, { ...quarantineFile(), severity: 'catastrophic' }, good].map((body) => JSON.stringify(body));
    await writeFile(file, `${lines[0]}\n${lines[1]}\nnot json\n\n${lines[2]}\n`);
    const { code, out, err } = await run(['actions', 'submit', file, '--url', world.url()], { env: { INTAKE_SECRETS: intakeSecret } });
    const text = `${out}${err}`;
    expect(code).toBe(1);
    expect(text).toMatch(/accepted 1/i);
    expect(text).toMatch(/known 1/i);
    expect(text).toMatch(/refused 2/i);
    expect(text).toMatch(/line 2.*severity/);
    expect(text).toMatch(/line 3/);
    await world.until('the card is posted', () => world.chat.card(good.title));
  });

  it('submits from standard input straight into the store', async () => {
    const body = quarantineFile();
    const policy = join(folder, 'policy.yaml');
    await writeFile(policy, world.chat.policy);
    const dataDir = join(folder, 'data');
    const env = { POLICY_FILE: policy, DATA_DIR: dataDir };
    const first = await run(['actions', 'submit', '-'], { env, input: JSON.stringify(body, null, 2) });
    expect(`${first.out}${first.err}`).toMatch(/accepted 1/i);
    expect(first.code).toBe(0);
    const again = await run(['actions', 'submit', '-'], { env, input: JSON.stringify(body) });
    expect(`${again.out}${again.err}`).toMatch(/known 1/i);
    // Two processes in a row that each open an embedded PostgreSQL, the first a new one.
  }, 90_000);

  it('exits 2 when the signing secret for a running bot is missing', async () => {
    const { code, err } = await run(['actions', 'submit', '-', '--url', world.url()], { input: '{}' });
    expect(code).toBe(2);
    expect(err).toContain('INTAKE_SECRETS');
  });
});
