/** A Slack account is connected to a person by a sign-in and a code: the whole way, and everything that must not work. */
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import type { IdTokenSpoil } from '../../sandbox/entra/types.ts';
import { EntraId } from '../../src/action-center/action.ts';
import { freshDatabase, freshPrefix } from '../setup/fresh.ts';
import { run } from '../setup/processes.ts';
import { quarantineFile } from './actions.ts';
import { type Browser, openBrowser, type Page } from './browser.ts';
import { type GraphWorld, graphWorld } from './graph-world.ts';
import { alice, type DirectoryPerson, dave, people, person, team } from './people.ts';
import { slackWorld } from './platforms.ts';
import { openWorld, type World } from './world.ts';

type Event = { kind: string; actor_id: string | null; data: Record<string, unknown> };

const publicUrl = 'http://127.0.0.1:9';
const admin = (name: string) => person(name, ['SecurityAdministrator']);
const mallory = person('Mallory Moss', ['SecurityReader']);
const villain = person('Vera Villain', ['SecurityReader'], { upn: `vera@contoso.example` });
const hostile = `<img src=x onerror=alert(1)>"'&<script>`;
const linda = admin('Linda Link');
const nina = admin('Nina Next');
const oscar = admin('Oscar Once');
const paula = admin('Paula Peer');
const quinn = admin('Quinn Quick');
const rosa = admin('Rosa Race');
const stella = admin('Stella Slow');
const tom = admin('Tom Tries');
const uma = admin('Uma Undo');
const walt = admin('Walt Wait');
const newcomers = [mallory, villain, linda, nina, oscar, paula, quinn, rosa, stella, tom, uma, walt];

let graph: GraphWorld;
let world: World;
let chat: Awaited<ReturnType<typeof slackWorld>>;
let record: pg.Client;
let databaseUrl: string;

beforeAll(async () => {
  // Alice alone is connected by the file.
  graph = await graphWorld([...people, ...newcomers].map((one) => (one === alice ? one : { ...one, slack: [] })));
  graph.entra.change(villain.entraId, { displayName: hostile });
  chat = await slackWorld(newcomers);
  databaseUrl = await freshDatabase();
  world = await openWorld({
    chat,
    services: { databaseUrl, redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() },
    env: { ...graph.env, PUBLIC_URL: `${publicUrl}/` },
  });
  await world.add({ bot: true, worker: true });
  record = new pg.Client({ connectionString: databaseUrl });
  await record.connect();
});
afterEach(() => graph.entra.faults.clear());
afterAll(async () => {
  await record.end();
  await world.close();
  await graph.close();
});

const browser = (): Browser => openBrowser(world.url, graph.entra);
const userOf = (who: DirectoryPerson): string => `U0${who.displayName.split(' ')[0]?.toUpperCase()}`;

/** What only this person is told in answer to a command, with the addresses in it. */
async function ask(who: DirectoryPerson, text: string): Promise<string> {
  const before = chat.slack.ephemerals(userOf(who)).length;
  await world.chat.command(who, text);
  return world.until(`${who.displayName} is answered`, () => {
    const told = chat.slack.ephemerals(userOf(who)).slice(before);
    return told.length > 0 && !JSON.stringify(told).includes('Still checking') ? JSON.stringify(told) : null;
  });
}
async function addressFor(who: DirectoryPerson): Promise<string> {
  const answer = await ask(who, 'link');
  const [address] = /http:\/\/127\.0\.0\.1:9\/link\/start\?state=[\w-]{43}/.exec(answer) ?? [];
  if (address === undefined) throw new Error(`no address in ${answer}`);
  return address;
}
const codeOn = ({ text }: Page): string => /\/actions (link [0-9A-Z]{4}-[0-9A-Z]{4})/.exec(text)?.[1] ?? `no code: ${text}`;
const signedIn = async (who: DirectoryPerson, as = who, spoil?: IdTokenSpoil) => browser().through(await addressFor(who), as, spoil);
async function connect(who: DirectoryPerson): Promise<void> {
  expect(await ask(who, codeOn(await signedIn(who)))).toContain('Connected');
}
async function events(): Promise<Event[]> {
  const { rows } = await record.query<Event>(
    "select kind, actor_id, data from audit_events where kind in ('linked', 'unlinked', 'refused', 'signedIn') order by seq",
  );
  return rows;
}
/** What `work` added to the record. */
async function recorded(work: () => Promise<unknown>): Promise<Event[]> {
  const before = (await events()).length;
  await work();
  return (await events()).slice(before);
}
const refusedWith = (reason: string, who?: DirectoryPerson) =>
  expect.objectContaining({ kind: 'refused', data: expect.objectContaining({ reason, ...(who ? { userId: userOf(who) } : {}) }) });

/** A card that nobody has decided yet: a press that decides nothing leaves it to the next. */
let open: string | null = null;
async function press(who: DirectoryPerson): Promise<string> {
  const body = quarantineFile();
  const title = open ?? body.title;
  if (open === null) await world.submit(body);
  await world.until('the card is posted', () => world.chat.card(title));
  const before = world.chat.told(who).length;
  await world.chat.press(who, title, /^Approve/);
  const told = await world.until(`${who.displayName} is told`, () =>
    world.chat
      .told(who)
      .slice(before)
      .find((text) => !text.includes('Still checking')),
  );
  open = told.includes('Recorded') ? null : title;
  return told;
}

describe('an account that its owner connects', () => {
  it('decides nothing before and with the roles of its person after, and is written down', async () => {
    expect(await press(linda)).toContain('type /actions link to connect it');
    expect(await ask(linda, 'show A-01JD6Q00000000000000000001')).toContain('/actions link');
    const added = await recorded(async () => {
      const page = await signedIn(linda);
      expect(page.status).toBe(200);
      expect(page.text).toContain(`The Slack account ${userOf(linda)} of the workspace ${team} , which calls itself linda`);
      expect(await press(linda)).toContain('not connected');
      expect(await ask(linda, codeOn(page))).toContain('Linda Link');
    });
    const account = { teamId: team, userId: userOf(linda), entraId: linda.entraId };
    expect(added.filter(({ kind }) => kind === 'linked')).toMatchObject([{ actor_id: linda.entraId, data: account }]);
    expect(await press(linda)).toContain('Recorded');
  });

  it('is listed, renewed and removed by its owner, and counts no longer from that moment on', async () => {
    expect(await ask(nina, 'link list')).toContain('not connected');
    await connect(nina);
    await connect(nina);
    expect(await ask(nina, 'link list')).toContain('Nina Next');
    expect(await press(nina)).toContain('Recorded');
    const added = await recorded(async () => expect(await ask(nina, 'link remove')).toContain('Ended'));
    expect(added).toMatchObject([{ kind: 'unlinked', actor_id: nina.entraId, data: { userId: userOf(nina), by: 'themselves' } }]);
    expect(await press(nina)).toContain('not connected to a person yet');
    expect(await ask(nina, 'link remove')).toContain('no connection');
  });

  it('has to be renewed when its time is over', async () => {
    await connect(oscar);
    await record.query("update slack_links set valid_until = now() - interval '1 minute' where user_id = $1", [userOf(oscar)]);
    expect(await press(oscar)).toContain('has run out');
    expect(await ask(oscar, 'link list')).toContain('run out');
    await connect(oscar);
    expect(await press(oscar)).toContain('Recorded');
  });

  it('is listed and ended on the command line', async () => {
    await connect(paula);
    const env = { ...world.chat.env, ...graph.env, DATABASE_URL: databaseUrl, POLICY_FILE: 'policy.yaml', BACKEND: 'simulator' };
    const list = await run(['links', 'list'], { env });
    expect(list.out).toContain(`${team} ${userOf(paula)}: Paula Peer (${paula.upn})`);
    const added = await recorded(async () => expect((await run(['links', 'remove', team, userOf(paula)], { env })).code).toBe(0));
    expect(added).toMatchObject([{ kind: 'unlinked', actor_id: null, data: { userId: userOf(paula), by: 'operator' } }]);
    expect(await press(paula)).toContain('not connected');
  }, 30_000);

  it('can be connected when the bot is started anew between the address and the way back', async () => {
    const visitor = browser();
    const back = await visitor.signIn(await addressFor(quinn), quinn);
    await world.stopOne('bot');
    await world.add({ bot: true, worker: true });
    expect(await ask(quinn, codeOn(await visitor.open(back)))).toContain('Connected');
  });

  it('is no guest of the workspace', async () => {
    const added = await recorded(async () => expect(await ask(dave, 'link')).toContain('Only an enabled member'));
    expect(added).toMatchObject([{ kind: 'refused', data: { refusal: 'link', reason: 'guest', by: `slack:${team}/${userOf(dave)}` } }]);
  });

  it('keeps the link of a file, and says that only administrators can change it', async () => {
    expect(await ask(alice, 'link list')).toContain('A file of your Countersign administrators');
    expect(await press(alice)).toContain('Recorded');
  });
});

describe('a link that somebody else uses', () => {
  it('connects nobody when Mallory sends hers to Alice: the page says whose it is, and the code is not for Alice’s account', async () => {
    const page = await signedIn(mallory, rosa);
    expect(page.text).toContain(`The Slack account ${userOf(mallory)}`);
    const code = codeOn(page);
    const added = await recorded(async () => {
      expect(await ask(rosa, code)).toContain('belongs to another Slack account');
      // Even told to Mallory it is worth nothing now.
      expect(await ask(mallory, code)).toContain('No sign-in of yours waits');
    });
    expect(added).toEqual([refusedWith('foreign-code', rosa), refusedWith('nothing-waits', mallory)]);
    expect(added[0]?.data).toMatchObject({ owner: { userId: userOf(mallory) } });
    expect(await press(mallory)).toContain('not connected');
    expect(await press(rosa)).toContain('not connected');
  });

  it('is ended by "This was not me", and so is what came of it', async () => {
    const visitor = browser();
    const page = await visitor.through(await addressFor(mallory), rosa);
    const added = await recorded(async () => {
      expect((await visitor.deny(page)).text).toContain('nothing was connected');
      expect(await ask(mallory, codeOn(page))).toContain('No sign-in of yours waits');
      expect((await visitor.deny(page)).status).toBe(400);
    });
    expect(added).toEqual([refusedWith('denied', mallory), refusedWith('nothing-waits', mallory)]);
    expect(added[0]?.actor_id).toBe(rosa.entraId);
    const late = await visitor.through(await addressFor(mallory), rosa);
    expect(await ask(mallory, codeOn(late))).toContain('Connected');
    const ended = await recorded(async () => expect((await visitor.deny(late)).text).toContain('is ended'));
    expect(ended).toMatchObject([{ kind: 'unlinked', actor_id: rosa.entraId, data: { reason: 'denied' } }]);
    expect(await press(mallory)).toContain('not connected');
  });

  it('does not take a person from the account that is connected already', async () => {
    await connect(rosa);
    const added = await recorded(async () => {
      expect((await signedIn(mallory, rosa)).text).toContain('another Slack account of this workspace already');
      expect((await signedIn(mallory, alice)).text).toContain('another Slack account of this workspace already');
      expect((await signedIn(rosa, mallory)).text).toContain('connected to somebody else already');
    });
    expect(added).toEqual([refusedWith('person-taken', mallory), refusedWith('person-taken', mallory), refusedWith('account-taken', rosa)]);
    expect(await press(rosa)).toContain('Recorded');
    expect(await press(mallory)).toContain('not connected');
  });

  it('does not take a person who was connected while the code was waiting', async () => {
    const page = await signedIn(mallory, tom);
    await connect(tom);
    const added = await recorded(async () => expect(await ask(mallory, codeOn(page))).toContain('another Slack account'));
    expect(added).toEqual([refusedWith('person-taken', mallory)]);
    expect(await press(tom)).toContain('Recorded');
  });

  it('works in the browser alone that began', async () => {
    const back = await browser().signIn(await addressFor(mallory), uma);
    const added = await recorded(async () => {
      expect((await browser().open(back)).text).toContain('in another browser');
      const other = browser();
      await other.signIn(await addressFor(walt), walt);
      const swapped = new URL(await browser().signIn(await addressFor(mallory), mallory));
      const url = new URL(await other.signIn(await addressFor(walt), walt));
      url.searchParams.set('code', swapped.searchParams.get('code') ?? '');
      expect((await other.open(url.href)).text).toContain('does not fit');
    });
    expect(added).toEqual([refusedWith('other-browser', mallory), refusedWith('code-not-taken', walt)]);
  });
});

describe('what comes back from a sign-in and is not believed', () => {
  it('an address used before', async () => {
    const visitor = browser();
    const address = await addressFor(uma);
    const back = await visitor.signIn(address, uma);
    expect(codeOn(await visitor.open(back))).toMatch(/^link /);
    const added = await recorded(async () => {
      expect((await visitor.open(back)).text).toContain('was used already');
      expect((await visitor.open(address)).text).toContain('not one that works');
    });
    expect(added).toEqual([refusedWith('used-address', uma)]);
  });

  it('an address whose time is over, and one that was never handed out', async () => {
    const visitor = browser();
    const address = await addressFor(uma);
    const back = await visitor.signIn(address, uma);
    await record.query("update sign_in_attempts set expires_at = now() - interval '1 second' where standing = 'open'");
    const made = back.replace(/state=[\w-]{43}/, `state=${'A'.repeat(43)}`);
    const added = await recorded(async () => {
      expect((await visitor.open(address)).status).toBe(400);
      expect((await visitor.open(back)).text).toContain('time of this address is over');
      expect((await visitor.open(made)).text).toContain('not one that works');
    });
    expect(added).toEqual([refusedWith('expired-address', uma), refusedWith('unknown-address')]);
  });

  it.each<[string, IdTokenSpoil]>([
    ['wrong-tenant', { tid: '99999999-2222-4333-8444-555555555555' }],
    ['wrong-issuer', { iss: 'https://login.example/11111111-2222-4333-8444-555555555555/v2.0' }],
    ['wrong-nonce', { nonce: 'another' }],
    ['wrong-audience', { aud: '0b0b0b0b-1111-4222-8333-444444444444' }],
    ['wrong-signature', { key: 'foreign' }],
    ['outdated-token', { expiresInSeconds: -600 }],
  ])('a token with the fault %s', async (reason, spoil) => {
    const added = await recorded(async () => {
      const page = await signedIn(uma, uma, spoil);
      expect(page.status).toBe(400);
      expect(page.text).toContain('not believed');
    });
    expect(added).toEqual([refusedWith(reason, uma)]);
  });

  it('a guest, and somebody whose account is disabled before the code is typed', async () => {
    const added = await recorded(async () => {
      expect((await signedIn(nina, dave)).text).toContain('Only an enabled member');
      const page = await signedIn(nina, walt);
      graph.entra.change(walt.entraId, { accountEnabled: false });
      expect(await ask(nina, codeOn(page))).toContain('Only an enabled member');
      graph.entra.change(walt.entraId, { accountEnabled: true });
      expect(await ask(nina, codeOn(page))).toContain('No sign-in of yours waits');
    });
    expect(added).toEqual([refusedWith('no-member', nina), refusedWith('disabled-person', nina), refusedWith('nothing-waits', nina)]);
  });

  it('a sign-in that was broken off', async () => {
    const address = await addressFor(uma);
    const state = new URL(address).searchParams.get('state');
    const added = await recorded(async () => {
      const page = await browser().open(`${publicUrl}/link/callback?state=${state}&error=access_denied&error_description=%3Cb%3E`);
      expect(page.text).toContain('was not completed');
      expect(page.body).not.toContain('<b>');
    });
    expect(added).toEqual([refusedWith('declined', uma)]);
  });

  it.each(['http500', 'garbage', 'empty', 'reset', 'hang'] as const)(
    'nothing at all, because the login service is in trouble: %s',
    async (kind) => {
      const visitor = browser();
      const back = await visitor.signIn(await addressFor(stella), stella);
      graph.entra.faults.add({ route: 'token', kind, times: 1 });
      const added = await recorded(async () => expect((await visitor.open(back)).status).toBe(kind === 'empty' ? 400 : 503));
      expect(added).toEqual([refusedWith(kind === 'empty' ? 'no-id-token' : 'no-answer', stella)]);
    },
  );

  it('nobody, while the directory gives no answer; a code that was shown already stays good', async () => {
    const page = await signedIn(stella);
    const visitor = browser();
    const back = await visitor.signIn(await addressFor(stella), stella);
    graph.entra.faults.add({ route: 'user', kind: 'http500' });
    const added = await recorded(async () => expect((await visitor.open(back)).text).toContain('did not answer'));
    expect(added).toEqual([refusedWith('no-answer', stella)]);
    expect(await ask(stella, codeOn(page))).toContain('stays good');
    graph.entra.faults.clear();
    expect(await ask(stella, codeOn(page))).toContain('Connected');
  });
});

describe('codes', () => {
  it('may be typed wrong four times, and not a fifth', async () => {
    const page = await signedIn(walt);
    const wrong = codeOn(page).endsWith('0000') ? 'link 1111-1111' : 'link 0000-0000';
    const added = await recorded(async () => {
      for (const left of [4, 3, 2, 1]) expect(await ask(walt, wrong)).toContain(`${left} ${left === 1 ? 'try is' : 'tries are'} left`);
      expect(await ask(walt, wrong)).toContain('last try');
      expect(await ask(walt, wrong)).toContain('No sign-in of yours waits');
      expect(await ask(walt, codeOn(page))).toContain('No sign-in of yours waits');
    });
    expect(added).toEqual([...Array(5).fill(refusedWith('wrong-code', walt)), ...Array(2).fill(refusedWith('nothing-waits', walt))]);
    expect(await press(walt)).toContain('not connected');
  });

  it('are read as people write them', async () => {
    const code = codeOn(await signedIn(walt)).replace('link ', '');
    expect(await ask(walt, `link ${code.toLowerCase().replace('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')}`)).toContain(
      'Connected',
    );
  });
});

it('the pages run nothing, load nothing, are not kept, and show a hostile name letter by letter', async () => {
  const page = await signedIn(uma, villain);
  expect(page.text).toContain(hostile);
  expect(page.body).not.toMatch(/<(img|script|iframe|link|base)\b/);
  expect(page.headers.get('content-security-policy')).toMatch(
    /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'; frame-ancestors 'none'/,
  );
  expect(page.headers.get('cache-control')).toBe('no-store');
  expect(page.headers.get('referrer-policy')).toBe('no-referrer');
  expect((await browser().open(`${publicUrl}/link/deny`)).status).toBe(405);
  expect((await browser().open(`${publicUrl}/link/else`)).status).toBe(404);
});

it('nobody is in the record as linked who is not, and no secret is in the log or the record', async () => {
  const said = [...world.logLines, JSON.stringify((await record.query('select * from audit_events')).rows)].join('\n');
  expect(said).not.toMatch(/state=|eyJ|entra-client-secret|link [0-9A-Z]{4}-[0-9A-Z]{4}/);
  const { rows } = await record.query<{ user_id: string; entra_id: string }>('select user_id, entra_id from slack_links');
  for (const { user_id: userId, entra_id: entraId } of rows) {
    expect(newcomers.find((one) => userOf(one) === userId)?.entraId).toBe(EntraId.parse(entraId));
  }
  expect(graph.entra.problems).toEqual([]);
  expect(world.chat.problems()).toEqual([]);
});
