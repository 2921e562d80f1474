import { describe, expect, test } from 'vitest';
import { startEntra } from '../../../sandbox/entra/server.ts';
import { ALICE, APP, BOB, codeOf, DORA, GROUPS, GUSTAV, graph, guid, idsOf, OPTIONS, person, rowsOf, startWorld } from './world.ts';

const addressed = (address: string): string => {
  const quoted = address.replaceAll("'", "''");
  return `mail eq '${quoted}' or userPrincipalName eq '${quoted}' or proxyAddresses/any(p:p eq 'smtp:${quoted}')`;
};
const found = (filter: string, more = '&$select=id'): string => `v1.0/users?$filter=${encodeURIComponent(filter)}${more}`;

describe('one person', () => {
  test('is told without what decides, unless that is selected', async () => {
    const world = await startWorld();
    const { body } = await graph(world, `v1.0/users/${DORA.id}`);
    expect(body).toMatchObject({
      id: DORA.id,
      displayName: 'dora',
      mail: 'dora@contoso.example',
      userPrincipalName: 'dora@contoso.example',
    });
    expect(Object.keys(body)).not.toEqual(expect.arrayContaining(['accountEnabled']));
    const selected = await graph(world, `beta/users/${DORA.id.toUpperCase()}?$select=id,AccountEnabled,userType,proxyAddresses`);
    const { '@odata.context': context, ...facts } = selected.body;
    expect(facts).toEqual({ id: DORA.id, accountEnabled: false, userType: 'Member', proxyAddresses: ['SMTP:dora@contoso.example'] });
    expect(context).toBe(`${world.graphUrl}/beta/$metadata#users/$entity`);
  });

  test('is found by user principal name too, and unknown once removed', async () => {
    const world = await startWorld();
    expect(await graph(world, 'v1.0/users/Gustav@contoso.example')).toMatchObject({ status: 200, body: { id: GUSTAV.id } });
    world.remove(GUSTAV.id);
    for (const named of ['gustav@contoso.example', GUSTAV.id, guid(999)]) {
      const answer = await graph(world, `v1.0/users/${named}`);
      expect(answer.status).toBe(404);
      expect(codeOf(answer)).toBe('Request_ResourceNotFound');
    }
    expect(() => world.person(GUSTAV.id)).toThrow(/knows no person/);
  });

  test('is changed from now on, and what was read stays as it was', async () => {
    const world = await startWorld();
    const before = world.person(ALICE.id);
    world.change(ALICE.id, { accountEnabled: false, mail: null });
    expect(before.accountEnabled).toBe(true);
    expect(await graph(world, `v1.0/users/${ALICE.id}?$select=accountEnabled,mail,proxyAddresses`)).toMatchObject({
      body: { accountEnabled: false, mail: null, proxyAddresses: [] },
    });
    expect(ALICE.accountEnabled).toBe(true);
  });

  test('is asked for rightly, or the mistake is told and noted', async () => {
    const world = await startWorld();
    for (const path of [
      `v1.0/users/${ALICE.id}?$select=password`,
      `v1.0/users/${ALICE.id}?$expand=manager`,
      `v1.0/users/${ALICE.id}?$select=id&$select=id`,
    ])
      expect(await graph(world, path)).toMatchObject({ status: 400, body: { error: { code: 'BadRequest' } } });
    expect(await graph(world, `v1.0/users/${ALICE.id}/manager`)).toMatchObject({ status: 400 });
    expect(await graph(world, `v2.0/users/${ALICE.id}`)).toMatchObject({ status: 400 });
    expect(await graph(world, `v1.0/users/${ALICE.id}`, { method: 'DELETE' })).toMatchObject({ status: 405 });
    expect(world.problems).toHaveLength(6);
  });
});

describe('an address', () => {
  const quoted = person("o'neil");
  const alias = person('toni', { mail: null, proxyAddresses: ['SMTP:toni@contoso.example', 'smtp:Bob@contoso.example'] });
  const people = [...OPTIONS.people, quoted, alias];

  test.each([
    ['the mail', 'alice@contoso.example', [ALICE.id]],
    ['any case', 'ALICE@Contoso.Example', [ALICE.id]],
    ['a quote', "o'neil@contoso.example", [quoted.id]],
    ['the address of one and the alias of another', 'bob@contoso.example', [BOB.id, alias.id]],
    ['an alias alone', 'toni@contoso.example', [alias.id]],
    ['disabled people’s too', 'dora@contoso.example', [DORA.id]],
    ['nobody’s', 'zoe@contoso.example', []],
  ])('is found by %s', async (_, address, ids) => {
    const world = await startWorld({ people });
    const answer = await graph(world, found(addressed(address)));
    expect(rowsOf(answer).map(({ id }) => id)).toEqual(ids);
    expect(world.problems).toEqual([]);
  });

  test('matches each of the three by itself', async () => {
    const world = await startWorld({
      people: [person('ann', { mail: 'one@contoso.example', proxyAddresses: ['SMTP:three@contoso.example'] })],
    });
    for (const address of ['one', 'ann', 'three'])
      expect(rowsOf(await graph(world, found(addressed(`${address}@contoso.example`)))), address).toHaveLength(1);
    expect(rowsOf(await graph(world, found(addressed('two@contoso.example'))))).toEqual([]);
  });

  test.each([
    "mail eq 'alice@contoso.example'",
    "startswith(mail,'alice')",
    `${addressed('alice@contoso.example')} or 1 eq 1`,
    "mail eq 'x' or 1 eq 1 or userPrincipalName eq 'x' or proxyAddresses/any(p:p eq 'smtp:x')",
    "mail eq 'o'neil' or userPrincipalName eq 'o'neil' or proxyAddresses/any(p:p eq 'smtp:o'neil')",
    "mail eq 'x' or userPrincipalName eq 'x' or proxyAddresses/any(p:q eq 'smtp:x')",
    '',
  ])('is not looked for by %s', async (filter) => {
    const world = await startWorld({ people });
    const answer = await graph(world, found(filter));
    expect(answer.status).toBe(400);
    expect(codeOf(answer)).toBe('Request_UnsupportedQuery');
    expect(world.problems).toHaveLength(1);
  });
});

describe('a long list', () => {
  const many = Array.from({ length: 250 }, (_, index) => person(`many${index}`));

  test('comes 100 at a time, or as many as asked for, each once', async () => {
    const world = await startWorld({ people: many });
    for (const [top, pages] of [
      ['', [100, 100, 50]],
      ['&$top=125', [125, 125]],
      ['&$top=999', [250]],
    ] as const) {
      const sizes: number[] = [];
      const seen = new Set<unknown>();
      for (let next: unknown = `v1.0/users?$select=id${top}`; next !== undefined; ) {
        const answer = await graph(world, String(next));
        sizes.push(rowsOf(answer).length);
        for (const { id } of rowsOf(answer)) seen.add(id);
        next = answer.body['@odata.nextLink'];
        if (next !== undefined) expect(next).toMatch(new RegExp(`^${world.graphUrl}/v1\\.0/users\\?.*skiptoken=`));
      }
      expect(sizes).toEqual(pages);
      expect(seen.size).toBe(250);
    }
  });

  test.each(['$top=0', '$top=1000', '$top=ten', '$skiptoken=made-up'])('is not paged by %s', async (option) => {
    expect(await graph(await startWorld(), `v1.0/users?${option}`)).toMatchObject({ status: 400 });
  });
});

describe('a tenant that cannot be', () => {
  test.each<[string, Partial<typeof OPTIONS>, RegExp]>([
    ['has two people with one id', { people: [ALICE, { ...BOB, id: ALICE.id.toUpperCase() }] }, /Two people have the id/],
    ['has two people with one name', { people: [ALICE, { ...BOB, userPrincipalName: 'Alice@contoso.example' }] }, /user principal name/],
    ['has an id that is no GUID', { people: [{ ...ALICE, id: 'alice' }] }, /no GUID/],
    ['has somebody in a group that is not there', { people: [{ ...ALICE, groups: [guid(998)] }] }, /no group/],
    ['has two apps in one', { apps: [APP, APP] }, /two with one id/],
    [
      'has a group within one that carries roles',
      { groups: [...(OPTIONS.groups ?? []), { id: guid(906), displayName: 'x', memberOf: [GROUPS.admins] }] },
      /carries roles/,
    ],
  ])('is refused: %s', async (_, change, message) => {
    await expect(startEntra({ ...OPTIONS, ...change })).rejects.toThrow(message);
  });

  test('is not made by a change either', async () => {
    const world = await startWorld();
    expect(() => world.change(ALICE.id, { userPrincipalName: BOB.userPrincipalName })).toThrow(/user principal name/);
    expect(() => world.change(ALICE.id, { id: guid(997) })).toThrow(/another id/);
    expect(() => world.change(guid(997), {})).toThrow(/knows no person/);
    expect(idsOf(await graph(world, found(addressed('alice@contoso.example'))))).toEqual([{ id: ALICE.id }]);
  });
});
