import { describe, expect, it } from 'vitest';
import type { GuardRefusal } from '../../../src/chat/teams/guard.ts';
import { judgeActivity, judgeToken } from '../../../src/chat/teams/guard.ts';
import type { TeamsSettings } from '../../../src/chat/teams/settings.ts';

const tenant = '11111111-2222-4333-8444-555555555555';
const otherTenant = '22222222-2222-4333-8444-555555555555';
const appId = '99999999-8888-4777-8666-555555555555';
const issuer = 'https://api.botframework.com';
const serviceUrl = 'https://smba.trafficmanager.net/emea/';
const now = Date.parse('2026-11-21T08:00:00Z');

const settings: TeamsSettings = {
  appId,
  appPassword: 'secret',
  appType: 'SingleTenant',
  appTenantId: tenant,
  cloud: 'global',
  allowedTenants: [tenant],
  serviceUrls: [],
  loginUrl: null,
  openIdUrl: null,
  insecureLoopback: false,
};

const press = (changes: Record<string, unknown> = {}) => ({
  type: 'invoke',
  id: 'f:1',
  name: 'adaptiveCard/action',
  channelId: 'msteams',
  serviceUrl,
  from: { id: '29:alice', aadObjectId: '7F0C9A52-0000-4000-8000-000000000001', name: 'Alice Adams' },
  conversation: { id: '19:soc@thread.tacv2;messageid=17', conversationType: 'channel', tenantId: tenant },
  channelData: { tenant: { id: tenant }, channel: { id: '19:soc@thread.tacv2' }, team: { id: '19:team@thread.tacv2' } },
  value: {},
  ...changes,
});
const claims = { iss: issuer, serviceUrl };
const judge = (
  body: unknown,
  proof: typeof claims | { iss: string | null; serviceUrl: string | null } | null = claims,
  over: Partial<TeamsSettings> = {},
) => {
  const judged = judgeActivity(body, proof, { ...settings, ...over }, 0);
  return 'refusal' in judged ? judged.refusal : judged.arrival;
};

describe('an activity whose token was checked', () => {
  it('is let through with who, where and which organisation', () => {
    expect(judge(press())).toMatchObject({
      conversation: '19:soc@thread.tacv2',
      thread: '19:soc@thread.tacv2;messageid=17',
      organisation: tenant,
      serviceUrl,
      person: { id: '29:alice', entraId: '7f0c9a52-0000-4000-8000-000000000001' },
    });
  });

  it.each<[string, unknown, GuardRefusal]>([
    ['is no activity', 'hello', 'not-an-activity'],
    ['has no service URL', press({ serviceUrl: undefined }), 'no-service-url'],
    ['has another service URL than its token', press({ serviceUrl: 'https://smba.trafficmanager.net/amer/' }), 'no-service-url'],
    ['comes from another channel', press({ channelId: 'directline' }), 'wrong-channel'],
    ['comes from the channel with a back door', press({ channelId: 'AseChannel' }), 'wrong-channel'],
    ['names no tenant', press({ conversation: { id: '19:soc@thread.tacv2' }, channelData: {} }), 'no-tenant'],
    [
      'comes from another tenant',
      press({ conversation: { id: 'a:1', tenantId: otherTenant }, channelData: { tenant: { id: otherTenant } } }),
      'foreign-tenant',
    ],
    ['names two tenants', press({ channelData: { tenant: { id: otherTenant } } }), 'foreign-tenant'],
    ['has nobody behind it', press({ from: { id: '29:anonymous' } }), 'no-person'],
    ['has somebody behind it who is no GUID', press({ from: { id: '29:alice', aadObjectId: 'alice' } }), 'no-person'],
    ['names no conversation', press({ conversation: undefined }), 'no-conversation'],
  ])('is refused when it %s', (_what, body, refusal) => {
    expect(judge(body)).toBe(refusal);
  });

  it.each([
    ['an emulator', { iss: 'https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/', serviceUrl }, 'wrong-issuer'],
    ['another cloud', { iss: 'https://api.botframework.us', serviceUrl }, 'wrong-issuer'],
    ['nobody in particular', { iss: null, serviceUrl }, 'wrong-issuer'],
    ['a token without the claim', { iss: issuer, serviceUrl: null }, 'no-service-url'],
  ])('is refused with a token of %s', (_what, proof, refusal) => {
    expect(judge(press(), proof)).toBe(refusal);
  });

  it.each([
    'https://evil.example/',
    'http://smba.trafficmanager.net/emea/',
    'https://smba.trafficmanager.net:8443/',
    'https://smba.trafficmanager.net.evil.example/',
    'https://user@smba.trafficmanager.net/',
    'https://smba.infra.gov.teams.microsoft.us/teams/',
    'https://127.0.0.1/',
  ])('is refused when answers would go to %s', (url) => {
    expect(judge(press({ serviceUrl: url }), { iss: issuer, serviceUrl: url })).toBe('foreign-service-url');
  });

  it('may name a place that the configuration allows', () => {
    const url = 'http://127.0.0.1:56150/amer/';
    expect(judge(press({ serviceUrl: url }), { iss: issuer, serviceUrl: url }, { serviceUrls: ['http://127.0.0.1:56150'] })).toMatchObject({
      serviceUrl: url,
    });
  });

  it('belongs to the cloud that is configured', () => {
    const url = 'https://smba.infra.gov.teams.microsoft.us/teams/';
    const government = { iss: 'https://api.botframework.us', serviceUrl: url };
    expect(judge(press({ serviceUrl: url }), government, { cloud: 'gcchigh' })).toMatchObject({ serviceUrl: url });
    expect(judge(press({ serviceUrl: url }), government, { cloud: 'dod' })).toBe('foreign-service-url');
  });

  it('of the app itself needs no person', () => {
    expect(judge(press({ type: 'installationUpdate', action: 'add', from: { id: '29:x' } }))).toMatchObject({ person: null });
  });

  it('has a name of its own, also when it names itself not at all', () => {
    const named = (body: unknown) => (judge(body) as { requestKey: string }).requestKey;
    expect(named(press())).toBe(named(press()));
    expect(named(press({ id: undefined }))).not.toBe(named(press({ id: undefined })));
  });
});

describe('a token before its signature is checked', () => {
  const token = (changes: Record<string, unknown> = {}) => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    return `Bearer ${part({ alg: 'RS256' })}.${part({ iss: issuer, aud: appId, exp: now / 1000 + 60, serviceurl: serviceUrl, ...changes })}.c2ln`;
  };

  it.each<[string, string | undefined, GuardRefusal | null]>([
    ['as it should be', token(), null],
    ['missing', undefined, 'no-token'],
    ['empty', '  ', 'no-token'],
    ['garbage', 'Bearer garbage', 'token-not-readable'],
    ['in small letters', token().replace('Bearer', 'bearer'), 'token-not-readable'],
    ['of another issuer', token({ iss: 'https://sts.windows.net/x/' }), 'wrong-issuer'],
    ['for another app', token({ aud: '88888888-8888-4777-8666-555555555555' }), 'wrong-audience'],
    ['expired within the skew', token({ exp: now / 1000 - 200 }), null],
    ['expired', token({ exp: now / 1000 - 400 }), 'expired-token'],
    ['without an end', token({ exp: undefined }), 'token-not-readable'],
  ])('%s', (_what, header, refusal) => {
    expect(judgeToken(header, settings, now)).toBe(refusal);
  });
});
