/** The inbox, on both platforms from one body: what awaits this person and nobody else, the most urgent first, and what they decided. */
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { actionStore } from '../../src/store/actions.ts';
import { openDatabase } from '../../src/store/database.ts';
import { openEngine } from '../../src/store/engine.ts';
import { anAction } from '../setup/builders.ts';
import { freshDatabase, freshPrefix } from '../setup/fresh.ts';
import { isolateDevice, quarantineFile, removeRegistryKey, softDeleteEmail } from './actions.ts';
import { type InboxViews, inboxPlatforms } from './inbox-views.ts';
import { alice, bob, carol, type DirectoryPerson, dave, person } from './people.ts';
import { openWorld, type World } from './world.ts';

const stranger = person('Zoe Unknown', []);
const gina = person('Gina Gray', ['SecurityAdministrator', 'SearchAndPurge']);
const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000 + 60_000).toISOString();

describe.each(inboxPlatforms)('the inbox in $name', ({ open }) => {
  let world: World;
  let views: InboxViews;
  let databaseUrl: string;

  beforeAll(async () => {
    const opened = await open([stranger, gina]);
    views = opened.views;
    databaseUrl = await freshDatabase();
    world = await openWorld({
      chat: opened.chat,
      services: { databaseUrl, redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() },
      directory: [alice, bob, carol, dave, gina],
      policy: `${opened.chat.policy}approvals:\n  - match: { type: runAntivirusScan }\n    needed: 2\n`,
      timing: { sweepEveryMs: 5000, stalledAfterMs: 30_000, repairEveryMs: 10_000, homeEveryMs: 200 },
    });
    await world.add({ bot: true, worker: true });
  }, 60_000);
  afterAll(() => world.close());

  async function inboxOf(who: DirectoryPerson): Promise<{ text: string; raw: string }> {
    const before = views.count(who);
    await world.chat.command(who, 'inbox');
    return world.until(`the inbox of ${who.displayName}`, () => views.count(who) > before && views.newest(who));
  }
  async function raise(body: { title: string }): Promise<string> {
    expect((await world.submit(body)).status).toBe(202);
    await world.until('the card is posted', () => world.chat.card(body.title));
    return body.title;
  }

  it('is empty, and says so', async () => {
    const { text } = await inboxOf(alice);
    expect(text).toContain('Nothing awaits your decision now.');
    expect(text).toContain('You decided nothing here yet.');
  });

  it('lists only what this person may decide, the most urgent first, each with its countdown and a link to its card', async () => {
    const later = await raise(quarantineFile({ severity: 'high' }));
    const soon = await raise(isolateDevice({ severity: 'low', expiresAt: inHours(3) }));
    const email = await raise(softDeleteEmail({ severity: 'medium' }));
    const server = await raise(isolateDevice({ entities: [{ type: 'device', name: 'srv-1', group: 'Servers' }] }));
    const portal = await raise(removeRegistryKey());
    const mine = await inboxOf(bob);
    expect(mine.text).toContain('2 actions await your decision.');
    expect(mine.text.indexOf(soon)).toBeLessThan(mine.text.indexOf(later));
    expect(mine.text.indexOf(soon)).toBeGreaterThan(0);
    for (const title of [email, server, portal]) expect(mine.text).not.toContain(title);
    expect(mine.text.replaceAll('\n', '')).toMatch(/Decide in 3 h, before/);
    const links =
      world.chat.platform === 'slack'
        ? /\.slack\.com\/archives\/C0SOC\/p\d+"/g
        : /teams\.microsoft\.com\/l\/message\/19%3Asoc-approvals[^"]+"/g;
    expect(mine.raw.match(links)).toHaveLength(2);
    expect(mine.raw).not.toMatch(/ac\.(approve|reject)/);
    const all = await inboxOf(alice);
    expect(all.text).toContain('4 actions await your decision.');
    expect([soon, server, later, email].map((title) => all.text.indexOf(title))).toEqual(
      [soon, server, later, email].map((title) => all.text.indexOf(title)).toSorted((a, b) => a - b),
    );
    expect(all.text).not.toContain(portal);
  });

  it('shows a whole action to whoever presses Show, without a button to decide', async () => {
    const { text } = await inboxOf(bob);
    const title = /Case \S+/.exec(text)?.[0] ?? 'nothing';
    expect(await views.press(bob, 'Show 1')).toBe(200);
    const shown = await world.until(
      'the action is shown',
      () => views.shown(bob).includes('Nobody has decided it yet') && views.shown(bob),
    );
    expect(shown).toContain(title);
    expect(shown).not.toMatch(/^(Approve Isolation|Reject)$/m);
  });

  it('has no more of what this person decided, but tells what became of it; a refresh shows the newest', async () => {
    await views.refresh(bob);
    const title = await raise(quarantineFile());
    await inboxOf(bob);
    await views.refresh(bob);
    await world.until('it is listed', () => views.refreshed(bob).includes(title));
    await world.chat.press(bob, title, /^Approve/);
    await world.until('completed', () => world.chat.card(title)?.includes('Completed'));
    await views.refresh(bob);
    const outcome = /You approved Stop and quarantine file: invoice\.exe on WKS-0042.*Approved and completed\./;
    const refreshed = () => views.refreshed(bob).replaceAll('\n', '');
    const text = await world.until('what became of it', () => outcome.test(refreshed()) && refreshed());
    expect(text).toContain('What you decided lately');
    expect(text).not.toContain(title);
    expect((await inboxOf(alice)).text).not.toContain(title);
  });

  it('leaves out what one asked for or approved oneself while it needs somebody else, and names who approved', async () => {
    const asked = { type: 'runAntivirusScan', requestedBy: { kind: 'person', name: 'Gina Gray', upn: gina.upn } };
    const title = await raise(isolateDevice(asked));
    expect((await inboxOf(alice)).text).toContain('needs 2 approvals, none yet');
    await world.chat.press(alice, title, /^Approve/);
    await world.until('the first approval is stored', () => world.chat.card(title)?.includes('1 of 2 approvals given'));
    const approved = await inboxOf(alice);
    expect(approved.text).not.toContain(title);
    expect(approved.text.replaceAll('\n', '')).toMatch(/You approved Run antivirus scan: .*1 of 2 approvals given/);
    expect((await inboxOf(gina)).text).not.toContain(title);
    const mine = await inboxOf(bob);
    expect(mine.text).toContain(title);
    expect(mine.text.replaceAll('\n', '')).toContain('1 of 2 approvals: Alice Adams');
  });

  it('shows hostile titles literally', async () => {
    const title = '<!channel> *pay* [now](https://evil.example)';
    const body = quarantineFile({ title: `${title} \${heading} ${Date.now()}`, severity: 'high', expiresAt: inHours(1) });
    await world.submit(body);
    const { text, raw } = await inboxOf(gina);
    expect(text).toContain('<!channel> *pay* [now](hxxps://evil.example)');
    expect(raw).not.toContain('https://evil.example');
  });

  it.each([
    ['somebody the directory does not know', stranger, /not connected to a person who may decide, so nothing is listed/],
    ['a guest', dave, /Guest accounts cannot decide/],
    ['a reader', carol, /Your roles let you decide nothing here.*Active remediation actions/],
  ])('tells %s calmly why nothing is listed', async (_what, who, words) => {
    const { text } = await inboxOf(who);
    expect(text).toMatch(words);
    expect(text).not.toContain('Case ');
    await views.refresh(who);
    await world.until('the personal view says so too', () => words.test(views.refreshed(who)));
  });

  it('counts 300 open actions, and shows the first', async () => {
    const engine = await openEngine({ databaseUrl }, { onError: () => {} });
    const store = actionStore(openDatabase(engine.pool), 'default');
    const added = Array.from({ length: 300 }, (_, number) => {
      const id = `A-MANY${String(number).padStart(4, '0')}`;
      const { status: _status, decision: _decision, outcome: _outcome, ...action } = anAction({ id, key: id, expiresAt: inHours(200) });
      const event = { kind: 'announced' as const, at: action.createdAt, actorId: null, data: {} };
      return store.add({ ...action, contentDigest: 'c' }, [], event);
    });
    await Promise.all(added);
    await engine.close();
    const { text } = await inboxOf(alice);
    expect(text).toMatch(/30\d actions await your decision\.\s*The first \d+ are shown here\./);
    await views.refresh(alice);
    const whole = await world.until('all twenty', () => views.refreshed(alice).includes('Show 20') && views.refreshed(alice));
    expect(whole).toContain('The first 20 are shown here.');
    expect(whole).not.toContain('Show 21');
  });

  it('says nothing that others can see, and breaks none of the platform’s own rules', async () => {
    expect(world.chat.everything().join('\n')).not.toContain('What awaits you');
    expect(world.chat.problems()).toEqual([]);
  });

  it('lists nothing while the directory is away, and says when to come again', async () => {
    await writeFile(world.directoryFile, 'not a directory');
    await world.until('nobody is known', async () =>
      (await inboxOf(bob)).text.includes('could not be checked, because the directory did not answer'),
    );
    expect(views.newest(bob)?.text).not.toContain('Case ');
  });
});
