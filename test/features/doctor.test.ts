/** `countersign doctor` against worlds that lack one thing each: it names exactly that, where to grant it, and no secret. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startEntra } from '../../sandbox/entra/server.ts';
import { startSlack } from '../../sandbox/slack/server.ts';
import { executorNeeds, feedNeeds, huntingNeeds, ingestNeeds } from '../../src/defender/needed-permissions.ts';
import { runDoctor } from '../../src/doctor.ts';
import type { Finding } from '../../src/doctor-finding.ts';
import { freshDatabase } from '../setup/fresh.ts';
import { run } from '../setup/processes.ts';
import { alice, entraTenant } from './people.ts';

const reader = { clientId: '0a0a0a0a-1111-4222-8333-444444444444', secret: 'entra-client-secret-for-tests' };
const executor = { clientId: '0b0b0b0b-1111-4222-8333-444444444444', secret: 'executor-secret-for-tests' };
const directory = ['User.Read.All', 'GroupMember.Read.All', 'RoleManagement.Read.Directory'];
const feeds = feedNeeds({ airHunting: true, notifications: true, office365: true });
const readers = [...new Set([...directory, ...[...ingestNeeds, ...huntingNeeds, ...feeds].map(({ anyOf }) => anyOf[0])])];
const executors = [...new Set(executorNeeds({ movesMail: true }).map(({ anyOf }) => anyOf[0]))];
const scopes = 'commands chat:write files:write im:write users:read channels:read groups:read channels:history groups:history'.split(' ');
const secrets = ['xoxb-a-token-for-tests', 'a-signing-secret-for-tests', reader.secret, executor.secret, 'an-intake-secret-for-tests'];

type Lacking = { reader?: string; executor?: string; scope?: string };

describe('countersign doctor', () => {
  let folder: string;
  let env: Record<string, string>;
  const closing: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-doctor-'));
    await writeFile(join(folder, 'policy.yaml'), 'routes:\n  - slack: [C0SOC]\n');
    env = {
      POLICY_FILE: join(folder, 'policy.yaml'),
      DATABASE_URL: await freshDatabase(),
      REDIS_URL: inject('redisUrl'),
      BACKEND: 'defender',
      INGEST: 'defender',
      INGEST_AIR_HUNTING: 'on',
      INGEST_OFFICE365: 'on',
      INGEST_NOTIFICATIONS_URL: 'https://countersign.contoso.example/v1/notifications',
      DIRECTORY: 'graph',
      PUBLIC_URL: 'https://countersign.contoso.example',
      INTAKE_SECRETS: 'an-intake-secret-for-tests',
      SLACK_BOT_TOKEN: 'xoxb-a-token-for-tests',
      SLACK_SIGNING_SECRET: 'a-signing-secret-for-tests',
      ENTRA_TENANT_ID: entraTenant,
      ENTRA_CLIENT_ID: reader.clientId,
      ENTRA_CLIENT_SECRET: reader.secret,
      EXECUTOR_CLIENT_ID: executor.clientId,
      EXECUTOR_CLIENT_SECRET: executor.secret,
    };
  });
  afterAll(async () => {
    for (const close of closing) await close();
    await rm(folder, { recursive: true, force: true });
  });

  /** A world in which one thing was not granted. */
  const worldLacking = async (lacking: Lacking): Promise<Record<string, string>> => {
    const without = (all: readonly string[], one: string | undefined) => all.filter((name) => name !== one);
    const apps = [
      { ...reader, permissions: without(readers, lacking.reader) },
      { ...executor, permissions: without(executors, lacking.executor) },
    ];
    const entra = await startEntra({ tenantId: entraTenant, apps, people: [] });
    const person = { id: 'U0ALICE', name: 'alice', realName: alice.displayName, email: alice.email };
    const slack = await startSlack({
      signingSecret: 'a-signing-secret-for-tests',
      botToken: 'xoxb-a-token-for-tests',
      people: [person],
      channels: [],
      scopes: without(scopes, lacking.scope),
    });
    closing.push(entra.close, slack.close);
    return { ...env, ENTRA_AUTHORITY_URL: entra.authorityUrl, GRAPH_URL: entra.graphUrl, SLACK_API_URL: slack.apiUrl };
  };

  const examined = async (world: Record<string, string | undefined>): Promise<{ code: number; findings: Finding[]; text: string }> => {
    const lines: string[] = [];
    const code = await runDoctor(world, { json: true, width: 100 }, (line) => lines.push(line));
    const text = lines.join('\n');
    for (const secret of secrets) expect(text).not.toContain(secret);
    return { code, text, findings: JSON.parse(text).findings };
  };
  const badOf = (findings: readonly Finding[]) => findings.filter(({ standing }) => standing === 'missing' || standing === 'failed');

  it('finds nothing where nothing is missing, and exits 0', async () => {
    const world = await worldLacking({});
    // As a person may write it.
    const { code, findings } = await examined({ ...world, SLACK_API_URL: world['SLACK_API_URL']?.replace(/\/$/, '') });
    expect(badOf(findings)).toEqual([]);
    expect(code).toBe(0);
    expect(new Set(findings.map(({ area }) => area))).toEqual(
      new Set(['Configuration', 'Record', 'Queues', 'Slack', 'Teams', 'Reading app', 'Executing app']),
    );
  });

  /** Needed for nothing that people do not leave out on purpose. */
  const isNeeded = new Set([...ingestNeeds, ...feeds].map(({ anyOf }) => anyOf[0]));
  const optionals = [...huntingNeeds, ...executorNeeds({ movesMail: true })].filter(
    ({ isOptional, anyOf }) => isOptional && !isNeeded.has(anyOf[0]),
  );
  const optional = new Set(optionals.map(({ anyOf }) => anyOf[0]));

  it.each(readers)('names %s where the reading app lacks it', async (permission) => {
    const { code, findings } = await examined(await worldLacking({ reader: permission }));
    const told = findings.filter(({ area, fix }) => area === 'Reading app' && fix !== null);
    expect(told.length).toBeGreaterThan(0);
    for (const { fix } of told) expect(fix).toMatch(new RegExp(`^Grant ${permission}: .*${reader.clientId}`));
    expect(code).toBe(optional.has(permission) ? 0 : 1);
  });

  it.each(executors)('names %s where the executing app lacks it, with each action type that needs it', async (permission) => {
    const { code, findings } = await examined(await worldLacking({ executor: permission }));
    const told = findings.filter(({ area, fix }) => area === 'Executing app' && fix !== null);
    const features = executorNeeds({ movesMail: true }).filter(({ anyOf }) => anyOf[0] === permission);
    expect(told.map(({ what }) => what).sort()).toEqual(features.map(({ feature }) => feature).sort());
    for (const { fix } of told) expect(fix).toMatch(new RegExp(`^Grant ${permission}: .*${executor.clientId}`));
    expect(code).toBe(features.every(({ isOptional }) => isOptional) ? 0 : 1);
  });

  it('asks for nothing that only mail needs where Microsoft has no API for mail', () => {
    const asked = new Set(executorNeeds({ movesMail: false }).flatMap(({ anyOf }) => anyOf));
    const dropped = executors.filter((permission) => !asked.has(permission));
    expect(dropped.sort()).toEqual(['SecurityAnalyzedMessage.ReadWrite.All', 'ThreatHunting.Read.All']);
  });

  it.each(scopes)('names the scope %s where the Slack app lacks it', async (scope) => {
    const { code, findings } = await examined(await worldLacking({ scope }));
    expect(badOf(findings).map(({ area, what }) => `${area} ${what}`)).toEqual([`Slack ${scope}`]);
    expect(code).toBe(1);
  });

  it('says what does not answer, within its time and without a secret', async () => {
    const world = await worldLacking({});
    const gone = { DATABASE_URL: 'postgres://nobody:geheim-geheim@127.0.0.1:1/none', REDIS_URL: 'redis://:geheim-geheim@127.0.0.1:1' };
    const dead = { ENTRA_AUTHORITY_URL: 'http://127.0.0.1:1/login', SLACK_API_URL: 'http://127.0.0.1:1/api/' };
    const { code, findings, text } = await examined({ ...world, ...gone, ...dead });
    expect(code).toBe(1);
    expect([...new Set(badOf(findings).map(({ area }) => area))].sort()).toEqual([
      'Executing app',
      'Queues',
      'Reading app',
      'Record',
      'Slack',
    ]);
    expect(text).not.toContain('geheim');
  });

  it('does not ask for the executor where its variables are not set', async () => {
    const { EXECUTOR_CLIENT_ID: _id, EXECUTOR_CLIENT_SECRET: _secret, ...rest } = await worldLacking({});
    const { code, findings } = await examined(rest);
    expect(findings.filter(({ area }) => area === 'Executing app').map(({ standing }) => standing)).toEqual(['off']);
    expect(code).toBe(0);
  });

  it('names what hunting needs also where Defender is not read, and only where people come from Graph', async () => {
    const world = { ...(await worldLacking({ reader: 'ThreatHunting.Read.All' })), INGEST: 'off' };
    const { code, findings } = await examined(world);
    expect(findings.flatMap(({ area, fix }) => (area === 'Reading app' && fix !== null ? [fix] : []))).toEqual([
      expect.stringMatching(/^Grant ThreatHunting\.Read\.All: /),
    ]);
    expect(code).toBe(0);
  });

  it('does not say a secret that is in a file either, be it one of two lines', async () => {
    const file = join(folder, 'bot-token');
    await writeFile(file, 'xoxb-geheim-one\nxoxb-geheim-two');
    const { SLACK_BOT_TOKEN: _token, ...world } = await worldLacking({});
    const { findings, text } = await examined({ ...world, SLACK_BOT_TOKEN_FILE: file });
    expect(badOf(findings).map(({ area }) => area)).toEqual(['Slack']);
    expect(text).not.toContain('geheim');
  });

  it('says every variable that cannot be used', async () => {
    const { code, findings } = await examined({ ...env, PORT: 'eighty', BACKEND: 'magic' });
    expect(badOf(findings).map(({ what }) => what)).toEqual(expect.arrayContaining(['PORT', 'BACKEND']));
    expect(code).toBe(1);
  });

  it('is a command whose table fits the terminal, with the advice in full', async () => {
    const world = await worldLacking({ reader: 'SecurityAlert.Read.All' });
    const { code, out } = await run(['doctor'], { env: world });
    expect(code).toBe(1);
    expect(out).toMatch(/MISSING +Reading app +Reading Defender: alerts/);
    expect(out.replaceAll(/\s+/g, ' ')).toContain('Grant SecurityAlert.Read.All: Entra admin center');
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
    for (const secret of secrets) expect(out).not.toContain(secret);
  });
});
