import { createHash, X509Certificate } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EntraFault, EntraRoute } from '../../sandbox/entra/types.ts';
import { UpstreamError } from '../../src/action-center/errors.ts';
import { makeCertificate } from './certificate.ts';
import type { Part } from './graph-front.ts';
import { app, cached, entraPerson, fresh, group, openRig, type Rig, roleIds, slackClaim, teamsClaim, tenantId, told } from './graph-rig.ts';

const admin = entraPerson('alice', { roles: [roleIds.SecurityAdministrator], groups: [group.purgers] });
const responder = entraPerson('bob', { groups: [group.responders] });
const theYes = 'SecurityAdministrator SearchAndPurge';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig([admin, responder]);
});
afterEach(async () => {
  rig.entra.faults.clear();
  await rig.close();
});

const ask = (options = cached) => told(rig.directory, teamsClaim(admin), options);
/** The second question of the batch: for whom and where roles are assigned. */
const assignments = (change: (part: Part) => Part) => (parts: Part[]) => parts.map((part) => (part.id === '1' ? change(part) : part));

const unanswering: Omit<EntraFault, 'route'>[] = [
  { kind: 'throttle', retryAfterSeconds: 60 },
  { kind: 'http500' },
  { kind: 'http503' },
  { kind: 'garbage' },
  { kind: 'empty' },
  { kind: 'hang' },
  { kind: 'slow', ms: 3000 },
  { kind: 'reset' },
];
const routes: EntraRoute[] = ['token', 'user', 'checkMemberObjects', 'transitiveRoleAssignments'];

describe.each(routes)('when there is trouble with %s', (route) => {
  it.each(unanswering)('($kind) nobody decides, soon, and nothing is kept', async (fault) => {
    rig.entra.faults.add({ route, ...fault });
    const began = performance.now();
    expect(await ask()).toBe('no answer');
    expect(performance.now() - began).toBeLessThan(2300);
    expect(rig.log.filter(({ level }) => level === 'error')).toHaveLength(1);
    rig.entra.faults.clear();
    expect(await ask()).toBe(theYes);
  });

  it('a yes of before is used up to its end, and never for a fresh question', async () => {
    expect(await ask()).toBe(theYes);
    rig.clock.now = 59_999;
    rig.entra.faults.add({ route, kind: 'http500' });
    expect(await ask()).toBe(theYes);
    if (route === 'token') return;
    expect(await ask(fresh)).toBe('no answer');
    rig.clock.now = 60_000;
    expect(await ask()).toBe('no answer');
  });
});

describe('when the look-up of an address has trouble', () => {
  it.each(unanswering)('($kind) nobody is found, and nothing is kept', async (fault) => {
    const directory = rig.open({ identityMode: 'email' });
    const claim = slackClaim('U0ALICE', 'alice@contoso.example');
    rig.entra.faults.add({ route: 'users', ...fault });
    // Well-formed and empty is what Graph says of an address that nobody has.
    expect(await told(directory, claim)).toBe(fault.kind === 'empty' ? 'unknown-person' : 'no answer');
    rig.entra.faults.clear();
    rig.clock.now = 15_000;
    expect(await told(directory, claim)).toBe(theYes);
  });
});

describe('an answer to the whole call', () => {
  it.each([
    ['is no JSON', '<html>gateway</html>'],
    ['is empty', ''],
    ['is an empty object', '{}'],
    ['is an empty list', '{"responses":[]}'],
    ['lacks a part', '{"responses":[{"id":"0","status":200,"body":{}}]}'],
  ])('that %s is none', async (_, body) => {
    rig.front.spoil({ status: 200, body });
    expect(await ask()).toBe('no answer');
    expect(await ask()).toBe(theYes);
  });

  it('about somebody else is none', async () => {
    rig.front.tamper = (parts) =>
      parts.map((part) => (part.id === '0' ? { ...part, body: { ...(part.body as object), id: responder.id } } : part));
    expect(await ask()).toBe('no answer');
  });

  it('whose parts contradict each other is none', async () => {
    rig.front.tamper = assignments((part) => ({ ...part, body: { value: [] } }));
    expect(await ask()).toBe('no answer');
    expect(rig.log.at(-1)?.text).toContain('contradicts itself');
  });

  it('that goes on elsewhere is none, and the token stays here', async () => {
    rig.front.tamper = assignments((part) => ({
      ...part,
      body: { ...(part.body as object), '@odata.nextLink': 'https://elsewhere.example/beta/next' },
    }));
    expect(await ask()).toBe('no answer');
  });
});

describe('trying again', () => {
  it('happens once, after the pause that was asked for', async () => {
    rig.entra.faults.add({ route: 'checkMemberObjects', kind: 'throttle', retryAfterSeconds: 1, times: 1 });
    expect(await ask()).toBe(theYes);
    expect(rig.front.sizes).toEqual([3, 1]);
    rig.front.spoil({ status: 429, headers: { 'retry-after': '1' }, body: '{}' });
    expect(await ask(fresh)).toBe(theYes);
  });

  it('does not happen for long, twice, or unasked', async () => {
    rig.front.spoil({ status: 429, headers: { 'retry-after': '2' }, body: '{}' });
    expect(await ask()).toBe('no answer');
    rig.front.spoil({ status: 503, body: '' });
    expect(await ask()).toBe('no answer');
    rig.front.spoil({ status: 500, headers: { 'retry-after': '1' }, body: '' });
    expect(await ask()).toBe('no answer');
    expect(rig.front.calls).toHaveLength(3);
    rig.front.spoil(...Array(2).fill({ status: 429, headers: { 'retry-after': '1' }, body: '{}' }));
    expect(await ask()).toBe('no answer');
    expect(rig.front.calls).toHaveLength(5);
  });

  it('says how long to wait, and whether there is any use', async () => {
    rig.front.spoil({ status: 429, headers: { 'retry-after': '30' }, body: '{}' });
    const failure = await rig.directory.personFor(teamsClaim(admin), cached).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UpstreamError);
    expect(failure).toMatchObject({ service: 'directory', retryable: true, retryAfterMs: 30_000 });
  });
});

describe('permissions of the app', () => {
  it('that are all missing leave nobody to decide, and the log says what to look at', async () => {
    const own = await openRig([admin], {}, { apps: [{ ...app, permissions: [] }] });
    expect(await told(own.directory, teamsClaim(admin))).toBe('no answer');
    expect(own.log.at(-1)?.text).toMatch(/403 \(Authorization_RequestDenied\).*setup-entra/);
    await own.close();
  });

  it('that do not open roles as objects: groups and roles are asked for apart', async () => {
    rig.entra.faults.add({ route: 'checkMemberObjects', kind: 'http403', times: 1 });
    expect(await ask()).toBe(theYes);
    expect(rig.front.calls).toEqual(['POST /beta/$batch', 'POST /v1.0/$batch']);
    rig.entra.faults.add({ route: 'checkMemberObjects', kind: 'http403' });
    expect(await ask(fresh)).toBe('no answer');
  });

  it('that do not open the beta route: v1.0 is asked, only about those who hold a role', async () => {
    rig.entra.faults.add({ route: 'transitiveRoleAssignments', kind: 'http403' });
    expect(await ask()).toBe(theYes);
    expect(rig.front.calls).toEqual(['POST /beta/$batch', 'GET /v1.0/roleManagement/directory/roleAssignmentScheduleInstances']);
    expect(await told(rig.directory, teamsClaim(responder))).toBe('ActiveRemediationActions');
    expect(rig.front.calls).toHaveLength(3);
  });

  it('for both of which there is no answer leave the scope unknown: nobody with a role decides', async () => {
    rig.front.tamper = assignments((part) => ({ ...part, status: 404, body: { error: { code: 'NotFound' } } }));
    rig.entra.faults.add({ route: 'roleAssignmentScheduleInstances', kind: 'http403' });
    expect(await ask()).toBe('no answer');
    rig.front.tamper = assignments((part) => ({ ...part, status: 500, body: {} }));
    expect(await told(rig.directory, teamsClaim(responder))).toBe('no answer');
  });
});

describe('tokens', () => {
  it('are renewed before they end, while the old one is still used', async () => {
    await ask();
    expect(rig.asked('token')).toBe(1);
    rig.clock.now = 3_200_000;
    expect(await ask()).toBe(theYes);
    expect(rig.asked('token')).toBe(1);
    rig.clock.now = 3_400_000;
    rig.entra.faults.add({ route: 'token', kind: 'http500', times: 1 });
    expect(await ask()).toBe(theYes);
    await expect.poll(() => rig.log.some(({ text }) => text.includes('was not renewed yet'))).toBe(true);
    expect(await ask(fresh)).toBe(theYes);
    await expect.poll(() => rig.asked('token')).toBe(3);
  });

  it('that ended are not used', async () => {
    await ask();
    rig.clock.now = 4_000_000;
    rig.entra.faults.add({ route: 'token', kind: 'http500' });
    expect(await ask()).toBe('no answer');
  });

  it('that Graph does not take any more are replaced at once, once', async () => {
    await ask();
    rig.front.spoil({ status: 401, body: JSON.stringify({ error: { code: 'InvalidAuthenticationToken' } }) });
    expect(await ask(fresh)).toBe(theYes);
    expect(rig.asked('token')).toBe(2);
    rig.front.spoil(...Array(2).fill({ status: 401, body: '{}' }));
    expect(await ask(fresh)).toBe('no answer');
  });

  it('are not given for a wrong secret, and the log says so without it', async () => {
    const directory = rig.open({ credential: { kind: 'secret', secret: 'a-wrong-secret' } });
    expect(await told(directory, teamsClaim(admin))).toBe('no answer');
    expect(rig.log.at(-1)?.text).toMatch(/gave no token: 40[01] (AADSTS\d+|invalid_client)/);
    expect(JSON.stringify(rig.log)).not.toContain('a-wrong-secret');
  });

  it('are given for a certificate, and not for the key of another', async () => {
    const { certificate, key, publicKey } = makeCertificate();
    const thumbprint = createHash('sha256').update(new X509Certificate(certificate).raw).digest('base64url');
    const own = await openRig([admin], {}, { tenantId, apps: [{ clientId: app.clientId, certificate: { thumbprint, publicKey } }] });
    expect(await told(own.open({ credential: { kind: 'certificate', certificate, key } }), teamsClaim(admin))).toBe(theYes);
    const other = makeCertificate();
    expect(await told(own.open({ credential: { kind: 'certificate', certificate, key: other.key } }), teamsClaim(admin))).toBe('no answer');
    await own.close();
  });
});

describe('operators', () => {
  it('hear of a trouble once, and of its end', async () => {
    rig.entra.faults.add({ route: 'user', kind: 'http500' });
    for (let press = 0; press < 5; press += 1) await ask();
    rig.entra.faults.clear();
    await ask();
    await ask();
    expect(rig.log.map(({ level }) => level)).toEqual(['error', 'info']);
  });
});
