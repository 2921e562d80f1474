/** The simulated list of alerts keeps Microsoft's rules, so that a reader that breaks them is found out. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startEntra } from '../../../sandbox/entra/server.ts';
import type { EntraWorld } from '../../../sandbox/entra/types.ts';
import { alertOf, cluster, unheardOf } from '../../features/invented-alerts.ts';

const tenantId = '11111111-2222-4333-8444-555555555555';
const reader = { clientId: '0a0a0a0a-1111-4222-8333-444444444444', secret: 'the-readers-secret-for-tests' };
const stranger = { clientId: '0c0c0c0c-1111-4222-8333-444444444444', secret: 'a-strangers-secret-for-tests' };
const start = Date.parse('2026-11-21T08:00:00Z');

describe('the simulated list of alerts', () => {
  let entra: EntraWorld;
  let clock = start;

  beforeAll(async () => {
    const apps = [
      { ...reader, permissions: ['SecurityAlert.Read.All'] },
      { ...stranger, permissions: ['User.Read.All'] },
    ];
    entra = await startEntra({ tenantId, apps, people: [], now: () => clock });
    for (let number = 0; number < 5; number += 1) entra.setAlert(alertOf(number, start - number * 60_000, [cluster(number), unheardOf()]));
  });
  afterAll(() => entra.close());
  beforeEach(() => {
    clock += 120_000;
  });

  const tokenOf = async ({ clientId, secret }: typeof reader): Promise<string> => {
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: secret,
      scope: 'https://graph.microsoft.com/.default',
    });
    const answer = await fetch(`${entra.authorityUrl}/${tenantId}/oauth2/v2.0/token`, { method: 'POST', body });
    return ((await answer.json()) as { access_token: string }).access_token;
  };
  type Listed = { value: { evidence: { remediationStatus: string }[] }[]; '@odata.nextLink'?: string };
  const list = async (query: string, headers: Record<string, string> = {}, app = reader) => {
    const url = query.startsWith('http') ? query : `${entra.graphUrl}/v1.0/security/alerts_v2${query}`;
    const answer = await fetch(url, { headers: { authorization: `Bearer ${await tokenOf(app)}`, ...headers } });
    return { status: answer.status, retryAfter: answer.headers.get('retry-after'), body: (await answer.json()) as Listed };
  };
  const prefer = { prefer: 'include-unknown-enum-members' };

  it('hides what waits for approval from whoever does not say that they can read it', async () => {
    const statuses = ({ body }: { body: Listed }) => [
      ...new Set(body.value.flatMap(({ evidence }) => evidence.map((one) => one.remediationStatus))),
    ];
    expect(statuses(await list(''))).toEqual(['unknownFutureValue']);
    expect(statuses(await list('', prefer))).toEqual(['pendingApproval']);
  });

  it('filters by the time of the last change and goes page by page', async () => {
    const filter = encodeURIComponent(`lastUpdateDateTime ge ${new Date(start - 150_000).toISOString()}`);
    const first = await list(`?$filter=${filter}&$top=2`, prefer);
    expect(first.body.value).toHaveLength(2);
    const second = await list(first.body['@odata.nextLink'] ?? '', prefer);
    expect(second.body.value).toHaveLength(1);
    expect(second.body['@odata.nextLink']).toBeUndefined();
  });

  it('asks for its permission and keeps its limit', async () => {
    expect((await list('', prefer, stranger)).status).toBe(403);
    clock += 120_000;
    const answers = [];
    for (let call = 0; call < 151; call += 1) answers.push(await list('?$top=1', prefer));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(150);
    expect(answers.at(-1)).toMatchObject({ status: 429, retryAfter: '60' });
  });

  it('refuses a filter on what is in the evidence', async () => {
    expect((await list(`?$filter=${encodeURIComponent("evidence eq 'pendingApproval'")}`, prefer)).status).toBe(400);
    expect(entra.problems.splice(0)).toHaveLength(1);
  });
});
