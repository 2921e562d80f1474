import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../src/config.ts';
import { makeCertificate } from './identity/certificate.ts';
import { problemsOf } from './setup/config-problems.ts';

const rest = {
  POLICY_FILE: 'policy.yaml',
  BACKEND: 'consumer',
  SLACK_BOT_TOKEN: 'xoxb-test',
  SLACK_SIGNING_SECRET: 'signing-secret',
  INTAKE_SECRETS: 'intake-secret-0123456789',
};
const graph = {
  DIRECTORY: 'graph',
  ENTRA_TENANT_ID: '11111111-2222-4333-8444-555555555555',
  ENTRA_CLIENT_ID: '0A0A0A0A-1111-4222-8333-444444444444',
  ENTRA_CLIENT_SECRET: 'a-secret-for-tests',
};
const linked = { ...graph, SLACK_LINKS_FILE: 'links.json' };

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

const aGroup = '66666666-7777-4888-8999-000000000001';

describe('a configuration with the directory by Microsoft Graph', () => {
  it('needs no directory file, and takes the addresses of the cloud', () => {
    const config = readConfig({ ...rest, ...linked });
    expect(config.entra).toEqual({
      tenantId: graph.ENTRA_TENANT_ID,
      clientId: graph.ENTRA_CLIENT_ID.toLowerCase(),
      credential: { kind: 'secret', secret: 'a-secret-for-tests' },
      authorityUrl: 'https://login.microsoftonline.com',
      graphUrl: 'https://graph.microsoft.com',
      searchAndPurgeGroups: [],
      activeRemediationGroups: [],
      exchangeSecurityAdministratorGroups: [],
      deviceGroups: null,
      unified: null,
      slackLinksFile: 'links.json',
      linkValidDays: 90,
    });
    expect(config.warnings).toEqual([]);
    expect(readConfig({ ...rest, ...linked, CLOUD: 'dod' }).entra).toMatchObject({
      authorityUrl: 'https://login.microsoftonline.us',
      graphUrl: 'https://dod-graph.microsoft.us',
    });
  });

  it('is the worker’s too, and nobody else’s', () => {
    const { POLICY_FILE, BACKEND, INTAKE_SECRETS } = rest;
    expect(readConfig({ POLICY_FILE, BACKEND, ...graph }, { needs: 'worker' }).entra).not.toBeNull();
    expect(problemsOf({ POLICY_FILE, BACKEND, DIRECTORY: 'graph' }, 'worker')).toEqual([
      expect.stringMatching(/^ENTRA_TENANT_ID: /),
      expect.stringMatching(/^ENTRA_CLIENT_ID: /),
      expect.stringMatching(/^ENTRA_CLIENT_SECRET: /),
    ]);
    expect(readConfig({ POLICY_FILE, DIRECTORY: 'graph' }, { needs: 'store' }).entra).toBeNull();
    expect(readConfig({ INTAKE_SECRETS, DIRECTORY: 'graph' }, { needs: 'client' }).entra).toBeNull();
  });

  it('reads the groups, the map of device groups and the strings of Unified RBAC', () => {
    const config = readConfig({
      ...rest,
      ...linked,
      SEARCH_AND_PURGE_GROUP_IDS: `${aGroup}, ${aGroup.replace('1', 'A')}`,
      DEVICE_GROUP_MAP: fileWith('devices.json', JSON.stringify({ Workstations: [aGroup.toUpperCase()], '*': [] })),
      ENTRA_URBAC: 'true',
      URBAC_EMAIL_ADVANCED_ACTION: 'microsoft.xdr/secops/Mail/manage',
      GRAPH_URL: 'http://127.0.0.1:4400/graph/',
    });
    expect(config.entra).toMatchObject({
      searchAndPurgeGroups: [aGroup, aGroup.replace('1', 'a')],
      deviceGroups: { Workstations: [aGroup], '*': [] },
      unified: { emailMetadataAction: null, emailAdvancedAction: 'microsoft.xdr/secops/mail/manage' },
      graphUrl: 'http://127.0.0.1:4400/graph',
    });
  });

  it.each<[Record<string, string>, RegExp[]]>([
    [{ ENTRA_TENANT_ID: 'contoso.example' }, [/^ENTRA_TENANT_ID: must be a tenant id/]],
    [{ ENTRA_CLIENT_SECRET: '' }, [/^ENTRA_CLIENT_SECRET: is needed/]],
    [{ ENTRA_CLIENT_CERTIFICATE_FILE: 'a.pem' }, [/^ENTRA_CLIENT_SECRET: a certificate is set/, /belong together/]],
    [{ ENTRA_AUTHORITY_URL: 'http://login.example' }, [/^ENTRA_AUTHORITY_URL: must be an https/]],
    [{ GRAPH_URL: 'graph.example' }, [/^GRAPH_URL: must be an https/]],
    [{ SEARCH_AND_PURGE_GROUP_IDS: `${aGroup},admins` }, [/^SEARCH_AND_PURGE_GROUP_IDS.*: must be group ids/]],
    [{ ENTRA_URBAC: 'yes' }, [/^ENTRA_URBAC: /]],
    [{ URBAC_EMAIL_ADVANCED_ACTION: 'everything' }, [/^URBAC_EMAIL_ADVANCED_ACTION: /]],
    [{ DEVICE_GROUP_MAP: 'nowhere.json' }, [/^DEVICE_GROUP_MAP: .*ENOENT/]],
  ])('is not usable with %j', (env, expected) => {
    const problems = problemsOf({ ...rest, ...linked, ...env });
    expect(problems).toHaveLength(expected.length);
    for (const [index, pattern] of expected.entries()) expect(problems[index]).toMatch(pattern);
  });

  it('is not usable with a map of device groups that is none, and does not show what is in it', () => {
    for (const content of ['hunter2', '{"Workstations": ["hunter2"]}', '["hunter2"]']) {
      const problems = problemsOf({ ...rest, ...linked, DEVICE_GROUP_MAP: fileWith('wrong-map', content) });
      expect(problems).toEqual([expect.stringMatching(/^DEVICE_GROUP_MAP: /)]);
      expect(problems.join()).not.toContain('hunter2');
    }
  });
});

describe('the certificate of the app that reads the directory', () => {
  const { ENTRA_CLIENT_SECRET: _secret, ...app } = linked;
  const files = (certificate: string, key: string) => ({
    ENTRA_CLIENT_CERTIFICATE_FILE: fileWith('graph.crt', certificate),
    ENTRA_CLIENT_KEY_FILE: fileWith('graph.key', key),
  });

  it('is read with its key', () => {
    const { certificate, key } = makeCertificate();
    const config = readConfig({ ...rest, ...app, ...files(certificate, key) });
    expect(config.entra?.credential).toEqual({ kind: 'certificate', certificate: certificate.trim(), key: key.trim() });
    expect(config.warnings).toEqual([]);
  });

  it('is told about in time when it ends', () => {
    const { certificate, key } = makeCertificate({ days: 10 });
    const { warnings } = readConfig({ ...rest, ...app, ...files(certificate, key) });
    expect(warnings).toEqual([expect.stringMatching(/^ENTRA_CLIENT_CERTIFICATE_FILE: the certificate ends in (9|10) days/)]);
  });

  it('is refused with the key of another, and when either is something else', () => {
    const [one, other] = [makeCertificate(), makeCertificate()];
    const problems = (certificate: string, key: string) => problemsOf({ ...rest, ...app, ...files(certificate, key) });
    expect(problems(one.certificate, other.key)).toEqual([expect.stringMatching(/^ENTRA_CLIENT_KEY_FILE: is not the key/)]);
    expect(problems('hunter2', one.key)).toEqual([expect.stringMatching(/^ENTRA_CLIENT_CERTIFICATE_FILE: .*no certificate/)]);
    expect(problems(one.certificate, 'hunter2')).toEqual([expect.stringMatching(/^ENTRA_CLIENT_KEY_FILE: .*no RSA private key/)]);
    expect(problems('', '').join()).toMatch(/CERTIFICATE_FILE: .*empty.*KEY_FILE: .*empty/);
  });
});
