/** Go hunt, run from the card: for readers, once, answered under the card whatever happens; and what is known before anybody decides. */
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import type { HuntingRow, HuntingTenant } from '../../sandbox/defender/hunting.ts';
import { freshDatabase, freshPrefix } from '../setup/fresh.ts';
import { eventsIn } from '../setup/record.ts';
import { device, quarantineFile, removeRegistryKey } from './actions.ts';
import { bothWorlds } from './both-worlds.ts';
import { type FileWorld, fileWorldOf } from './file-worlds.ts';
import { type GraphWorld, graphWorld } from './graph-world.ts';
import { alice, bob, carol, type DirectoryPerson, people, person } from './people.ts';
import { platforms, slackWorld } from './platforms.ts';
import { openWorld, type World } from './world.ts';

const stranger = person('Zoe Unknown', []);
const rita = person('Rita Reader', ['SecurityReader']);
const sha256 = '9b74c9897bac770ffc029102a200c5de64a1b2c3d4e5f60718293a4b5c6d7e8f';
const hostile = '=HYPERLINK("https://evil.example")<!channel>\u202e*x*';

const seenOn = (number: number): HuntingRow => ({
  Timestamp: `2026-11-${10 + number}T10:00:00Z`,
  DeviceId: String(number).repeat(40),
  DeviceName: `wks-${number}.contoso.example`,
  ActionType: 'FileCreated',
  SHA256: sha256,
});
const changed = (key: string, number: number, value = 'calc.exe'): HuntingRow => ({
  Timestamp: new Date(Date.UTC(2026, 10, 20, 10, 0, number)).toISOString(),
  DeviceId: device.deviceId,
  DeviceName: device.name,
  ActionType: 'RegistryValueSet',
  RegistryKey: key,
  RegistryValueName: `v${number}`,
  RegistryValueData: value,
});

/** One that only has its key in common with the rows meant for it. */
const keyOf = (name: string) => `HKEY_LOCAL_MACHINE\\Software\\${name}`;
const registry = (name: string) => removeRegistryKey({ entities: [{ type: 'registryKey', key: keyOf(name), deviceName: `only-${name}` }] });
const rowsFor = (name: string, count: number, value?: string) =>
  Array.from({ length: count }, (_, index) => ({ ...changed(keyOf(name), index, value), DeviceName: `only-${name}` }));

const tenantOf = (): HuntingTenant => ({
  tables: {
    DeviceFileEvents: [seenOn(1), seenOn(2), seenOn(2)],
    DeviceRegistryEvents: [...rowsFor('few', 3, hostile), ...rowsFor('many', 300, '=1+1'), ...rowsFor('again', 1)],
  },
  moods: [],
});

const timing = { sweepEveryMs: 5000, stalledAfterMs: 30_000, repairEveryMs: 10_000 };

describe.each(platforms)('Run here in $name', ({ name, open }) => {
  let graph: GraphWorld;
  let world: World;
  let files: FileWorld;
  let database: string;
  const tenant = tenantOf();

  beforeAll(async () => {
    graph = await graphWorld([...people, rita], tenant);
    database = await freshDatabase();
    world = await openWorld({
      chat: await open([stranger, rita]),
      services: { databaseUrl: database, redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() },
      timing,
      env: graph.env,
    });
    await world.add({ bot: true, worker: true });
    files = fileWorldOf(world.chat);
  }, 60_000);
  afterEach(() => graph.entra.faults.clear());
  afterAll(async () => {
    await world.close();
    await graph.close();
  });

  async function pressed(who: DirectoryPerson, title: string): Promise<string> {
    const before = world.chat.told(who).length;
    await world.chat.press(who, title, 'Run here');
    return world.until(`${who.displayName} is told`, () =>
      world.chat
        .told(who)
        .slice(before)
        .find((text) => !text.includes('Still checking')),
    );
  }
  /** Carol's file of this number, counted from 0; in Teams she says yes to it first. */
  async function received(number: number): Promise<{ name: string; text: string }> {
    await world.until('the file may come', () => files.sayYes(carol));
    return world.until('the file is there', () => files.received(carol)[number], 30_000);
  }
  const underCard = (title: string, fits: RegExp) =>
    world.until(`the thread says ${fits}`, () => world.chat.thread(title).find((text) => fits.test(text)), 30_000);
  const queries = (name: string) =>
    graph.entra.calls.filter(({ route, body }) => route === 'hunting' && JSON.stringify(body).includes(`only-${name}`));

  it('shows how far it has spread on the card, which stays the card that was read', async () => {
    const { id, title } = await world.raise(quarantineFile());
    const older = world.chat.remember(title);
    await world.until('the card tells it', () => world.chat.card(title)?.includes('on 2 devices in 30 days'));
    await world.chat.press(alice, title, /^Approve/, { older });
    await world.until('it is decided', async () => (await world.read(id)).decision?.actor.upn === alice.upn);
    await world.until('it is completed', () => /Completed[\s\S]*on 2 devices/.test(world.chat.card(title) ?? ''));
    expect(graph.entra.calls.filter(({ route }) => route === 'hunting')).toHaveLength(1);
  });

  it('answers a reader under the card, with nothing hostile in it live, and the record says who asked what', async () => {
    const { title } = await world.raise(registry('few'));
    expect(await pressed(carol, title)).toContain('Running the hunting query');
    const answer = await underCard(title, /3 rows/);
    expect(answer).toContain('Carol Chen');
    expect(answer).toContain('RegistryKey');
    expect(answer).toContain('2026-11-20 10:00 UTC');
    expect(answer).not.toMatch(/\u202e|https:\/\/evil/);
    expect(world.chat.pictures(title).map(({ alt }) => alt)).toEqual([
      'Timeline of 3 rows from 2026-11-20 10:00:00 to 2026-11-20 10:00:02 UTC. The busiest hour is 2026-11-20 10:00 to 11:00 UTC, with 3 rows.',
    ]);
    expect(world.chat.pictures(title)[0]?.bytes?.subarray(1, 4).toString('latin1')).toBe('PNG');
    const [begun, answered] = (await eventsIn(database, 'hunted')).slice(-2);
    expect(begun).toMatchObject({ actor_id: carol.entraId, data: { standing: 'begun', platform: world.chat.platform } });
    expect(answered).toMatchObject({ actor_id: carol.entraId, data: { standing: 'answered', rows: 3, truncated: false } });
    expect(answered?.data['query']).toMatch(/^[0-9a-f]{64}$/);
    expect(answered?.data['query']).toBe(begun?.data['query']);
    // Not every column fits under a card.
    expect((await received(0)).text).toContain('RegistryValueName');
  });

  it('refuses whoever may not read, says what to ask for, and writes it down', async () => {
    const { title } = await world.raise(registry('refused'));
    expect(await pressed(bob, title)).toMatch(/To run hunting queries you need Security Reader, .* or Global Administrator/);
    expect(await pressed(stranger, title)).toContain('not connected to a person');
    graph.entra.faults.add({ route: 'user', kind: 'http500' });
    expect(await pressed(rita, title)).toContain('the directory did not answer');
    expect((await eventsIn(database, 'refused')).map(({ data }) => data['refusal'])).toEqual(
      expect.arrayContaining(['may-not-read', 'unknown-person', 'identity-unavailable']),
    );
    expect(queries('refused')).toEqual([]);
  });

  it('says plainly that there is nothing', async () => {
    const { title } = await world.raise(registry('none'));
    await pressed(carol, title);
    await underCard(title, /No rows: Defender holds nothing/);
    expect(world.chat.pictures(title)).toEqual([]);
  });

  it('hands the rest to whoever asked as a file, harmless for a spreadsheet', { timeout: 60_000 }, async () => {
    const { id, title } = await world.raise(registry('many'));
    await pressed(carol, title);
    const answer = await underCard(title, /At least 200 rows, the first 10 shown/);
    expect(answer).toContain(`hunt ${id}`);
    const file = await received(1);
    expect(file.name).toMatch(/^countersign-hunt-[\dT-]+Z\.csv$/);
    expect(file.text.split('\r\n')).toHaveLength(202);
    expect(file.text).toContain(",'=1+1");
    expect((await eventsIn(database, 'exported')).at(-1)).toMatchObject({ data: { standing: 'whole', rows: 200, format: 'csv' } });
  });

  it.runIf(name === 'Slack')('tells its timeline in words where the picture cannot be uploaded', async () => {
    const { slack } = world.chat as Awaited<ReturnType<typeof slackWorld>>;
    slack.faults.add({ method: 'files.getUploadURLExternal', kind: 'http500', times: 10 });
    const { title } = await world.raise(registry('few'));
    await pressed(carol, title);
    const answer = await underCard(title, /3 rows/);
    slack.faults.clear();
    expect(answer).toMatch(/The chart could not be shown here\. It says: Timeline of 3 rows from 2026-11-20 10:00:00/);
    expect(world.chat.pictures(title)).toEqual([]);
  });

  it('two presses at once are one run', async () => {
    const { id, title } = await world.raise(registry('again'));
    graph.entra.faults.add({ route: 'hunting', kind: 'slow', ms: 1000 });
    const told = await Promise.all([pressed(carol, title), pressed(rita, title)]);
    expect(told.filter((text) => text.includes('Running the hunting query'))).toHaveLength(1);
    expect(told.filter((text) => text.includes('running already'))).toHaveLength(1);
    await underCard(title, /1 row/);
    expect(await pressed(carol, title)).toContain('a moment ago');
    const before = world.chat.told(rita).length;
    await world.chat.command(rita, `hunt ${id}`);
    expect(await world.until('the command is answered', () => world.chat.told(rita)[before])).toContain('a moment ago');
    expect(queries('again')).toHaveLength(1);
    expect(world.chat.thread(title).filter((text) => /1 row/.test(text))).toHaveLength(1);
  });

  it('a bot that stops in the middle leaves it to the next one', async () => {
    const { title } = await world.raise(registry('restart'));
    graph.entra.faults.add({ route: 'hunting', kind: 'hang', times: 1 });
    expect(await pressed(carol, title)).toContain('Running');
    await world.until('Defender was asked', () => queries('restart').length === 1);
    await world.stopOne('bot');
    await world.add({ bot: true, worker: false });
    await underCard(title, /No rows/);
    expect(queries('restart')).toHaveLength(2);
  });

  it.each([
    ['time-out', /took too long/],
    ['no-table', /did not take the hunting query/],
    ['odd-types', /2 rows/],
    // The pause that Defender asks for is kept by everybody, so this one comes last.
    ['quota', /at its limit/],
  ] as const)('says what came of it: %s', async (mood, expected) => {
    const { title } = await world.raise(registry(mood));
    tenant.moods?.push(mood);
    await pressed(carol, title);
    await underCard(title, expected);
  });

  it('keeps to the platform’s rules', () => expect(world.chat.problems()).toEqual([]));
});

describe('Run here with a card in Slack and in Teams', () => {
  it('is answered under both, and whoever presses on the other side meanwhile hears that it runs', async () => {
    const { slack, teams, chat } = await bothWorlds();
    const graph = await graphWorld(people, tenantOf());
    const world = await openWorld({
      chat,
      services: { databaseUrl: await freshDatabase(), redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() },
      env: graph.env,
    });
    try {
      await world.add({ bot: true, worker: true });
      const { title } = registry('few');
      const body = { ...registry('few'), title };
      await world.submit(body);
      for (const chat of [slack, teams]) await world.until('the card is there', () => chat.card(title));
      graph.entra.faults.add({ route: 'hunting', kind: 'slow', ms: 1500, times: 1 });
      await slack.press(carol, title, 'Run here');
      await world.until('it runs', () => slack.told(carol).some((text) => text.includes('Running')));
      await teams.press(alice, title, 'Run here');
      await world.until('the other side hears it', () => teams.told(alice).some((text) => text.includes('running already')));
      for (const chat of [slack, teams])
        await world.until('the answer is there', () => chat.thread(title).some((text) => /3 rows/.test(text)));
    } finally {
      await world.close();
      await graph.close();
    }
  }, 60_000);
});

describe.each([
  [
    'the app lacks the permission',
    ['User.Read.All', 'GroupMember.Read.All', 'RoleManagement.Read.Directory', 'Directory.Read.All'],
    /lacks the application permission ThreatHunting\.Read\.All/,
  ],
  ['there are no credentials', null, /need DIRECTORY=graph/],
] as const)('when %s', (_, permissions, said) => {
  it('everything else works, and the bot says once what is off', async () => {
    const graph = permissions === null ? null : await graphWorld(people, tenantOf(), [...permissions]);
    const world = await openWorld({
      chat: await slackWorld(),
      services: { databaseUrl: await freshDatabase(), redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() },
      ...(graph === null ? {} : { env: graph.env }),
    });
    try {
      await world.add({ bot: true, worker: true });
      await world.until('it is said', () => world.logLines.some((line) => said.test(line)));
      const body = quarantineFile();
      const { id } = (await world.submit(body)).body;
      await world.until('the card is there', () => world.chat.card(body.title));
      expect(world.chat.card(body.title)).not.toContain('Run here');
      await world.chat.command(carol, `hunt ${id}`);
      await world.until('the command is answered', () => world.chat.told(carol).some((text) => text.includes('Hunting from here is off')));
      await world.chat.press(alice, body.title, /^Approve/);
      await world.until('it is completed', () => world.chat.card(body.title)?.includes('Completed'));
      expect(world.chat.card(body.title)).not.toContain('Seen');
      expect(world.logLines.filter((line) => line.includes('Run here and evidence are off'))).toHaveLength(1);
    } finally {
      await world.close();
      await graph?.close();
    }
  }, 60_000);
});
