import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { freshDatabase, freshPrefix } from '../setup/fresh.ts';
import { quarantineFile } from './actions.ts';
import { alice, crowd, erin, people } from './people.ts';
import { platforms } from './platforms.ts';
import { openWorld, type World } from './world.ts';

const analysts = crowd(200);

describe.each(platforms)('many people at once in $name, two bots and two workers side by side', ({ open }) => {
  let world: World;
  let database: string;

  beforeAll(async () => {
    database = await freshDatabase();
    world = await openWorld({
      chat: await open(analysts),
      services: { databaseUrl: database, redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() },
      directory: [...people, ...analysts],
    });
    await world.add({ bot: true, worker: false });
    await world.add({ bot: true, worker: false });
    await world.add({ bot: false, worker: true });
    await world.add({ bot: false, worker: true });
  });
  afterAll(() => world.close());

  async function counts(id: string): Promise<Record<string, number>> {
    const client = new pg.Client({ connectionString: database });
    await client.connect();
    const count = async (query: string): Promise<number> => Number((await client.query<{ n: string }>(query, [id])).rows[0]?.n);
    try {
      return {
        decisions: await count("select count(*) as n from audit_events where action_id = $1 and kind = 'decided'"),
        jobs: await count('select count(*) as n from outbox where action_id = $1'),
        executions: await count('select count(*) as n from executions where action_id = $1'),
        runs: await count('select count(*) as n from simulator_runs r join outbox o using (decision_id) where o.action_id = $1'),
        outcomes: await count(
          "select count(*) as n from audit_events where action_id = $1 and kind = 'outcome' and data ->> 'status' <> 'inProgress'",
        ),
      };
    } finally {
      await client.end();
    }
  }

  it('makes one decision, one job and one outcome of 200 simultaneous presses, and answers the 199 others politely', {
    timeout: 60_000,
  }, async () => {
    const body = quarantineFile();
    const { id } = (await world.submit(body)).body;
    await world.until('the card is posted', () => world.chat.card(body.title));
    const older = world.chat.remember(body.title);

    // Half of them approve, half reject (a rejection asks for a reason first); each on one of the two bots in turn.
    const presses = analysts.map((who, index) =>
      index % 2 === 0
        ? world.chat.press(who, body.title, /^Approve/, { older, bot: Math.floor(index / 2) % 2 })
        : world.chat.reject(who, body.title, `not this one (${index})`, { older, bot: Math.floor(index / 2) % 2 }).then(() => 200),
    );
    const answers = await Promise.all(presses);
    expect(new Set(answers)).toEqual(new Set([200]));

    const stored = await world.until('an end', async () => {
      const action = await world.read(id);
      return ['completed', 'rejected'].includes(action.status) ? action : null;
    });
    const winner = analysts.find(({ upn }) => upn === stored.decision?.actor.upn);
    const name = winner?.displayName ?? '?';
    const heard = await world.until('everybody has heard', () => {
      const texts = analysts.map((who) => [...world.chat.told(who), world.chat.dialog(who) ?? ''].join(' '));
      return texts.every((text) => text.trim() !== '') ? texts : null;
    });
    const others = heard.filter((_text, index) => analysts[index] !== winner);
    expect(others).toHaveLength(199);
    for (const text of others) expect(text).toContain(name);
    const rejected = stored.status === 'rejected';
    expect(await counts(id)).toMatchObject({ decisions: 1, jobs: 1, outcomes: rejected ? 0 : 1 });
    expect((await counts(id))['runs']).toBe(await world.until('the backend ran once', async () => (await counts(id))['runs']));
  });

  it('shares the work: both bots answer, and cards are posted once', async () => {
    const bodies = Array.from({ length: 6 }, () => quarantineFile());
    const urls = world.chat.botUrls();
    expect(urls).toHaveLength(2);
    await Promise.all(bodies.map((body, index) => world.submit(body, urls[index % 2])));
    for (const { title } of bodies) await world.until('the card is posted', () => world.chat.card(title));
    for (const [index, { title }] of bodies.entries()) await world.chat.press(alice, title, /^Approve/, { bot: index % 2 });
    for (const { title } of bodies) {
      await world.until('completed', () => world.chat.card(title)?.includes('Completed'));
      expect(world.chat.copies(title)).toBe(1);
    }
  });

  it('goes on when one bot and one worker are stopped in the middle', async () => {
    const body = quarantineFile({ parameters: { simulator: { takesMs: 1500 } } });
    const { id } = (await world.submit(body)).body;
    await world.until('the card is posted', () => world.chat.card(body.title));
    await world.chat.press(erin, body.title, /^Approve/, { bot: 0 });
    await world.reached(({ stage, actionId }) => stage === 'taken' && actionId === id);
    await world.stopOne('bot');
    await world.stopOne('worker');
    await world.until('completed', () => world.chat.card(body.title)?.includes('Completed'));
    expect(await counts(id)).toMatchObject({ decisions: 1, runs: 1, outcomes: 1 });
  });

  it('breaks none of the platform’s own rules', () => {
    expect(world.chat.problems()).toEqual([]);
  });
});
