/**
 * Who may do what, through the doors: every set of roles, every workload, every verb, on each platform, against the table of Microsoft's pages as
 * it is written down here a second time, not read from the code under test.
 */
import { writeFile } from 'node:fs/promises';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { announce, parseSubmission } from '../../src/action-center/announce.ts';
import { loadPolicy } from '../../src/identity/policy.ts';
import { newActionId, sha256 } from '../../src/ids.ts';
import { actionStore } from '../../src/store/actions.ts';
import { openDatabase } from '../../src/store/database.ts';
import { type Engine, openEngine } from '../../src/store/engine.ts';
import { aDecision } from '../setup/builders.ts';
import { freshDatabase, freshPrefix } from '../setup/fresh.ts';
import { isolateDevice, softDeleteEmail } from './actions.ts';
import type { CardCopy } from './chat-world.ts';
import { type DirectoryPerson, person } from './people.ts';
import { platforms } from './platforms.ts';
import { openWorld, type World } from './world.ts';

const roles = [
  'GlobalAdministrator',
  'SecurityAdministrator',
  'SecurityOperator',
  'SecurityReader',
  'GlobalReader',
  'ActiveRemediationActions',
  'SearchAndPurge',
  'UrbacResponseManage',
  'UrbacEmailMetadataRead',
  'UrbacEmailAdvancedActionsManage',
  'ExchangeSecurityAdministrator',
] as const;
type Held = ReadonlySet<string>;
type Workload = 'device' | 'email' | 'identity';
const workloads: readonly Workload[] = ['device', 'email', 'identity'];

const any = (held: Held, ...names: string[]) => names.some((name) => held.has(name));
const all = (held: Held, ...names: string[]) => names.every((name) => held.has(name));

/** "Required permissions for Action center tasks", one line of the page after the other. */
const decides: Record<Workload, (held: Held) => boolean> = {
  device: (held) => any(held, 'GlobalAdministrator', 'SecurityAdministrator', 'ActiveRemediationActions', 'UrbacResponseManage'),
  email: (held) =>
    any(held, 'GlobalAdministrator') ||
    all(held, 'SecurityAdministrator', 'SearchAndPurge') ||
    all(held, 'UrbacEmailMetadataRead', 'UrbacEmailAdvancedActionsManage') ||
    // The Email & collaboration role group does not open the Action center by itself.
    (all(held, 'ExchangeSecurityAdministrator', 'SearchAndPurge') && any(held, 'SecurityReader', 'GlobalReader', 'SecurityOperator')),
  identity: (held) => any(held, 'GlobalAdministrator', 'SecurityAdministrator', 'UrbacResponseManage'),
};
/** "Only Security Administrators and higher", and moving mail back is moving mail. */
const undoes: Record<Workload, (held: Held) => boolean> = {
  device: (held) => any(held, 'GlobalAdministrator', 'SecurityAdministrator'),
  email: (held) => any(held, 'GlobalAdministrator') || all(held, 'SecurityAdministrator', 'SearchAndPurge'),
  identity: (held) => any(held, 'GlobalAdministrator', 'SecurityAdministrator'),
};
const readsEverything = (held: Held) =>
  any(held, 'GlobalAdministrator', 'SecurityAdministrator', 'SecurityOperator', 'SecurityReader', 'GlobalReader');
/** Who may decide an action may read that one. */
const views = (workload: Workload, held: Held) => readsEverything(held) || decides[workload](held);

const everySet: Held[] = Array.from({ length: 2 ** roles.length }, (_, bits) => new Set(roles.filter((_role, at) => bits & (1 << at))));

/** Nobody, everybody, each role alone, each line of the pages, and each line without one of its roles. */
const lines: string[][] = [
  ['SecurityAdministrator', 'SearchAndPurge'],
  ['UrbacEmailMetadataRead', 'UrbacEmailAdvancedActionsManage'],
  ...['SecurityReader', 'GlobalReader', 'SecurityOperator'].map((reader) => ['ExchangeSecurityAdministrator', 'SearchAndPurge', reader]),
];
const lesser = lines.filter(({ length }) => length > 2).flatMap((line) => line.map((_, at) => line.toSpliced(at, 1)));
const tellingSets: Held[] = [[], [...roles], roles.slice(1), ...roles.map((role) => [role]), ...lines, ...lesser].map(
  (set) => new Set(set),
);

/** They stand for every set of roles in turn: Slack lets nobody ask for 2,000 profiles a minute. */
const crew: DirectoryPerson[] = Array.from({ length: 40 }, (_, index) => {
  const number = String(index).padStart(2, '0');
  return { ...person(`Crew${number} Member`, []), entraId: `00000000-0000-4000-8000-0000000000${number}` };
});
/** Tells when the directory's newest file is in force. */
const herald = person('Hera Herald', []);

const submissions: Record<Workload, () => object> = {
  device: () => isolateDevice(),
  email: () => softDeleteEmail(),
  identity: () => ({
    ...softDeleteEmail({ type: 'disableUser', source: 'manualDeviceAction' }),
    entities: [{ type: 'user', upn: 'kim@contoso.example' }],
  }),
};

type Shown = { id: string; title: string; copy: CardCopy };
type Case = { who: DirectoryPerson; held: Held };

describe.each(platforms)('every set of roles in $name', ({ open }) => {
  let world: World;
  let engine: Engine;
  let addOne: (workload: Workload) => Promise<string>;
  const shown = {} as Record<Workload, Shown>;
  const completed = {} as Record<Workload, Shown>;

  beforeAll(async () => {
    const databaseUrl = await freshDatabase();
    const chat = await open([...crew, herald]);
    world = await openWorld({
      chat,
      services: { databaseUrl, redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() },
      directory: [...crew, herald],
    });
    await world.add({ bot: true, worker: false });
    engine = await openEngine({ databaseUrl }, { onError: () => {} });
    addOne = adder(engine, world.policyFile);
    for (const workload of workloads) {
      shown[workload] = await raise(workload);
      const { id, title } = await raise(workload);
      await complete(engine, id);
      await world.until('the card says completed', () => world.chat.card(title)?.includes('Approved and completed'));
      completed[workload] = { id, title, copy: world.chat.remember(title) };
    }
  });
  afterAll(async () => {
    await engine.close();
    await world.close();
  });

  async function raise(workload: Workload): Promise<Shown> {
    const body = submissions[workload]() as { title: string };
    const { id } = (await world.submit(body)).body;
    await world.until('the card is posted', () => world.chat.card(body.title));
    return { id, title: body.title, copy: world.chat.remember(body.title) };
  }

  let heraldDecides = false;
  /** Each of the crew holds the next set; effective when the herald's own role is. */
  async function appoint(sets: readonly Held[]): Promise<Case[]> {
    const cases = crew.flatMap((who, index) => {
      const held = sets[index];
      return held ? [{ who, held }] : [];
    });
    heraldDecides = !heraldDecides;
    const marked = heraldDecides ? ['SecurityAdministrator'] : [];
    const listed = [...cases.map(({ who, held }) => ({ ...who, roles: [...held] })), { ...herald, roles: marked }];
    await writeFile(world.directoryFile, JSON.stringify({ people: listed }));
    await world.until('the new roles are in force', async () => (await approves(herald, 'device')) === heraldDecides);
    return cases;
  }

  /** What of the two the person is told, whatever else is said to them meanwhile. */
  async function hear(who: DirectoryPerson, act: () => Promise<unknown>, { yes, no }: { yes: RegExp; no: RegExp }): Promise<boolean> {
    await world.chat.closeDialog(who);
    const before = world.chat.told(who).length;
    await act();
    const text = await world.until(`${who.displayName} is told`, () =>
      [...world.chat.told(who, before), world.chat.dialog(who) ?? ''].find((one) => yes.test(one) || no.test(one)),
    );
    return yes.test(text);
  }

  /** The same card, but of another action with the same scope. */
  function cardOf({ copy, id: original }: Shown, id: string): CardCopy {
    return { title: copy.title, message: JSON.parse(JSON.stringify(copy.message).replaceAll(original, id)) };
  }

  async function approves(who: DirectoryPerson, workload: Workload): Promise<boolean> {
    const older = cardOf(shown[workload], await addOne(workload));
    const act = () => world.chat.press(who, shown[workload].title, /^Approve/, { older });
    return hear(who, act, { yes: /Recorded: you approved/, no: /To approve this you also need .*decided nothing/s });
  }

  async function rejects(who: DirectoryPerson, workload: Workload): Promise<boolean> {
    const older = cardOf(shown[workload], await addOne(workload));
    const act = () => world.chat.reject(who, shown[workload].title, 'a known tool', { older });
    return hear(who, act, { yes: /Recorded: you rejected/, no: /To reject this you also need .*decided nothing/s });
  }

  async function takesBack(who: DirectoryPerson, workload: Workload): Promise<boolean> {
    const id = await addOne(workload);
    await complete(engine, id);
    const older = cardOf(completed[workload], id);
    const act = () => world.chat.press(who, completed[workload].title, /^(Undo|Yes, undo it)$/, { older });
    return hear(who, act, { yes: /Recorded: you asked to undo/, no: /To undo this you also need .*decided nothing/s });
  }

  const looksAt = (who: DirectoryPerson, workload: Workload): Promise<boolean> => {
    const { id, title } = shown[workload];
    return hear(who, () => world.chat.command(who, `show ${id}`, { inPerson: true }), {
      yes: new RegExp(title),
      no: /To look actions up you need/,
    });
  };

  type Asks = { verb: string; may: typeof approves; expected: (workload: Workload, held: Held) => boolean };
  const asks: Record<'approve' | 'reject' | 'undo' | 'view', Asks> = {
    approve: { verb: 'approve', may: approves, expected: (workload, held) => decides[workload](held) },
    reject: { verb: 'reject', may: rejects, expected: (workload, held) => decides[workload](held) },
    undo: { verb: 'undo', may: takesBack, expected: (workload, held) => undoes[workload](held) },
    view: { verb: 'view', may: looksAt, expected: views },
  };

  async function askAll({ who, held }: Case, { verb, may, expected }: Asks): Promise<string[]> {
    const wrong: string[] = [];
    for (const workload of workloads) {
      const allowed = await may(who, workload);
      if (allowed !== expected(workload, held)) wrong.push(`${verb} ${workload}: ${allowed} with ${[...held].join('+') || 'no role'}`);
    }
    return wrong;
  }

  async function askEverybody(sets: readonly Held[], ask: Asks): Promise<void> {
    for (let start = 0; start < sets.length; start += crew.length) {
      const cases = await appoint(sets.slice(start, start + crew.length));
      const wrong = await Promise.all(cases.map((one) => askAll(one, ask)));
      expect(wrong.flat()).toEqual([]);
    }
  }

  it('approves what the pages say, and nothing else', { timeout: 300_000 }, async () => {
    expect(everySet).toHaveLength(2048);
    // Deciding is the same flow on both: each set through one door or the other, and every telling one through both.
    const half = everySet.filter((_, index) => index % 2 === (world.chat.platform === 'slack' ? 0 : 1));
    await askEverybody([...half, ...tellingSets], asks.approve);
  });

  // The platforms allow few dialogs and private messages a minute; test/action-center/permissions.test.ts has every set for every verb.
  it.each(['reject', 'undo', 'view'] as const)('may %s what the pages say, and nothing else', { timeout: 120_000 }, async (verb) => {
    await askEverybody(tellingSets, asks[verb]);
  });
});

/** As if it had been carried out: no backend takes part here. */
async function complete(engine: Engine, id: string): Promise<void> {
  const at = new Date().toISOString();
  const decision = JSON.stringify(aDecision({ decidedAt: at }));
  const outcome = JSON.stringify({ status: 'completed', at, message: null, externalRef: null });
  const db = openDatabase(engine.pool);
  await sql`update actions set status = 'completed', version = 2, decision = ${decision}::jsonb, approvals = jsonb_build_array(${decision}::jsonb),
    outcome = ${outcome}::jsonb where id = ${id}`.execute(db);
  await sql`update cards set wanted_version = 2 where action_id = ${id}`.execute(db);
}

/** Puts actions into the record that no card is posted for: the platforms allow a card a second. */
function adder(engine: Engine, policyFile: string): (workload: Workload) => Promise<string> {
  const policy = { ...loadPolicy(policyFile), routesFor: () => [] };
  const store = actionStore(openDatabase(engine.pool), 'default');
  const deps = { store, policy, tenantId: 'default', now: () => new Date(), sha256, newActionId, poke: () => {} };
  return async (workload) => {
    const parsed = parseSubmission(submissions[workload]());
    if ('issues' in parsed) throw new Error(JSON.stringify(parsed.issues));
    const announced = await announce(deps, parsed.intake);
    if (announced.kind !== 'accepted') throw new Error(`the action was not accepted: ${announced.kind}`);
    return announced.action.id;
  };
}
