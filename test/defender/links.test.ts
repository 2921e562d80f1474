import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Entity } from '../../src/action-center/entity.ts';
import { huntQuery } from '../../src/action-center/hunt.ts';
import { readConfig } from '../../src/config.ts';
import { decodeHuntingUrl, huntingUrl, huntLink, maxLinkLength, portalLinks } from '../../src/defender/links.ts';

/** What a configuration cannot be without. */
const minimal = {
  POLICY_FILE: 'policy.yaml',
  DIRECTORY_FILE: 'directory.json',
  BACKEND: 'consumer',
  SLACK_BOT_TOKEN: 'xoxb-test',
  SLACK_SIGNING_SECRET: 'signing-secret',
};
const portal = { portalUrl: 'https://security.microsoft.com', tenantId: '0c1d2e3f-0000-4000-8000-000000000001' };
const now = new Date('2026-11-21T09:00:00Z');
const requestedAt = '2026-11-21T08:00:00.000Z';
const deviceId = '1e5bc9d7e413ddd7902c2932e418702b84d0cc07';
const device: Entity = { type: 'device', deviceId, name: 'wks-0042.contoso.example' };

/** Ids without a pattern, so that nothing compresses. */
function randomIds(count: number): string[] {
  return fc.sample(fc.uuid(), { numRuns: count, seed: 7 });
}

describe('a hunting link', () => {
  test('decodes back to the query, whatever it holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 500 }), (query) => {
        expect(decodeHuntingUrl(huntingUrl(query, { ...portal, range: 'week' }))).toBe(query);
      }),
      { numRuns: 1000 },
    );
    // A thousand times gzip at its best takes its time on a busy machine.
  }, 30_000);

  test('names the range and the tenant, and holds nothing that needs escaping', () => {
    const url = new URL(huntingUrl('DeviceEvents | take 1', { ...portal, range: 'month' }));
    expect(url.origin + url.pathname).toBe('https://security.microsoft.com/v2/advanced-hunting');
    expect(url.searchParams.get('timeRangeId')).toBe('month');
    expect(url.searchParams.get('tid')).toBe(portal.tenantId);
    expect(url.searchParams.get('query')).toMatch(/^[\w-]+$/);
    expect(huntingUrl('x', { portalUrl: 'https://security.microsoft.us', range: 'day' })).not.toContain('tid');
  });

  test('is the encoding itself, not only what our own code reads back', () => {
    // gzip over UTF-16LE without a byte order mark, written by another program.
    const made = 'H4sIAAAAAAACA3NhSGUoY8hkSAbSrkBWKkMeQwlDMYMCQw0QlzAkMmQDxRQYDBkA2MARxSoAAAA';
    expect(decodeHuntingUrl(`https://security.microsoft.com/v2/advanced-hunting?query=${made}`)).toBe('DeviceEvents | take 1');
  });

  test('without a query says so', () => {
    expect(() => decodeHuntingUrl('https://security.microsoft.com/v2/advanced-hunting')).toThrow('no query');
  });
});

describe('Go hunt for an action', () => {
  test('opens the query of the action', () => {
    const action = { type: 'isolateDevice', entities: [device], requestedAt } as const satisfies Parameters<typeof huntLink>[0];
    const link = huntLink(action, { ...portal, now });
    expect(decodeHuntingUrl(link ?? '')).toBe(huntQuery(action, now)?.query);
  });

  test('is not offered for an action older than 30 days', () => {
    expect(huntLink({ type: 'isolateDevice', entities: [device], requestedAt: '2026-10-01T00:00:00.000Z' }, { ...portal, now })).toBeNull();
  });

  test('asks for fewer messages of a large cluster until the link fits', () => {
    const cluster: Entity = { type: 'emailCluster', name: 'Invoice', networkMessageIds: randomIds(1000) };
    const link = huntLink({ type: 'softDeleteEmail', entities: [cluster], requestedAt }, { ...portal, now });
    const ids = decodeHuntingUrl(link ?? '').match(/"[0-9a-f-]{36}"/g) ?? [];
    expect(link?.length).toBeLessThanOrEqual(maxLinkLength);
    expect(ids.length).toBeGreaterThanOrEqual(25);
  });

  test('asks for the beginning of an address that is too long', () => {
    const random = fc.sample(
      fc.string({
        unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'),
        minLength: 2000,
        maxLength: 2000,
      }),
      { numRuns: 1, seed: 7 },
    );
    const url = `https://evil.example/${random[0]}`;
    const link = huntLink({ type: 'blockUrl', entities: [{ type: 'url', url }], requestedAt }, { ...portal, now });
    const begins = /let u = "([^"]*)";/.exec(decodeHuntingUrl(link ?? ''))?.[1] ?? '';
    expect(link?.length).toBeLessThanOrEqual(maxLinkLength);
    expect(begins.length).toBeGreaterThanOrEqual(500);
    expect(url.startsWith(begins)).toBe(true);
  });

  test('is never longer than the limit, and there for every usable entity', () => {
    const wide = (max: number) =>
      fc.string({ unit: 'binary', minLength: 1, maxLength: max }).map((text) => `x${text}`.slice(0, max).trim());
    const entity: fc.Arbitrary<Entity> = fc.oneof(
      wide(1024).map((key): Entity => ({ type: 'registryKey', key })),
      fc.record({ name: wide(512), deviceName: wide(255) }).map((of): Entity => ({ type: 'driver', ...of })),
      fc.record({ fileName: wide(512), deviceName: wide(255) }).map((of): Entity => ({ type: 'process', processId: 1, ...of })),
      wide(320).map((upn): Entity => ({ type: 'user', upn })),
      wide(255).map((name): Entity => ({ type: 'device', name })),
    );
    fc.assert(
      fc.property(fc.array(entity, { minLength: 1, maxLength: 60, size: 'max' }), (entities) => {
        const link = huntLink({ type: 'isolateDevice', entities, requestedAt }, { ...portal, now });
        expect(link).not.toBeNull();
        expect(link?.length).toBeLessThanOrEqual(maxLinkLength);
      }),
      { numRuns: 150 },
    );
  }, 30_000);

  test('is left out rather than broken when nothing fits', () => {
    const long = { portalUrl: portal.portalUrl, tenantId: 'x'.repeat(maxLinkLength), now };
    expect(huntLink({ type: 'isolateDevice', entities: [device], requestedAt }, long)).toBeNull();
  });
});

describe('portal links', () => {
  const entities: Entity[] = [
    device,
    { type: 'file', sha1: '3395856ce81f2b7382dee72602f798b642f14140', name: 'invoice.exe' },
    { type: 'user', entraId: '7f0c0000-0000-4000-8000-000000000001', upn: 'kim+x@contoso.example' },
    { type: 'ip', ip: '2001:db8::1' },
    { type: 'url', url: 'https://evil.example/?a=1&b=2#c' },
    { type: 'email', networkMessageId: '73ca4154-58d8-43d0-a890-08dc18c52e6d', recipient: 'kim@contoso.example', receivedAt: requestedAt },
    { type: 'mailbox', address: 'kim@contoso.example' },
  ];
  const action = { status: 'pending', entities, requestedAt, incidentId: '812', alertId: 'da637_-1', investigationId: '53123' } as const;
  const tid = `tid=${portal.tenantId}`;

  test('lead to every page that the portal has', () => {
    expect(portalLinks({ ...action, entities }, portal)).toEqual({
      actionCenter: `https://security.microsoft.com/action-center/pending?${tid}`,
      investigation: `https://security.microsoft.com/airinvestigation?${tid}`,
      incident: `https://security.microsoft.com/incidents/812?${tid}`,
      alert: `https://security.microsoft.com/alerts/da637_-1?${tid}`,
      device: `https://security.microsoft.com/machines/v2/${deviceId}/overview?${tid}`,
      file: `https://security.microsoft.com/file/3395856ce81f2b7382dee72602f798b642f14140/?${tid}`,
      user: `https://security.microsoft.com/user?aad=7f0c0000-0000-4000-8000-000000000001&upn=kim%2Bx%40contoso.example&tab=overview&${tid}`,
      ip: `https://security.microsoft.com/ip/2001%3Adb8%3A%3A1/overview?${tid}`,
      url: `https://security.microsoft.com/url/overview?url=https%3A%2F%2Fevil.example%2F%3Fa%3D1%26b%3D2%23c&${tid}`,
      email: `https://security.microsoft.com/emailentityV2?id=73ca4154-58d8-43d0-a890-08dc18c52e6d&recipient=kim%40contoso.example&startTime=2026-11-20T08%3A00%3A00.000Z&endTime=2026-11-22T08%3A00%3A00.000Z&${tid}`,
    });
  });

  test('lead a decided action to History', () => {
    expect(portalLinks({ ...action, entities: [], status: 'completed' }, portal).actionCenter).toContain('/action-center/history?');
  });

  test('are left out where Defender knows no id', () => {
    const unnamed: Entity[] = [
      { type: 'device', name: 'wks-1' },
      { type: 'user', upn: 'kim@contoso.example' },
    ];
    expect(Object.keys(portalLinks({ status: 'pending', entities: unnamed, requestedAt }, portal))).toEqual(['actionCenter']);
  });

  test('the first entity of a type is the one linked', () => {
    const second: Entity = { type: 'device', deviceId: 'f'.repeat(40) };
    expect(portalLinks({ ...action, entities: [{ type: 'device', name: 'x' }, device, second] }, portal).device).toContain(deviceId);
  });

  test('an investigation is linked where Defender says it is, and nowhere else', () => {
    const linked = (investigationUrl: string | number | string[]) =>
      portalLinks({ ...action, parameters: { investigationUrl } }, portal).investigation;
    const page = 'https://security.microsoft.com/mtp-investigation/urn:Zapped:1?tid=1';
    expect(linked(page)).toBe(page);
    for (const other of [
      'https://security.microsoft.com.evil.example/1',
      'javascript:alert(1)',
      'https://a:b@security.microsoft.com/',
      7,
      ['x'],
    ])
      expect(linked(other)).toBe(`https://security.microsoft.com/airinvestigation?${tid}`);
  });

  test('an investigation is linked the way the customer says', () => {
    const investigationUrlTemplate = '/investigation/{id}';
    const links = portalLinks({ ...action, entities: [], investigationId: '5/3?$&' }, { ...portal, investigationUrlTemplate });
    expect(links.investigation).toBe(`https://security.microsoft.com/investigation/5%2F3%3F%24%26?${tid}`);
  });

  test.each(['.', '..'])('an incident called %s has no page', (incidentId) => {
    expect(portalLinks({ ...action, entities: [], incidentId }, portal).incident).toBeUndefined();
  });

  test('no id leads anywhere else', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom('/', '\\', '.', '?', '#', '@', ':', '%', '\ud800') })),
        (id) => {
          const links = portalLinks({ ...action, entities: [], incidentId: id, alertId: id }, portal);
          if (links.incident === undefined) return;
          const url = new URL(links.incident);
          expect(url.origin).toBe(portal.portalUrl);
          expect(url.pathname).toBe(`/incidents/${encodeURIComponent(id.toWellFormed())}`);
          expect([...url.searchParams.keys()]).toEqual(['tid']);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('the page of a message is left out where the customer says so', () => {
    expect(portalLinks({ ...action, entities }, { ...portal, emailPage: false }).email).toBeUndefined();
  });

  test.each([
    ['global', 'https://security.microsoft.com'],
    ['gcc', 'https://security.microsoft.com'],
    ['gcchigh', 'https://security.microsoft.us'],
    ['dod', 'https://security.apps.mil'],
  ])('in the cloud %s all of them lead to %s, in the tenant', (CLOUD, host) => {
    const { portalUrl } = readConfig({ ...minimal, CLOUD });
    const links = Object.values(portalLinks({ ...action, entities }, { portalUrl, tenantId: portal.tenantId }));
    expect(links).toHaveLength(10);
    for (const link of links) {
      expect(new URL(link).origin).toBe(host);
      expect(new URL(link).searchParams.get('tid')).toBe(portal.tenantId);
    }
  });

  test('whatever comes from outside is one value in one place: no other host, no other parameter', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 80 }),
      fc.string({ unit: fc.constantFrom(...'/\\\\.?#@:%&=;<>"{}'), minLength: 1, maxLength: 40 }),
      fc.constantFrom('//evil.example', '&tid=evil', '?tid=evil', '#x', '..', '%2e%2e', '{id}', '@evil.example', '\ud800'),
    );
    const known: Record<string, string[]> = {
      user: ['aad', 'upn', 'tab', 'tid'],
      url: ['url', 'tid'],
      email: ['id', 'recipient', 'startTime', 'endTime', 'tid'],
    };
    const roots = [
      '/action-center/',
      '/investigation/',
      '/incidents/',
      '/alerts/',
      '/machines/v2/',
      '/file/',
      '/user',
      '/ip/',
      '/url/',
      '/emailentityV2',
    ];
    fc.assert(
      fc.property(text, text, (one, two) => {
        const hostile = [
          { type: 'device', deviceId: one },
          { type: 'file', sha1: two },
          { type: 'user', entraId: one, upn: two },
          { type: 'ip', ip: one },
          { type: 'url', url: two },
          { type: 'email', networkMessageId: one, recipient: two, receivedAt: requestedAt },
        ] as Entity[];
        const asked = { ...action, entities: hostile, incidentId: one, alertId: two, investigationId: one };
        const links = portalLinks(asked, { ...portal, investigationUrlTemplate: '/investigation/{id}' });
        for (const [name, link] of Object.entries(links)) {
          const url = new URL(link);
          expect([url.origin, url.username, url.hash]).toEqual([portal.portalUrl, '', '']);
          expect(roots.some((root) => url.pathname.startsWith(root))).toBe(true);
          const names = [...url.searchParams.keys()];
          expect(names).toEqual((known[name] ?? ['tid']).filter((key) => names.includes(key)));
          expect(url.searchParams.getAll('tid')).toEqual([portal.tenantId]);
        }
      }),
      { numRuns: 1500 },
    );
  });
});
