/** Exports, on both platforms from one body: files for readers alone, links where a file does not get through, and the truth when neither does. */
import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { csvHead } from '../../src/action-center/csv.ts';
import { freshDatabase, freshPrefix } from '../setup/fresh.ts';
import { completedNow, copyAction, fillRecord } from '../setup/many-actions.ts';
import { askRecord, eventsIn } from '../setup/record.ts';
import { type FileWorld, fileWorldOf } from './file-worlds.ts';
import { alice, carol, type DirectoryPerson, dave, person } from './people.ts';
import { platforms } from './platforms.ts';
import { openWorld, type World } from './world.ts';

const many = 60_000;
/** In the directory, with a role that opens nothing. */
const helen = person('Helen Helper', ['SearchAndPurge']);
const publicUrl = 'https://countersign.contoso.example';
const hostile = '=HYPERLINK("https://evil.example","x")\r\n"quoted", \u202egpj.exe';
const timing = { sweepEveryMs: 5000, stalledAfterMs: 30_000, repairEveryMs: 10_000, exportProgressEveryMs: 150 };
const base = '2026-11-21T08:00:00.000Z';

/** As the identity team would. */
async function changeRoles({ directoryFile }: World, who: DirectoryPerson, roles: string[]): Promise<void> {
  const { people } = JSON.parse(await readFile(directoryFile, 'utf8')) as { people: DirectoryPerson[] };
  await writeFile(directoryFile, JSON.stringify({ people: people.map((one) => (one.upn === who.upn ? { ...one, roles } : one)) }));
}

describe.each(platforms)('exports in $name', ({ open }) => {
  let world: World;
  let files: FileWorld;
  let database: string;

  beforeAll(async () => {
    database = await freshDatabase();
    const many1 = completedNow({ id: 'A-01JD6Q00000000000000000001', asset: 'WKS-MANY', investigationId: '53123' });
    await fillRecord(database, [
      many1,
      completedNow({
        id: 'A-01JD6Q00000000000000000002',
        key: 'k2',
        type: 'isolateDevice',
        title: hostile,
        asset: '@SUM(1)',
        createdAt: base,
      }),
    ]);
    await copyAction(database, many1.id, many - 1);
    world = await openWorld({
      chat: await open([helen]),
      services: { databaseUrl: database, redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() },
      directory: [alice, carol, dave, helen],
      env: { PUBLIC_URL: publicUrl },
      timing,
    });
    await world.add({ bot: true, worker: false });
    files = fileWorldOf(world.chat);
  }, 60_000);
  afterAll(() => world.close());

  /** Asks and waits until what is said since fits. */
  async function asked(who: DirectoryPerson, text: string, fits: RegExp): Promise<string> {
    const before = world.chat.told(who).length;
    await world.chat.command(who, text);
    return heard(who, before, fits);
  }
  const heard = (who: DirectoryPerson, before: number, fits: RegExp): Promise<string> =>
    world.until(
      `${who.displayName} hears ${fits}`,
      () => {
        const told = world.chat.told(who).slice(before).join('\n');
        return fits.test(told) && told;
      },
      30_000,
    );
  async function received(who: DirectoryPerson, text: string): Promise<{ name: string; text: string }> {
    const count = files.received(who).length;
    const before = world.chat.told(who).length;
    await world.chat.command(who, text);
    await world.until('the file may come', () => files.sayYes(who));
    await heard(who, before, /Exported [\d,]+ action/);
    return world.until('the file is there', () => files.received(who)[count]);
  }
  const events = (kind: string) => eventsIn(database, kind);

  it('a reader gets the rows of the look-up in a file of their own, hostile cells made harmless, and the record says who took what', async () => {
    const file = await received(carol, 'export in:all type:isolateDevice');
    expect(file.name).toMatch(/^countersign-history-[\dT-]+Z\.csv$/);
    const [head, ...rest] = file.text.split('\r\n');
    expect(`${head}\r\n`).toBe(csvHead);
    expect(rest.join('\r\n')).toContain(`,Isolate device,"'=HYPERLINK(""https://evil.example"",""x"")\n""quoted"", ⟨U+202E⟩gpj.exe: `);
    expect(rest.join('\r\n')).toContain(",'@SUM(1),Approved,Alice Adams (alice@contoso.example),");
    const [begun, whole] = (await events('exported')).slice(-2);
    expect(begun).toMatchObject({
      actor_id: carol.entraId,
      data: { standing: 'begun', way: 'file', platform: world.chat.platform, rows: 0 },
    });
    expect(whole).toMatchObject({
      actor_id: carol.entraId,
      data: { standing: 'whole', rows: 1, query: { filters: { type: ['isolateDevice'] } } },
    });
  });

  it('format:jsonl gives every action as the interface for producers answers it', async () => {
    const file = await received(carol, 'export in:all type:isolateDevice format:jsonl');
    const { id } = JSON.parse(file.text) as { id: string };
    expect(file.text.trimEnd()).not.toMatch(/[\n\u202e]/);
    expect(JSON.parse(file.text)).toEqual(await world.read(id));
  });

  it('60,000 rows come whole, and the person hears how far it is', async () => {
    const before = world.chat.told(carol).length;
    const file = await received(carol, 'export in:all asset:WKS-MANY');
    expect(file.text.split('\r\n')).toHaveLength(many + 2);
    expect(new Set(file.text.split('\r\n').map((line) => /Copy \d+/.exec(line)?.[0])).size).toBe(many);
    const progress = [
      ...world.chat
        .told(carol)
        .slice(before)
        .join('\n')
        .matchAll(/Exporting: ([\d,]+) (?:of (?:about )?([\d,]+)|so far)/g),
    ];
    expect(progress).not.toEqual([]);
    // Of how many is an estimate while the search still files them; one that was passed is not told.
    const numbers = progress.map(([, rows = '', total = rows]) => [rows, total].map((text) => Number(text.replaceAll(',', ''))));
    for (const [rows = 0, total = 0] of numbers) expect(rows).toBeLessThanOrEqual(total);
  }, 60_000);

  it('says nothing that others can see', () => {
    expect(world.chat.everything().join('\n')).not.toMatch(/export/i);
  });

  it.each([
    ['somebody whose roles open nothing', helen, /To export actions you need Security Reader/],
    ['a guest', dave, /Guest accounts cannot/],
  ])('%s gets nothing, and the record says so', async (_what, who, words) => {
    const count = (await events('exported')).length;
    await asked(who, 'export in:all', words);
    expect(files.received(who)).toEqual([]);
    expect((await events('refused')).at(-1)?.data).toMatchObject({ verb: 'export', platform: world.chat.platform });
    expect(await events('exported')).toHaveLength(count);
  });

  it.each([
    ['export stauts:failed in:all', /nothing was exported[\s\S]*did you mean status\?[\s\S]*Corrected: .*export .*in:all status:failed/],
    ['export in:all format:xlsx', /“format:xlsx” is not known to format:/],
    ['export save week', /An export keeps nothing/],
    ['export in:all "nothing holds these words"', /There is nothing to export/],
  ])('%s is answered with what was understood', async (text, words) => {
    await asked(carol, text, words);
  });

  describe('when the file does not get through', () => {
    const isToldToWait = (before: number) => world.chat.told(carol).slice(before).join().includes('exports are running already');
    async function link(): Promise<string> {
      files.failNext();
      let told = '';
      // A download counts as running until its end is in the record, a moment after the last byte: whoever is told to wait asks again.
      while (!told.includes('this is a link instead')) {
        const before = world.chat.told(carol).length;
        await world.chat.command(carol, 'export in:all type:isolateDevice');
        await world.until('the file may come', async () => (await files.sayYes(carol)) || isToldToWait(before));
        told = await heard(carol, before, /this is a link instead|exports are running already/);
      }
      // As the proxy in front hands it on.
      return files.linkTo(carol)?.replace(publicUrl, world.url()) ?? '';
    }

    it('a link brings the same rows, at most three times, and never in pieces or by a look ahead', { timeout: 60_000 }, async () => {
      const url = await link();
      expect((await fetch(url, { method: 'HEAD' })).status).toBe(405);
      expect((await fetch(url, { headers: { range: 'bytes=10-20' } })).status).toBe(416);
      const first = await fetch(url);
      expect(first.status).toBe(200);
      expect(first.headers.get('content-disposition')).toMatch(/^attachment; filename="countersign-history-/);
      expect(first.headers.get('cache-control')).toBe('no-store');
      expect(first.headers.get('x-content-type-options')).toBe('nosniff');
      const text = Buffer.from(await first.arrayBuffer()).toString('utf8');
      expect(text.split('\r\n')[0]).toBe(csvHead.trimEnd());
      expect(text).toContain('Isolate device');
      const statuses = await Promise.all(
        [1, 2, 3, 4].map(async () => {
          const response = await fetch(url);
          await response.text();
          return response.status;
        }),
      );
      expect(statuses.toSorted()).toEqual([200, 200, 404, 404]);
      expect((await events('refused')).at(-1)?.data).toMatchObject({ refusal: 'export-over', verb: 'export', way: 'link' });
    });

    it('a name that nobody gave out, and one that is over, are not found', { timeout: 60_000 }, async () => {
      expect((await fetch(`${world.url()}/v1/exports/${'A'.repeat(43)}`)).status).toBe(404);
      expect((await fetch(`${world.url()}/v1/exports/..%2f..`)).status).toBe(404);
      const url = await link();
      const over = "update exports set expires_at = now() - interval '1 second' returning name_hash";
      const rows = await askRecord<{ name_hash: string }>(database, over);
      expect(rows.map(({ name_hash }) => name_hash).join()).not.toContain(url.slice(-43));
      expect((await fetch(url)).status).toBe(404);
    });

    it('whoever may no longer read gets nothing by a link of before', { timeout: 60_000 }, async () => {
      const url = await link();
      await changeRoles(world, carol, []);
      expect((await fetch(url)).status).toBe(404);
      expect((await events('refused')).at(-1)).toMatchObject({ actor_id: carol.entraId, data: { refusal: 'may-not-read' } });
      await changeRoles(world, carol, carol.roles);
      const again = await fetch(url);
      expect(again.status).toBe(200);
      expect(await again.text()).toContain('Isolate device');
    });
  });

  it('a stop of the bot ends an export, and the person hears it', async () => {
    const before = world.chat.told(alice).length;
    await world.chat.command(alice, 'export in:all asset:WKS-MANY');
    await world.until('the file may come', () => files.sayYes(alice));
    await heard(alice, before, /Exporting: [\d,]+ (of|so far)/);
    await world.stopOne('bot');
    await heard(alice, before, /The export was stopped after [\d,]+ rows, because Countersign is being restarted/);
    expect(files.received(alice)).toEqual([]);
    expect((await events('exported')).at(-1)).toMatchObject({ actor_id: alice.entraId, data: { standing: 'ended-early' } });
  }, 60_000);

  it('breaks none of the platform’s own rules', () => {
    expect(world.chat.problems()).toEqual([]);
  });
});
