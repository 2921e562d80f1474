/** A producer changes what it asked for while nobody has decided yet. One body on both platforms. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { freshDatabase, freshPrefix } from '../setup/fresh.ts';
import { device, quarantineFile } from './actions.ts';
import { alice, bob } from './people.ts';
import { platforms } from './platforms.ts';
import { openWorld, type World } from './world.ts';

const rules = `approvals:
  - match: { type: stopAndQuarantineFile }
    needed: 2
`;
const other = { type: 'device', name: 'wks-0043.contoso.example', group: 'Workstations' };

describe.each(platforms)('a newer revision in $name', ({ open }) => {
  let world: World;

  beforeAll(async () => {
    const chat = await open();
    world = await openWorld({
      chat,
      services: { databaseUrl: await freshDatabase(), redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() },
      policy: `${chat.policy}${rules}`,
    });
    await world.add({ bot: true, worker: true });
  });
  afterAll(() => world.close());

  /** The same action as its producer sees it now; a title of its own, so that the two cards can be told apart. */
  const changed = (body: ReturnType<typeof quarantineFile>, revision: number) => ({
    ...body,
    revision,
    title: `${body.title}, revision ${revision}.`,
    entities: [...(body['entities'] as object[]).filter((entity) => entity !== device), device, other],
  });

  it('takes the place of the open action: its card says so, the new one says what changed, and approvals do not carry over', async () => {
    const body = quarantineFile();
    const old = (await world.submit({ ...body, title: `${body.title}, first.` })).body;
    const first = `${body.title}, first.`;
    await world.until('the card is posted', () => world.chat.card(first));
    const older = world.chat.remember(first);
    await world.chat.press(alice, first, /^Approve/);
    await world.cardSays(first, '1 of 2 approvals given');

    const next = changed(body, 2);
    const answer = await world.submit(next);
    expect(answer).toMatchObject({ status: 202, body: { status: 'pending', new: true } });
    expect(answer.body.id).not.toBe(old.id);
    await world.cardSays(first, 'Superseded by a newer action');
    expect(world.chat.card(first)).toContain(answer.body.id);
    await world.until('the thread says so', () => world.chat.thread(first).some((text) => text.includes(answer.body.id)));
    await world.cardSays(next.title, 'entities added: Device wks-0043.contoso.example');
    expect(await world.read(answer.body.id)).toMatchObject({ status: 'pending', approvals: [], revision: 2 });
    expect(await world.read(old.id)).toMatchObject({ status: 'superseded', supersededBy: answer.body.id });

    // The old card, still open on somebody's phone.
    const before = world.chat.told(bob).length;
    await world.chat.press(bob, first, /^Approve/, { older });
    expect(await world.until('Bob is told', () => world.chat.told(bob)[before])).toContain('Superseded');
    await world.chat.press(bob, next.title, /^Approve/);
    await world.chat.press(alice, next.title, /^Approve/);
    await world.cardSays(next.title, 'Completed');
    expect((await world.read(answer.body.id)).approvals).toHaveLength(2);
    expect(await world.submit(next)).toMatchObject({ status: 202, body: { id: answer.body.id, new: false } });
  });

  it('that comes too late, or is not newer, is a conflict that says why', async () => {
    const body = quarantineFile();
    const { id } = (await world.submit(body)).body;
    expect(await world.submit(changed(body, 1))).toMatchObject({
      status: 409,
      body: { error: { code: 'conflict', message: expect.stringContaining('a higher `revision`') } },
    });
    await world.until('the card is posted', () => world.chat.card(body.title));
    await world.chat.reject(alice, body.title, 'Known tool');
    await world.cardSays(body.title, 'Rejected');
    expect(await world.submit(changed(body, 2))).toMatchObject({
      status: 409,
      body: { error: { code: 'conflict', message: expect.stringMatching(/rejected: it was decided \(reject\) at 20/) } },
    });
    expect((await world.read(id)).status).toBe('rejected');
  });

  it('breaks none of the platform’s own rules', () => {
    expect(world.chat.problems()).toEqual([]);
  });
});
