/** Reminders, escalation, warnings and stand-ins as people see them. One body on both platforms; the deployment's clock is moved by hand. */
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { freshDatabase, freshPrefix } from '../setup/fresh.ts';
import { isolateDevice } from './actions.ts';
import { alice, bob, carol, type DirectoryPerson, erin, people, person } from './people.ts';
import { platforms } from './platforms.ts';
import { openWorld, type World } from './world.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const gina = person('Gina Gray', ['SecurityAdministrator']);

/** `severity` high: thread, on call, the operators' channel and a manager. Medium: the thread alone, at 30 minutes. Low: nothing but warnings. */
const policyOf = (channel: string) => `
reminders:
  warnTo: thread
  rules:
    - match: { severity: high }
      rungs:
        - { after: 15m, to: thread }
        - { after: 1h, to: onCall }
        - { sinceLast: 1h, to: [{ channel: ${channel} }, { managers: ["${erin.entraId}"] }] }
    - match: { severity: medium }
      rungs:
        - { after: 30m, to: thread }
delegation: { allowed: true, longest: 14d }
`;

describe.each(platforms)('reminders in $name', ({ name, open }) => {
  let world: World;
  let db: pg.Client;
  let onCall: Server;
  let answer: { status: number; body: string };
  let offsetMs = 0;
  const now = () => new Date(Date.now() + offsetMs);
  const later = (ms: number) => new Date(now().getTime() + ms).toISOString();

  beforeAll(async () => {
    onCall = createServer((req, res) => {
      req.resume();
      res.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
    });
    await new Promise<void>((resolve) => onCall.listen(0, '127.0.0.1', resolve));
    answer = { status: 200, body: JSON.stringify({ people: [{ entraId: alice.entraId }] }) };
    const chat = await open([gina]);
    const databaseUrl = await freshDatabase();
    world = await openWorld({
      chat,
      now,
      directory: [...people, gina],
      services: { databaseUrl, redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() },
      policy: `${chat.policy}${policyOf(chat.operators.policy.replace(/^alarms: |\n/g, ''))}`,
      env: { ON_CALL_URL: `http://127.0.0.1:${(onCall.address() as AddressInfo).port}/`, ON_CALL_SECRET: 'on-call-secret-for-tests' },
      timing: { sweepEveryMs: 100, stalledAfterMs: 30_000, repairEveryMs: 10_000 },
    });
    // Two bots look at the same clock.
    await world.add({ bot: true, worker: true });
    await world.add({ bot: true, worker: false });
    db = new pg.Client({ connectionString: databaseUrl });
    await db.connect();
  }, 60_000);
  afterAll(async () => {
    await db.end();
    await world.close();
    onCall.closeAllConnections();
    onCall.close();
  });

  const raise = (extra: Record<string, unknown> = {}) => world.raise(isolateDevice({ expiresAt: later(3 * day), ...extra }));
  const close = (title: string) => world.chat.reject(erin, title, 'Not needed');
  const under = (title: string, text: string) => world.chat.thread(title).filter((said) => said.includes(text));
  const posted = (title: string, text: string, count = 1) =>
    world.until(`${count} of “${text}” under ${title}`, () => under(title, text).length === count);
  const eventsOf = async (id: string): Promise<{ kind: string; data: Record<string, unknown> }[]> =>
    (
      await db.query(
        `select kind, data from audit_events where action_id = $1 and kind in ('reminded', 'escalated', 'warned') order by seq`,
        [id],
      )
    ).rows;
  const toldOf = (who: DirectoryPerson, text: string) => world.chat.told(who).filter((said) => said.includes(text));
  const tellsOf = (who: DirectoryPerson, text: string) =>
    world.until(`${who.displayName} is told “${text}”`, () => {
      const found = toldOf(who, text);
      return found.length > 0 && found;
    });

  it('climb the ladder: the thread, who is on call, another channel and a manager; each once with two bots and a restart', async () => {
    const { id, title } = await raise();
    offsetMs += 15 * minute;
    await posted(title, 'Reminder: nobody has decided this yet.');
    offsetMs += 45 * minute;
    const [told = ''] = await tellsOf(alice, 'This still waits for a decision.');
    expect(told).toContain('Isolate device: WKS-0042');
    await world.stopOne('bot');
    await world.add({ bot: true, worker: true });
    const before = world.chat.operators.messages().length;
    offsetMs += hour;
    await world.until('the operators are told', () => world.chat.operators.messages().length > before);
    await tellsOf(erin, 'This still waits for a decision.');
    await close(title);
    // A later card is posted: whatever was wanted before it is there by then.
    offsetMs += hour;
    await close((await raise({ severity: 'low' })).title);
    expect(under(title, 'Reminder:')).toHaveLength(1);
    expect(toldOf(alice, 'still waits')).toHaveLength(1);
    expect(toldOf(erin, 'still waits')).toHaveLength(1);
    expect((await eventsOf(id)).map(({ kind, data }) => `${kind} ${data['rung']}`)).toEqual([
      'reminded after-15m',
      'escalated after-60m',
      'escalated after-120m',
      'escalated after-120m',
    ]);
  });

  it('stop at the decision, also for what a platform that is away has not taken yet', async () => {
    const decided = await raise({ severity: 'medium' });
    const open = await raise({ severity: 'medium' });
    world.chat.fault('post', 'http500', 1000);
    offsetMs += 30 * minute;
    await world.until('both are in the record', async () => (await eventsOf(decided.id)).length + (await eventsOf(open.id)).length === 2);
    await close(decided.title);
    world.chat.heal();
    await posted(open.title, 'Reminder: nobody has decided this yet.');
    await world.until('the other one is withdrawn', async () => {
      const { rows } = await db.query(`select 1 from cards where action_id = $1 and note ->> 'kind' = 'reminded' and stopped`, [
        decided.id,
      ]);
      return rows.length === 1;
    });
    expect(under(decided.title, 'Reminder:')).toEqual([]);
    await close(open.title);
  });

  it('warn before the deadline, and show what nobody decided as expired, rejected by nobody', async () => {
    const { id, title } = await raise({ severity: 'low', expiresAt: later(30 * hour) });
    offsetMs += 6 * hour;
    await posted(title, 'The deadline is near: it expires in');
    offsetMs += 22 * hour;
    await posted(title, 'The deadline is near: it expires in', 2);
    offsetMs += 2 * hour;
    await posted(title, 'Expired: nobody decided before the deadline.');
    await world.cardSays(title, 'Nobody rejected it.');
    expect(world.chat.card(title)).not.toContain('Rejected by');
    expect((await world.read(id)).decision).toBeNull();
    expect((await eventsOf(id)).map(({ data }) => data['rung'])).toEqual(['before-1440m', 'before-120m']);
    expect(world.logLines.some((line) => line.includes(id) && line.includes('before any warning'))).toBe(false);
  });

  it('give an action with little time the one warning that still makes sense, and say when none could be delivered', async () => {
    const short = await raise({ severity: 'low', expiresAt: later(hour) });
    await posted(short.title, 'The deadline is near: it expires in');
    await close(short.title);
    const late = await raise({ severity: 'low', expiresAt: later(2 * day) });
    // As after an outage of the bot over the whole time.
    offsetMs += 2 * day + minute;
    await posted(late.title, 'Expired: nobody decided');
    await world.until('it is said', () => world.logLines.some((line) => line.includes(late.id) && line.includes('before any warning')));
    expect(under(late.title, 'The deadline is near')).toEqual([]);
  });

  it('go to the next rung when nobody can say who is on call', async () => {
    const before = world.chat.operators.messages().length;
    answer = { status: 500, body: 'no' };
    const { id, title } = await raise();
    offsetMs += hour;
    await world.until('the next rung is told', () => world.chat.operators.messages().length > before);
    expect((await eventsOf(id)).map(({ data }) => data['target'])).toContain(`person:${erin.entraId}`);
    answer = { status: 200, body: JSON.stringify({ people: [{ entraId: alice.entraId }] }) };
    await close(title);
  });

  it('become few messages when many are due at once', async () => {
    const titles: string[] = [];
    for (let nr = 0; nr < 4; nr += 1) titles.push((await raise({ severity: 'medium' })).title);
    offsetMs += 30 * minute;
    const many = () => world.chat.everything().filter((text) => text.includes('actions wait for a decision.'));
    const [one] = await world.until('one message tells of all', () => many().some((text) => text.includes('4 actions wait')) && many());
    expect(many()).toHaveLength(1);
    expect(one).toContain('pending');
    for (const title of titles) expect(under(title, 'Reminder:')).toEqual([]);
  });

  describe('a stand-in', () => {
    const say = async (who: DirectoryPerson, text: string, expected: string) => {
      const before = world.chat.told(who).length;
      await world.chat.command(who, text);
      return world.until(`${who.displayName} hears “${expected}”`, () =>
        world.chat.told(who, before).some((said) => said.includes(expected)),
      );
    };
    const today = () => now().toISOString().slice(0, 10);
    const dayAfter = (days: number) => later(days * day).slice(0, 10);

    it('is refused when they may decide nothing, or when no time is named', async () => {
      await say(alice, 'delegate', 'You have named no stand-in, and you stand in for nobody.');
      await say(alice, `delegate to ${world.chat.mention(carol)} until ${dayAfter(2)}`, 'may decide nothing here');
      await say(alice, `delegate to ${bob.upn}`, 'Until when?');
    });

    it('is named by a mention, hears what the other would hear, and decides with their own roles', async () => {
      await say(
        alice,
        `delegate to ${world.chat.mention(gina)} from ${today()} until ${dayAfter(3)} because holidays`,
        'stands in for you',
      );
      await tellsOf(gina, 'You stand in for');
      await say(gina, `delegate to ${alice.upn} until ${dayAfter(1)}`, 'Notices are not passed on twice');
      const before = toldOf(alice, 'still waits').length;
      const { id, title } = await raise();
      offsetMs += hour;
      const [told = ''] = await tellsOf(gina, 'You are told because you stand in for');
      expect(told).toContain('Alice Adams');
      expect(toldOf(alice, 'still waits')).toHaveLength(before);
      await say(gina, 'inbox', 'You were reminded of this for');
      await world.chat.press(gina, title, /^Isolate|^Approve/);
      await world.until('it is decided', async () => (await world.read(id)).decision !== null);
      const { rows } = await db.query(`select actor_id, data from audit_events where action_id = $1 and kind = 'decided'`, [id]);
      expect(rows).toMatchObject([{ actor_id: gina.entraId, data: { standsInFor: alice.entraId } }]);
      expect((await world.read(id)).decision?.actor.upn).toBe(gina.upn);
    });

    it('hears it, too, when what the other decided is not carried out', async () => {
      await world.stopOne('worker');
      const { title } = await raise();
      await world.chat.press(alice, title, /^Approve/);
      await world.until('it is recorded', () => world.chat.card(title)?.includes('waiting to be carried out'));
      const withRoles = (roles: string[]) =>
        writeFile(
          world.directoryFile,
          JSON.stringify({ people: [...people, gina].map((one) => (one === alice ? { ...one, roles } : one)) }),
        );
      await withRoles([]);
      await world.add({ bot: true, worker: true });
      const [told = ''] = await tellsOf(gina, 'Your approval was not carried out');
      expect(told).toContain('You are told because you stand in for');
      expect(toldOf(alice, 'was not carried out')).toEqual([]);
      await withRoles(alice.roles);
    });

    it('ends when it is taken back: the person hears themselves again', async () => {
      await say(alice, 'delegate off', 'stands in for you no longer');
      const before = toldOf(alice, 'still waits').length;
      const { title } = await raise();
      offsetMs += hour;
      await world.until('Alice is told', () => toldOf(alice, 'still waits').length > before);
      await close(title);
    });
  });

  it.runIf(name === 'Slack')('go to the account that is theirs by now, not to the one from which they decided once', async () => {
    const before = toldOf(alice, 'still waits').length;
    const { slack } = carol;
    const moved = people.map((one) => (one === alice ? { ...one, slack } : one === carol ? { ...one, slack: [] } : one));
    await writeFile(world.directoryFile, JSON.stringify({ people: [...moved, gina] }));
    const { title } = await raise();
    offsetMs += hour;
    await tellsOf(carol, 'This still waits for a decision.');
    expect(toldOf(alice, 'still waits')).toHaveLength(before);
    await close(title);
  });

  it('break none of the platform’s own rules', () => {
    expect(world.chat.problems(), name).toEqual([]);
  });
});
