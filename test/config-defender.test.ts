/** The environment of what carries decisions out in Defender, and of what must not be able to. */
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
const executor = {
  ENTRA_TENANT_ID: '11111111-2222-4333-8444-555555555555',
  EXECUTOR_CLIENT_ID: '0b0b0b0b-1111-4222-8333-444444444444',
  EXECUTOR_CLIENT_SECRET: 'executor-secret-for-tests',
};

describe('a configuration that is not usable', () => {
  it('is one of a worker for Defender without credentials to do so; the bot needs none', () => {
    const defender = { ...enough, BACKEND: 'defender' };
    expect(problemsOf(defender)).toEqual([]);
    expect(problemsOf(defender, 'worker')).toEqual([
      expect.stringMatching(/^ENTRA_TENANT_ID: is needed with BACKEND=defender/),
      expect.stringMatching(/^EXECUTOR_CLIENT_ID: is needed with BACKEND=defender/),
      expect.stringMatching(/^EXECUTOR_CLIENT_SECRET: is needed with BACKEND=defender/),
    ]);
    const half = { ...defender, ...executor, EXECUTOR_CLIENT_KEY_FILE: 'key.pem' };
    expect(problemsOf(half, 'worker').map((problem) => problem.split(':', 1)[0])).toEqual([
      'EXECUTOR_CLIENT_SECRET',
      'EXECUTOR_CLIENT_CERTIFICATE_FILE and EXECUTOR_CLIENT_KEY_FILE',
    ]);
    expect(problemsOf({ ...defender, DEFENDER_LIVE_RESPONSE: 'on', DEFENDER_CALLS_PER_MINUTE: '0' })).toEqual([
      expect.stringMatching(/^DEFENDER_CALLS_PER_MINUTE: must be a whole number/),
      expect.stringMatching(/^DEFENDER_LIVE_RESPONSE: must be off/),
    ]);
  });
});

describe('the credentials that carry decisions out', () => {
  const defender = { ...enough, ...executor, BACKEND: 'defender' };

  it('are read by what carries out, with the addresses of the cloud', () => {
    const { executor: read } = readConfig({ ...defender, CLOUD: 'gcc' }, { needs: 'worker' });
    expect(read).toMatchObject({
      clientId: executor.EXECUTOR_CLIENT_ID,
      credential: { kind: 'secret', secret: executor.EXECUTOR_CLIENT_SECRET },
      defenderUrl: 'https://api-gcc.securitycenter.microsoft.us',
      graphUrl: 'https://graph.microsoft.com',
      callsPerMinute: 100,
    });
    expect(readConfig(defender, { needs: 'bot', executes: true }).executor).not.toBeNull();
  });

  it('are not read by the bot, which says so', () => {
    const config = readConfig(defender, { needs: 'bot' });
    expect(config.executor).toBeNull();
    expect(JSON.stringify(config)).not.toContain(executor.EXECUTOR_CLIENT_SECRET);
    expect(config.warnings).toContain('EXECUTOR_CLIENT_SECRET: is set, but the bot does not read it; give it to the worker alone');
  });

  it('should not be those of the app that reads the directory', () => {
    const { warnings } = readConfig({ ...defender, ENTRA_CLIENT_ID: executor.EXECUTOR_CLIENT_ID }, { needs: 'worker' });
    expect(warnings.filter((warning) => warning.startsWith('EXECUTOR_CLIENT_ID'))).toHaveLength(1);
  });
});
