/** The environment of what reads Defender. */
import { describe, expect, it } from 'vitest';
import { readConfig } from '../src/config.ts';
import { problemsOf } from './setup/config-problems.ts';

const enough = {
  SLACK_BOT_TOKEN: 'xoxb-test',
  SLACK_SIGNING_SECRET: 'signing-secret',
  POLICY_FILE: 'policy.yaml',
  DIRECTORY_FILE: 'directory.json',
  BACKEND: 'consumer',
  INTAKE_SECRETS: 'an-intake-secret-for-tests',
};
const reader = {
  ENTRA_TENANT_ID: '11111111-2222-4333-8444-555555555555',
  ENTRA_CLIENT_ID: '0a0a0a0a-1111-4222-8333-444444444444',
  ENTRA_CLIENT_SECRET: 'entra-client-secret-for-tests',
};

describe('reading Defender', () => {
  it('is off unless asked for', () => {
    expect(readConfig(enough).ingest).toBeNull();
  });

  it('needs the reading app wherever people come from, and says each variable once', () => {
    const names = (env: Record<string, string>) => problemsOf(env).map((problem) => problem.split(':', 1)[0]);
    const missing = ['ENTRA_TENANT_ID', 'ENTRA_CLIENT_ID', 'ENTRA_CLIENT_SECRET'];
    expect(names({ ...enough, INGEST: 'defender' })).toEqual(missing);
    expect(names({ ...enough, INGEST: 'defender', DIRECTORY: 'graph' })).toEqual(missing);
    expect(names({ ...enough, INGEST: 'sometimes', INGEST_DAYS: '0' })).toEqual(['INGEST', 'INGEST_DAYS']);
  });

  it('is not begun with half a certificate, or with one beside a secret, also where people come from a file', () => {
    const { ENTRA_CLIENT_SECRET: secret, ...rest } = { ...enough, ...reader, INGEST: 'defender' };
    const half = { ...rest, ENTRA_CLIENT_CERTIFICATE_FILE: 'certificate.pem' };
    const together = expect.stringMatching(/^ENTRA_CLIENT_CERTIFICATE_FILE and ENTRA_CLIENT_KEY_FILE: belong together/);
    expect(problemsOf(half)).toEqual([together]);
    expect(problemsOf({ ...half, ENTRA_CLIENT_SECRET: secret })).toEqual([
      expect.stringMatching(/^ENTRA_CLIENT_SECRET: a certificate/),
      together,
    ]);
  });

  it('is done with the reading app and in its cloud, never with the executor', () => {
    const executor = { EXECUTOR_CLIENT_ID: '0b0b0b0b-1111-4222-8333-444444444444', EXECUTOR_CLIENT_SECRET: 'executor-secret-for-tests' };
    const config = readConfig({
      ...enough,
      ...reader,
      ...executor,
      INGEST: 'defender',
      BACKEND: 'defender',
      CLOUD: 'gcchigh',
      INGEST_DAYS: '7',
    });
    expect(config.ingest).toMatchObject({
      clientId: reader.ENTRA_CLIENT_ID,
      credential: { kind: 'secret', secret: reader.ENTRA_CLIENT_SECRET },
      graphUrl: 'https://graph.microsoft.us',
      defenderUrl: 'https://api-gov.securitycenter.microsoft.us',
      days: 7,
    });
    expect(config.executor).toBeNull();
    // People still come from the file, and none of the variables is called idle.
    expect(config.entra).toBeNull();
    expect(config.warnings.filter((warning) => warning.startsWith('ENTRA_'))).toEqual([]);
  });

  it('is not done by a worker', () => {
    expect(readConfig({ ...enough, ...reader, INGEST: 'defender' }, { needs: 'worker' }).ingest).toBeNull();
  });
});

describe('what else tells of pending work', () => {
  const on = { ...enough, ...reader, INGEST: 'defender' };
  const url = 'https://countersign.contoso.example/v1/notifications';

  it('is off unless asked for', () => {
    const { ingest } = readConfig(on);
    expect(ingest).toMatchObject({ air: { hunting: null, moreTypes: {} }, office365: null, notifications: null });
  });

  it.each([
    ['global', 'https://manage.office.com'],
    ['gcc', 'https://manage-gcc.office.com'],
    ['gcchigh', 'https://manage.office365.us'],
    ['dod', 'https://manage.protection.apps.mil'],
  ])('is asked in the cloud %s, unless another address is set', (CLOUD, address) => {
    expect(readConfig({ ...on, CLOUD, INGEST_OFFICE365: 'on' }).ingest?.office365).toEqual({ url: address, audience: address });
    const other = { OFFICE365_URL: 'https://feed.example/', OFFICE365_AUDIENCE: 'https://manage.office.com' };
    const { ingest } = readConfig({ ...on, CLOUD, INGEST_OFFICE365: 'on', ...other });
    expect(ingest?.office365).toEqual({ url: 'https://feed.example', audience: 'https://manage.office.com' });
  });

  it('is set by minutes, names and an address', () => {
    const set = {
      INGEST_AIR_HUNTING: 'on',
      INGEST_AIR_HUNTING_MINUTES: '30',
      INGEST_AIR_TYPES: 'Vaporize mail = softDeleteEmail, Bar URL=blockUrl',
    };
    const { ingest } = readConfig({ ...on, ...set, INGEST_NOTIFICATIONS_URL: url, INGEST_NOTIFICATIONS_SECRET: 's'.repeat(16) });
    expect(ingest?.air).toEqual({ hunting: { everyMs: 1_800_000 }, moreTypes: { vaporizemail: 'softDeleteEmail', barurl: 'blockUrl' } });
    expect(ingest?.notifications).toEqual({ url, resource: 'security/alerts_v2', secret: 's'.repeat(16) });
  });

  it.each([
    ['INGEST_AIR_HUNTING', 'yes'],
    ['INGEST_AIR_HUNTING_MINUTES', '1'],
    ['INGEST_AIR_TYPES', 'Vaporize mail=vaporize'],
    ['INGEST_AIR_TYPES', '=blockUrl'],
    ['INGEST_OFFICE365', 'true'],
    ['OFFICE365_URL', 'http://feed.example'],
    ['INGEST_NOTIFICATIONS_URL', 'https://countersign.contoso.example/'],
    ['INGEST_NOTIFICATIONS_URL', `${url}?a=b`],
    ['INGEST_NOTIFICATIONS_SECRET', 'short'],
    ['INGEST_NOTIFICATIONS_SECRET', 's'.repeat(129)],
    ['INGEST_NOTIFICATIONS_RESOURCE', 'users'],
  ])('refuses %s=%s by name', (name, value) => {
    const problems = problemsOf({ ...on, [name]: value });
    expect(problems.map((problem) => problem.split(':', 1)[0])).toEqual([name]);
    expect(problems.join()).not.toContain('sssss');
  });

  it('is called idle where nothing is read from Defender', () => {
    const { warnings } = readConfig({ ...enough, INGEST_OFFICE365: 'on', INGEST_NOTIFICATIONS_URL: url });
    const idle = warnings.filter((warning) => warning.includes('INGEST=off does nothing with it'));
    expect(idle.map((warning) => warning.split(':', 1)[0])).toEqual(['INGEST_OFFICE365', 'INGEST_NOTIFICATIONS_URL']);
  });
});
