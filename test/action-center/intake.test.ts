import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ActionType } from '../../src/action-center/action.ts';
import { parseSubmission } from '../../src/action-center/announce.ts';

/** The example of the contract, word for word. */
const contract = {
  id: 'sentinel-8841',
  producer: 'sentinel',
  type: 'stopAndQuarantineFile',
  source: 'automatedDeviceAction',
  severity: 'high',
  title: 'Quarantine invoice.exe on WKS-0042',
  details: 'Trojan:Win32/Wacatac.B!ml found by automated investigation',
  asset: 'WKS-0042',
  entities: [
    { type: 'device', deviceId: '1e5bc9d7e413ddd7902c2932e418702b84d0cc07', name: 'wks-0042.contoso.example', group: 'Workstations' },
    {
      type: 'file',
      sha256: '9b74c9897bac770ffc029102a200c5de64a1b2c3d4e5f60718293a4b5c6d7e8f',
      sha1: '3395856ce81f2b7382dee72602f798b642f14140',
      name: 'invoice.exe',
      path: 'C:\\Users\\kim\\Downloads',
    },
  ],
  parameters: {},
  investigationId: '53123',
  incidentId: '812',
  alertId: 'da637',
  requestedBy: { kind: 'automation', name: 'Automated investigation' },
  requestedAt: '2026-11-21T08:00:00Z',
  expiresAt: '2026-11-28T08:00:00Z',
};

const issuesOf = (body: unknown) => {
  const parsed = parseSubmission(body);
  return 'issues' in parsed ? parsed.issues : [];
};
const pathsOf = (body: unknown) => issuesOf(body).map(({ path }) => path);
const without = (key: keyof typeof contract) => Object.fromEntries(Object.entries(contract).filter(([name]) => name !== key));

describe('a submitted action', () => {
  it('is taken as the contract shows it', () => {
    expect(issuesOf(contract)).toEqual([]);
  });

  it('may leave out everything that is optional', () => {
    const { id, producer, type, source, severity, title, entities } = contract;
    expect(parseSubmission({ id, producer, type, source, severity, title, entities })).toMatchObject({ intake: { parameters: {} } });
  });

  it.each(['id', 'producer', 'type', 'source', 'severity', 'title', 'entities'] as const)('is refused without %s', (key) => {
    expect(pathsOf(without(key))).toContain(key);
  });

  it('is refused with an unknown key, at that key', () => {
    expect(issuesOf({ ...contract, sevrity: 'high', note: 'x' })).toEqual([
      { path: 'sevrity', message: 'unknown key' },
      { path: 'note', message: 'unknown key' },
    ]);
  });

  it('is refused with an unknown key inside an entity, at that key', () => {
    const [device, file] = contract.entities;
    expect(pathsOf({ ...contract, entities: [device, { ...file, md5: 'x' }] })).toEqual(['entities.1.md5']);
  });

  const wrong: [key: string, how: string, value: unknown][] = [
    ['type', 'that is unknown', 'selfDestruct'],
    ['source', 'that is unknown', 'hearsay'],
    ['severity', 'in capitals', 'High'],
    ['title', 'of blanks', ' '],
    ['title', 'that is too long', 'x'.repeat(301)],
    ['id', 'that is too long', 'x'.repeat(257)],
    ['id', 'that is a number', 7],
    ['details', 'that are too long', 'x'.repeat(4001)],
    ['requestedAt', 'in words', 'yesterday'],
    ['requestedAt', 'without a zone', '2026-11-21T08:00:00'],
    ['expiresAt', 'in a 13th month', '2026-13-01T00:00:00Z'],
    ['entities', 'that are too many', Array.from({ length: 101 }, () => contract.entities[1])],
    ['parameters', 'that are no object', 'none'],
    ['investigationId', 'that is empty', ''],
  ];
  it.each(wrong)('is refused with a %s %s, at that field', (key, _how, value) => {
    expect(pathsOf({ ...contract, [key]: value })).toEqual([key]);
  });

  it('is refused without a single entity', () => {
    expect(pathsOf({ ...contract, entities: [] })).toContain('entities');
  });

  it('is refused when who asked for it is not told properly', () => {
    expect(pathsOf({ ...contract, requestedBy: { kind: 'ghost', name: 'Pat Reyes' } })).toEqual(['requestedBy.kind']);
  });

  it('is refused when it names nothing that its type acts on', () => {
    expect(issuesOf({ ...contract, type: 'isolateDevice', entities: [contract.entities[1]] })).toEqual([
      { path: 'entities', message: 'isolateDevice needs an entity of type device' },
    ]);
  });

  it('is refused when it is no object', () => {
    for (const body of [null, 'text', 7, true, [], [contract]]) {
      expect(issuesOf(body)).toEqual([{ path: '', message: expect.any(String) }]);
    }
  });

  it('cannot bring a prototype along', () => {
    const body: unknown = JSON.parse(`${JSON.stringify(contract).slice(0, -1)},"__proto__":{"polluted":true}}`);
    expect(pathsOf(body)).toEqual(['__proto__']);
    expect({}).not.toHaveProperty('polluted');
  });
});

describe('the example actions', () => {
  const lines = readFileSync(new URL('../../docs/examples/actions.ndjson', import.meta.url), 'utf8')
    .trim()
    .split('\n');
  const examples = lines.map((line) => JSON.parse(line) as { id: string; type: ActionType });

  it('are all valid', () => {
    expect(examples.flatMap(issuesOf)).toEqual([]);
  });

  it('are varied, with an id of their own each', () => {
    expect(new Set(examples.map(({ id }) => id)).size).toBe(examples.length);
    expect(new Set(examples.map(({ type }) => type)).size).toBeGreaterThanOrEqual(15);
  });

  it('name invented companies only', () => {
    const hosts = lines.join('\n').matchAll(/[\w-]+(?:\.[\w-]+)*@([\w.-]+)|https?:\/\/([\w.-]+)/g);
    for (const [, mail, web] of hosts) expect(mail ?? web).toMatch(/\.example$/);
  });
});
