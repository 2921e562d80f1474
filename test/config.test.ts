import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configVariables, loadEnvironment, readConfig } from '../src/config.ts';
import { problemsOf } from './setup/config-problems.ts';

const enough = {
  POLICY_FILE: 'policy.yaml',
  DIRECTORY_FILE: 'directory.json',
  BACKEND: 'consumer',
  SLACK_BOT_TOKEN: 'xoxb-test',
  SLACK_SIGNING_SECRET: 'signing-secret',
  INTAKE_SECRETS: 'intake-secret-0123456789',
};

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-config-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fileWith = (name: string, content: string): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

describe('addresses of the portal that Microsoft does not document', () => {
  it('are paths with the place of an id, and nothing else', () => {
    expect(readConfig({ ...enough, INVESTIGATION_URL_TEMPLATE: '/investigation/{id}' }).portalPages).toEqual({
      investigation: '/investigation/{id}',
      email: true,
    });
    expect(readConfig({ ...enough, EMAIL_ENTITY_LINKS: 'false' }).portalPages.email).toBe(false);
    for (const wrong of [
      'https://evil.example/{id}',
      '//evil.example/{id}',
      '/\\evil.example/{id}',
      '/investigation',
      '/x?a={id}',
      '/{id}#y',
    ])
      expect(problemsOf({ ...enough, INVESTIGATION_URL_TEMPLATE: wrong })).toHaveLength(1);
  });
});

describe('a configuration that is enough', () => {
  it('fills in the defaults', () => {
    expect(readConfig(enough)).toEqual({
      port: 3000,
      host: '0.0.0.0',
      publicUrl: null,
      exportMaxRows: 1_000_000,
      adminPort: null,
      adminHost: '127.0.0.1',
      logLevel: 'info',
      databaseUrl: null,
      dataDir: '.data',
      redisUrl: null,
      policyFile: 'policy.yaml',
      directoryFile: 'directory.json',
      entra: null,
      executor: null,
      ingest: null,
      identityMode: 'linked',
      globalAdministratorMayDecide: true,
      backend: 'consumer',
      cloud: 'global',
      intakeSecrets: ['intake-secret-0123456789'],
      teams: null,
      platforms: ['slack'],
      onCall: null,
      tenantId: 'default',
      auditSigningKey: null,
      auditRetentionDays: null,
      portalUrl: 'https://security.microsoft.com',
      portalTenantId: null,
      portalPages: { investigation: null, email: true },
      slack: { botToken: 'xoxb-test', signingSecret: 'signing-secret', appToken: null, apiUrl: null },
      warnings: [],
    });
  });

  it('takes an empty variable for an unset one', () => {
    expect(readConfig({ ...enough, PORT: '', ADMIN_PORT: '  ', REDIS_URL: '' })).toMatchObject({
      port: 3000,
      adminPort: null,
      redisUrl: null,
    });
  });

  it('links the portal of the cloud, unless told otherwise', () => {
    expect(readConfig({ ...enough, CLOUD: 'gcchigh' }).portalUrl).toBe('https://security.microsoft.us');
    expect(readConfig({ ...enough, CLOUD: 'dod' }).portalUrl).toBe('https://security.apps.mil');
    expect(readConfig({ ...enough, CLOUD: 'dod', PORTAL_URL: 'https://portal.example' }).portalUrl).toBe('https://portal.example');
  });

  it('splits the producers’ secrets at commas', () => {
    expect(readConfig({ ...enough, INTAKE_SECRETS: 'first-secret-0123 , second-secret-0123' }).intakeSecrets).toEqual([
      'first-secret-0123',
      'second-secret-0123',
    ]);
  });

  it('asks a worker, a direct submission and a client for no more than they need', () => {
    const { POLICY_FILE, DIRECTORY_FILE, BACKEND, INTAKE_SECRETS } = enough;
    expect(problemsOf({ POLICY_FILE, DIRECTORY_FILE, BACKEND }, 'worker')).toEqual([]);
    expect(problemsOf({ POLICY_FILE }, 'store')).toEqual([]);
    expect(problemsOf({}, 'record')).toEqual([]);
    expect(problemsOf({ INTAKE_SECRETS }, 'client')).toEqual([]);
    expect(problemsOf({}, 'client')).toEqual([expect.stringMatching(/^INTAKE_SECRETS: /)]);
  });

  it('hands a worker no Slack token', () => {
    expect(readConfig(enough, { needs: 'worker' }).slack).toBeNull();
  });
});

const teams = {
  MICROSOFT_APP_ID: '99999999-8888-4777-8666-555555555555',
  MICROSOFT_APP_PASSWORD: 'a-secret-for-tests',
  MICROSOFT_APP_TENANT_ID: '11111111-2222-4333-8444-555555555555',
};

describe('a configuration with Teams', () => {
  it('needs no Slack, and takes its own tenant as the only one allowed', () => {
    const { SLACK_BOT_TOKEN: _token, SLACK_SIGNING_SECRET: _secret, ...rest } = enough;
    const config = readConfig({ ...rest, ...teams });
    expect(config).toMatchObject({ slack: null, platforms: ['teams'], warnings: [] });
    expect(config.teams).toMatchObject({
      appType: 'SingleTenant',
      allowedTenants: [teams.MICROSOFT_APP_TENANT_ID],
      insecureLoopback: false,
    });
  });

  it('takes a managed identity without a secret', () => {
    const { MICROSOFT_APP_PASSWORD: _password, ...rest } = teams;
    expect(readConfig({ ...enough, ...rest, MICROSOFT_APP_TYPE: 'UserAssignedMSI' }).teams).toMatchObject({ appPassword: '' });
  });

  it('takes an emulator on this machine, and says loudly what that means', () => {
    const emulator = {
      HOST: '127.0.0.1',
      TEAMS_INSECURE_LOOPBACK: 'true',
      TEAMS_ALLOWED_TENANTS: teams.MICROSOFT_APP_TENANT_ID,
      TEAMS_SERVICE_URLS: 'http://127.0.0.1:56150/',
    };
    const config = readConfig({ ...enough, ...emulator });
    expect(config.teams).toMatchObject({ appId: '', insecureLoopback: true });
    expect(config.warnings).toEqual([expect.stringContaining('NOBODY PROVES WHO THEY ARE')]);
  });

  it('is off where nothing of it is set, and for a worker', () => {
    expect(readConfig(enough)).toMatchObject({ teams: null, platforms: ['slack'] });
    expect(readConfig({ ...enough, ...teams }, { needs: 'worker' })).toMatchObject({ teams: null, platforms: ['slack', 'teams'] });
  });
});

const graph = {
  DIRECTORY: 'graph',
  ENTRA_TENANT_ID: '11111111-2222-4333-8444-555555555555',
  ENTRA_CLIENT_ID: '0A0A0A0A-1111-4222-8333-444444444444',
  ENTRA_CLIENT_SECRET: 'a-secret-for-tests',
};
const linked = { ...graph, SLACK_LINKS_FILE: 'links.json' };
describe('a configuration that is not usable', () => {
  it('is refused with every problem at once, each beginning with its variable', () => {
    const problems = problemsOf({
      PORT: '99999',
      ADMIN_PORT: 'nine',
      DATABASE_URL: 'mysql://db.example/x',
      REDIS_URL: 'http://redis.example',
      LOG_LEVEL: 'loud',
      IDENTITY_MODE: 'guess',
      GLOBAL_ADMIN_MAY_DECIDE: 'perhaps',
      PORTAL_URL: 'http://portal.example',
      PORTAL_TENANT_ID: 'contoso',
      TENANT_ID: 'a b',
      INTAKE_SECRETS: 'short,long-enough-0123456789',
    });
    expect(problems.map((problem) => problem.split(':', 1)[0]).sort()).toEqual(
      [
        ...['ADMIN_PORT', 'BACKEND', 'DATABASE_URL', 'DIRECTORY_FILE', 'GLOBAL_ADMIN_MAY_DECIDE', 'IDENTITY_MODE', 'INTAKE_SECRETS'],
        ...['LOG_LEVEL', 'POLICY_FILE', 'PORT', 'PORTAL_TENANT_ID', 'PORTAL_URL', 'REDIS_URL', 'SLACK_BOT_TOKEN', 'TENANT_ID'],
      ].sort(),
    );
  });

  it('never repeats a value, not even a wrong one', () => {
    const secretive = Object.fromEntries(configVariables.map(({ name }) => [name, 'S3CRET']));
    expect(problemsOf(secretive).length).toBeGreaterThan(5);
    expect(problemsOf(secretive).join('\n')).not.toContain('S3CRET');
  });

  it('takes a private Ed25519 key and no other, and keeps the audit record for at least 30 days', () => {
    const pem = (type: 'ed25519' | 'x25519') =>
      generateKeyPairSync(type as 'ed25519')
        .privateKey.export({ type: 'pkcs8', format: 'pem' })
        .toString();
    const file = fileWith('audit.pem', pem('ed25519'));
    const config = readConfig({ AUDIT_SIGNING_KEY_FILE: file, AUDIT_RETENTION_DAYS: '30' }, { needs: 'record' });
    expect(config).toMatchObject({ auditSigningKey: expect.stringContaining('BEGIN PRIVATE KEY'), auditRetentionDays: 30 });
    for (const [key, days] of [
      [pem('x25519'), '29'],
      ['nonsense', '30.5'],
      ['-----BEGIN PRIVATE KEY-----', 'ever'],
    ]) {
      expect(problemsOf({ AUDIT_SIGNING_KEY: key, AUDIT_RETENTION_DAYS: days }, 'record')).toEqual([
        'AUDIT_SIGNING_KEY: is not a private Ed25519 key in PEM',
        'AUDIT_RETENTION_DAYS: must be a whole number of days, 30 or more',
      ]);
    }
  });

  it('is one with no chat platform, and with half a platform', () => {
    const { SLACK_BOT_TOKEN, SLACK_SIGNING_SECRET, ...rest } = enough;
    expect(problemsOf(rest)).toEqual([expect.stringMatching(/^SLACK_BOT_TOKEN: no chat platform is on/)]);
    expect(problemsOf({ ...rest, SLACK_SIGNING_SECRET })).toEqual([expect.stringMatching(/^SLACK_BOT_TOKEN: /)]);
    expect(problemsOf({ ...rest, SLACK_BOT_TOKEN })).toEqual([expect.stringMatching(/^SLACK_SIGNING_SECRET: /)]);
  });

  it.each<[Record<string, string>, RegExp[]]>([
    [{ MICROSOFT_APP_ID: '1234' }, [/^MICROSOFT_APP_ID: must be the app id/, /^MICROSOFT_APP_TENANT_ID: /, /^MICROSOFT_APP_PASSWORD: /]],
    [{ MICROSOFT_APP_PASSWORD: 'secret' }, [/^MICROSOFT_APP_ID: is needed as well/]],
    [{ ...teams, MICROSOFT_APP_TYPE: 'UserAssignedMSI' }, [/^MICROSOFT_APP_PASSWORD: a managed identity/]],
    [{ ...teams, MICROSOFT_APP_TYPE: 'MultiTenant' }, [/^MICROSOFT_APP_TYPE: must be one of/]],
    [{ ...teams, TEAMS_ALLOWED_TENANTS: 'contoso' }, [/^TEAMS_ALLOWED_TENANTS.*: must be tenant ids/]],
    [{ ...teams, TEAMS_SERVICE_URLS: 'http://teams.example' }, [/^TEAMS_SERVICE_URLS.*: must be an https/]],
    [{ ...teams, TEAMS_LOGIN_URL: 'https://login.example' }, [/^TEAMS_LOGIN_URL and TEAMS_OPENID_URL: /]],
    [{ ...teams, TEAMS_INSECURE_LOOPBACK: 'true' }, [/only for an empty MICROSOFT_APP_ID/, /needs HOST=127/, /^TEAMS_SERVICE_URLS: /]],
    [{ TEAMS_INSECURE_LOOPBACK: 'true', HOST: '127.0.0.1' }, [/^TEAMS_ALLOWED_TENANTS: is needed/, /^TEAMS_SERVICE_URLS: is needed/]],
  ])('is one with a Teams that cannot work: %j', (env, expected) => {
    const problems = problemsOf({ ...enough, ...env });
    expect(problems).toHaveLength(expected.length);
    for (const [index, pattern] of expected.entries()) expect(problems[index]).toMatch(pattern);
  });

  it('is one whose tokens were swapped', () => {
    const problems = problemsOf({ ...enough, SLACK_BOT_TOKEN: 'xapp-1-A', SLACK_APP_TOKEN: 'xoxb-1' });
    expect(problems.map((problem) => problem.split(':', 1)[0])).toEqual(['SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN']);
  });

  it('is one that serves metrics on the public port', () => {
    expect(problemsOf({ ...enough, ADMIN_PORT: '3000' })).toEqual([expect.stringMatching(/^ADMIN_PORT: /)]);
    expect(problemsOf({ ...enough, PORT: '0', ADMIN_PORT: '0' })).toEqual([]);
  });
});

describe('what is allowed and told at the start', () => {
  const warningsFor = (env: Record<string, string>) =>
    readConfig({ ...enough, ...env }).warnings.map((warning) => warning.split(':', 1)[0]);

  it.each([
    [{ BACKEND: 'simulator' }, 'BACKEND'],
    [{ IDENTITY_MODE: 'email' }, 'IDENTITY_MODE'],
    [{ INTAKE_SECRETS: '' }, 'INTAKE_SECRETS'],
    [{ SLACK_APP_TOKEN: 'xapp-1' }, 'SLACK_APP_TOKEN'],
    [{ SLACK_API_URL: 'http://slack.example/api/' }, 'SLACK_API_URL'],
    [{ ADMIN_PORT: '9400', ADMIN_HOST: '0.0.0.0' }, 'ADMIN_HOST'],
    [{ DEFENDER_API_URL: 'https://api.security.microsoft.com' }, 'DEFENDER_API_URL'],
    [{ ENTRA_TENANT_ID: graph.ENTRA_TENANT_ID }, 'ENTRA_TENANT_ID'],
    [graph, 'SLACK_LINKS_FILE'],
    [{ ...linked, GRAPH_URL: 'https://graph.example' }, 'GRAPH_URL'],
    [{ ...linked, ENTRA_AUTHORITY_URL: 'http://127.0.0.1:4400' }, 'ENTRA_AUTHORITY_URL'],
    [{ ...linked, ENTRA_URBAC: 'true' }, 'ENTRA_URBAC'],
    [{ ...linked, URBAC_EMAIL_ADVANCED_ACTION: 'microsoft.xdr/secops/mail/manage' }, 'URBAC_EMAIL_ADVANCED_ACTION'],
    [{ ...teams, TEAMS_LOGIN_URL: 'http://127.0.0.1:1/', TEAMS_OPENID_URL: 'http://127.0.0.1:1/' }, 'TEAMS_OPENID_URL'],
    [{ ...teams, TEAMS_ALLOWED_TENANTS: '22222222-2222-4333-8444-555555555555' }, 'TEAMS_ALLOWED_TENANTS'],
  ])('%j warns about %s', (env, name) => {
    expect(warningsFor(env as Record<string, string>)).toEqual([name]);
  });

  it('keeps quiet about a simulated Slack on this machine', () => {
    expect(warningsFor({ SLACK_API_URL: 'http://127.0.0.1:4400/api/' })).toEqual([]);
  });

  it('uses Socket Mode where both ways into Slack are given', () => {
    expect(readConfig({ ...enough, SLACK_APP_TOKEN: 'xapp-1' }).slack).toMatchObject({ appToken: 'xapp-1', signingSecret: null });
  });
});

describe('PUBLIC_URL', () => {
  it.each(['https://countersign.example', 'https://countersign.example/', 'http://127.0.0.1:3000', 'https://a.example/countersign/'])(
    'may be %s',
    (url) => {
      expect(readConfig({ ...enough, PUBLIC_URL: url }).publicUrl).toBe(url.replace(/\/$/, ''));
    },
  );
  it.each(['http://countersign.example', 'countersign.example', 'https://u:p@a.example', 'https://a.example/?x=1', 'ftp://a.example'])(
    'may not be %s',
    (url) => {
      expect(problemsOf({ ...enough, PUBLIC_URL: url })).toEqual([expect.stringMatching(/^PUBLIC_URL: must be an https/)]);
    },
  );
  it('makes links possible, so that a missing file of links is no worry', () => {
    expect(readConfig({ ...enough, ...graph, PUBLIC_URL: 'https://a.example' }).warnings).toEqual([]);
    expect(readConfig({ ...enough, ...graph, LINK_VALID_DAYS: '7' }).entra?.linkValidDays).toBe(7);
  });
  it.each(['0', '366', '-1', '1.5', 'ninety'])('LINK_VALID_DAYS may not be %s', (days) => {
    expect(problemsOf({ ...enough, ...graph, LINK_VALID_DAYS: days })).toEqual([expect.stringMatching(/^LINK_VALID_DAYS: /)]);
  });
});

describe('secrets in files', () => {
  it('are read, without the line end an editor adds', () => {
    const { SLACK_BOT_TOKEN: _token, ...rest } = enough;
    const file = fileWith('bot-token', 'xoxb-from-file\n');
    expect(readConfig({ ...rest, SLACK_BOT_TOKEN_FILE: file }).slack?.botToken).toBe('xoxb-from-file');
  });

  it('are refused beside the variable itself', () => {
    const file = fileWith('intake', 'another-secret-0123456789');
    expect(problemsOf({ ...enough, INTAKE_SECRETS_FILE: file })).toEqual([
      expect.stringMatching(/^INTAKE_SECRETS_FILE: INTAKE_SECRETS is set/),
    ]);
  });

  it('that cannot be read are reported by the variable, and not as missing as well', () => {
    const { SLACK_SIGNING_SECRET: _secret, ...rest } = enough;
    const problems = problemsOf({ ...rest, SLACK_SIGNING_SECRET_FILE: join(folder, 'nowhere'), REDIS_URL_FILE: fileWith('empty', '\n') });
    expect(problems).toEqual([
      expect.stringMatching(/^REDIS_URL_FILE: .*empty/),
      expect.stringMatching(/^SLACK_SIGNING_SECRET_FILE: .*ENOENT/),
    ]);
  });

  it('with a wrong content are refused without showing it', () => {
    const { SLACK_BOT_TOKEN: _token, ...rest } = enough;
    const problems = problemsOf({ ...rest, SLACK_BOT_TOKEN_FILE: fileWith('wrong', 'hunter2-hunter2') });
    expect(problems).toHaveLength(1);
    expect(problems.join()).not.toContain('hunter2');
  });
});

describe('.env', () => {
  it('is read where there is one, and what is really set wins', () => {
    const file = fileWith('dotenv', 'CONFIG_TEST_ONE=from-file\nCONFIG_TEST_TWO=from-file\n');
    process.env['CONFIG_TEST_TWO'] = 'really-set';
    try {
      const env = loadEnvironment(file);
      expect([env['CONFIG_TEST_ONE'], env['CONFIG_TEST_TWO']]).toEqual(['from-file', 'really-set']);
    } finally {
      delete process.env['CONFIG_TEST_ONE'];
      delete process.env['CONFIG_TEST_TWO'];
    }
  });

  it('may be absent', () => {
    expect(loadEnvironment(join(folder, 'no-such-file'))).toBe(process.env);
  });
});

describe('.env.example', () => {
  const text = readFileSync(new URL('../.env.example', import.meta.url), 'utf8');
  const told = new Map([...text.matchAll(/^([A-Z0-9_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]));

  it('mentions every variable and no other', () => {
    expect([...told.keys()].sort()).toEqual(configVariables.map(({ name }) => name).sort());
  });

  it('shows the defaults as they are', () => {
    const wrong = configVariables.filter(({ name, default: value }) => value !== null && told.get(name) !== value).map(({ name }) => name);
    expect(wrong).toEqual([]);
  });

  it('names the file variable of every secret', () => {
    for (const { name, secret } of configVariables) if (secret) expect(text).toContain(`${name}_FILE`);
  });
});

describe('the table of variables', () => {
  it('has the defaults that the schema has', () => {
    const spelledOut = Object.fromEntries(configVariables.flatMap(({ name, default: value }) => (value === null ? [] : [[name, value]])));
    expect(readConfig({ ...enough, ...spelledOut })).toEqual(readConfig(enough));
  });
});
