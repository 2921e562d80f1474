/** The digest, by policy and of one's own. One body on both platforms, two bots each. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { SlackWorld } from '../../sandbox/slack/types.ts';
import type { TeamsWorld } from '../../sandbox/teams/types.ts';
import { freshDatabase, freshPrefix } from '../setup/fresh.ts';
import { isolateDevice } from './actions.ts';
import type { ChatWorld } from './chat-world.ts';
import { alice, carol, people, person } from './people.ts';
import { type Pictured, picturesInSlack, picturesInTeams } from './pictures.ts';
import { platforms } from './platforms.ts';
import { openWorld, type World } from './world.ts';

const manager = person('Mira Manager', ['SecurityReader']);
const outsider = person('Otto Outsider', ['ActiveRemediationActions']);
const hostile = '<!channel> [click](https://evil.example) & *Isolate*';

const timeOf = (ms: number): string => new Date(ms).toISOString().slice(11, 16);
const minuteMs = 60_000;
const started = Date.now();
/** Old enough to be settled, and not late. */
const onTime = timeOf(started - minuteMs);
const longAgo = timeOf(started - 60 * minuteMs);

/** The pictures of the messages in the operators' channel, as the platform has them. */
function picturesIn(chat: ChatWorld, channel: string): Pictured[][] {
  if (chat.platform === 'slack') {
    const { slack } = chat as ChatWorld & { slack: SlackWorld };
    return slack.messages(channel).map((message) => picturesInSlack(slack, message));
  }
  const { teams } = chat as ChatWorld & { teams: TeamsWorld };
  return teams.messages(channel).map(picturesInTeams);
}

describe.each(platforms)('the digest in $name', ({ name, open }) => {
  let world: World;
  let client: pg.Client;
  let channel: string;

  beforeAll(async () => {
    const chat = await open([manager, outsider]);
    channel = /\[(.*)\]/.exec(chat.operators.policy)?.[1]?.replaceAll('"', '') ?? '';
    const nameOf = (who: typeof manager) => (chat.platform === 'slack' ? (who.slack[0]?.userId ?? '') : who.entraId);
    const digest = (at: string, targets: string[]) =>
      `  - { at: "${at}", timezone: UTC, ${chat.platform}: [${targets.map((one) => JSON.stringify(one)).join(', ')}] }\n`;
    const databaseUrl = await freshDatabase();
    client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    world = await openWorld({
      chat,
      services: { databaseUrl, redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() },
      directory: [...people, manager, outsider],
      policy: `${chat.policy}digests:\n${digest(onTime, [channel, nameOf(manager), nameOf(outsider)])}${digest(longAgo, [channel])}`,
    });
    await world.add({ bot: true, worker: true });
    await world.add({ bot: true, worker: false });
  });
  afterAll(async () => {
    await client.end();
    await world.close();
  });

  const inChannel = () => world.chat.operators.messages().filter((text) => text.includes('Digest'));
  const digestsTold = (who: typeof manager) => world.chat.told(who).filter((text) => /(^|\n)Digest/.test(text));
  const events = async () =>
    (
      await client.query<{ data: { what: string; why: string | null; target: string } }>(
        "select data from audit_events where kind = 'digest'",
      )
    ).rows;
  /** As if the plan had been known since before yesterday. */
  const knownForLong = (where: string) =>
    client.query(
      `update digest_plans set served_at = served_at - interval '3 days', next_at = served_at - interval '1 day' where ${where}`,
    );
  const saying = (who: typeof manager, text: string | RegExp) =>
    world.until(`${who.displayName} is told ${text}`, () =>
      world.chat.told(who).find((one) => (typeof text === 'string' ? one.includes(text) : text.test(one))),
    );

  it('is sent at its time, once by two bots, to the channel and to who may read; who may not gets none, and that is recorded', async () => {
    const decided = await world.submit(isolateDevice({ title: 'Isolate the decided one' }));
    await world.submit(isolateDevice({ title: hostile }));
    await world.until('both cards are posted', () => world.chat.card('Isolate the decided one') && world.chat.card('evil'));
    await world.chat.press(alice, 'Isolate the decided one', /^Approve/);
    await world.until('it is carried out', async () => (await world.read(decided.body.id)).status === 'completed');
    expect(inChannel()).toEqual([]);
    await world.until('the plans are known', async () => (await client.query('select 1 from digest_plans')).rowCount === 4);
    await knownForLong(`schedule ->> 'at' = '${onTime}'`);
    const [text = ''] = await world.until('the digest is in the channel', () => inChannel().length > 0 && inChannel());
    expect(text).toContain('1 action waits for a decision');
    expect(text).not.toContain('Late by');
    expect(text).toContain('hxxps://evil');
    await world.until('the manager has one', () => digestsTold(manager).length === 1);
    const recorded = await world.until('all three are in the record', async () => (await events()).length === 3 && (await events()));
    expect(recorded.map(({ data }) => `${data.what} ${data.why ?? ''}`).sort()).toEqual(['made ', 'made ', 'withheld may-not-read']);
    expect(digestsTold(outsider)).toEqual([]);
  });

  it('comes with two pictures whose words say the same', async () => {
    const [pictures = []] = await world.until('the pictures are there', () => {
      const found = picturesIn(world.chat, channel).filter((list) => list.length > 0);
      return found.length > 0 && found;
    });
    expect(pictures).toHaveLength(2);
    expect(pictures[0]?.alt).toMatch(/^Bar chart\. Decided per day/);
    expect(pictures[1]?.alt).toMatch(/^Line chart\. Time to decision/);
    for (const { bytes } of pictures) {
      expect(bytes?.subarray(1, 4).toString('latin1')).toBe('PNG');
      expect(bytes?.length).toBeLessThan(12_000);
    }
  });

  it('stays one when every bot is restarted at that minute', async () => {
    await world.stopOne('bot');
    await world.stopOne('bot');
    await world.add({ bot: true, worker: true });
    await world.add({ bot: true, worker: false });
    // A card that is posted after the restart: whatever was wanted before it would be there by then.
    await world.submit(isolateDevice({ title: 'Isolate after the restart' }));
    await world.until('the card is posted', () => world.chat.card('Isolate after the restart'));
    expect(inChannel()).toHaveLength(1);
    expect(digestsTold(manager)).toHaveLength(1);
  });

  it('that the platform did not take at its time comes once, and says that it is late and for when it was', async () => {
    world.chat.fault('post', 'lostAnswer');
    // Due an hour ago: nobody could be reached since.
    await knownForLong(`schedule ->> 'at' = '${longAgo}'`);
    const late = await world.until('the late digest is in the channel', () => inChannel().find((text) => text.includes('Late by')));
    expect(late).toMatch(/Late by 1 h( \d+ min)?\.\s+It was due/);
    await world.submit(isolateDevice({ title: 'Isolate after the late one' }));
    await world.until('the card is posted', () => world.chat.card('Isolate after the late one'));
    expect(inChannel()).toHaveLength(2);
    world.chat.heal();
  });

  it('of one’s own is kept, shown and ended by command; what was not understood is named', async () => {
    await world.chat.command(carol, 'digest');
    await saying(carol, 'No digest is sent here or to you');
    await world.chat.command(carol, 'digest on 08:00 Berlin');
    await saying(carol, 'did you mean Europe/Berlin?');
    await world.chat.command(carol, 'digest on 8:00 europe/berlin weekdays');
    await saying(carol, /Kept\. You get a digest in your own chat with the app, at 08:00 Europe\/Berlin, Monday to Friday\. Next:\s/);
    await world.chat.command(carol, 'digest');
    await saying(carol, /Your own digest: at 08:00 Europe\/Berlin, Monday to Friday\. Next:\s/);
    await world.chat.command(carol, 'digest off');
    await saying(carol, 'Your own digest is off');
    await world.chat.command(outsider, 'digest on 08:00 Europe/Berlin');
    await saying(outsider, 'To look actions up you need');
    expect((await client.query('select 1 from digest_plans where entra_id is not null')).rowCount).toBe(0);
  });

  it('preview is shown in private, and a press on one of its numbers lists exactly that', async () => {
    await world.chat.command(manager, 'digest preview');
    await saying(manager, 'Preview of the digest');
    await saying(manager, 'The next one is sent');
    await world.chat.pressPrivate(manager, 'Approved (1)');
    const listed = await saying(manager, /History[\s\S]*What happened:\s+Approved/);
    expect(listed).toContain('1 action');
    expect(listed).toContain('Isolate the decided one');
  });

  it('now comes whole into one’s own chat, once a minute', async () => {
    await world.chat.command(manager, 'digest now');
    await saying(manager, /follows in your own chat|on its way to your own chat/);
    await saying(manager, 'Digest as of now');
  });

  it.runIf(name === 'Slack')('goes out with the words of its pictures where they cannot be uploaded', async () => {
    const { slack } = world.chat as ChatWorld & { slack: SlackWorld };
    slack.faults.add({ method: 'files.getUploadURLExternal', kind: 'http500', times: 10 });
    await world.chat.command(alice, 'digest now');
    const told = await saying(alice, 'Digest as of now');
    expect(told).toMatch(/The chart could not be shown here\. It says: Bar chart\. Decided per day/);
    slack.faults.clear();
  });

  it('breaks none of the platform’s own rules', () => {
    expect(world.chat.problems()).toEqual([]);
  });
});
