/** Look-ups of the History and Pending tabs from chat, on both platforms from one body. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ActionSource, ActionStatus, ActionType, Severity } from '../../src/action-center/action.ts';
import { catalogue, entityLabels, sourceLabels, statusLabels } from '../../src/action-center/catalogue.ts';
import { Column, columnLabels, decisionLabels } from '../../src/action-center/history.ts';
import { freshDatabase, freshPrefix } from '../setup/fresh.ts';
import { eventsIn } from '../setup/record.ts';
import { quarantineFile } from './actions.ts';
import { type PastAction, putPastActions } from './past-actions.ts';
import { alice, bob, carol, type DirectoryPerson, dave, erin } from './people.ts';
import { platforms } from './platforms.ts';
import { type PrivateAnswers, privateAnswersIn } from './private-answers.ts';
import { openWorld, type World } from './world.ts';

type Past = PastAction & { status: ActionStatus; type: ActionType; source: ActionSource; hoursAgo: number; entity: string };

const sha256 = '9b74c9897bac770ffc029102a200c5de64a1b2c3d4e5f60718293a4b5c6d7e8f';
const entities = [
  { type: 'device', name: 'wks-0001.contoso.example' },
  { type: 'file', sha256, name: 'invoice.exe' },
  { type: 'process', processId: 4, fileName: 'evil.exe' },
  { type: 'registryKey', key: 'HKEY_LOCAL_MACHINE\\Software\\Run' },
  { type: 'service', name: 'spooler' },
  { type: 'driver', name: 'bad.sys' },
  { type: 'scheduledTask', name: 'updater' },
  { type: 'user', upn: 'kim@contoso.example' },
  { type: 'mailbox', address: 'kim@contoso.example' },
  { type: 'email', networkMessageId: '3f1d7c1e-52b0-4a44-9a53-08dd6f0d2f10', recipient: 'kim@contoso.example' },
  { type: 'emailCluster', name: 'Invoices', networkMessageIds: ['3f1d7c1e-52b0-4a44-9a53-08dd6f0d2f10'] },
  { type: 'url', url: 'https://evil.example/a' },
  { type: 'ip', ip: '203.0.113.7' },
] as const;
const open: readonly ActionStatus[] = ['pending', 'awaitingSecondApproval'];
const nobody: readonly ActionStatus[] = ['expired', 'superseded', 'decidedElsewhere'];
const hours = { day: 12, week: 100, '30d': 500, '6m': 3000, longAgo: 9000 };

/** One action of every type, with everything else in turn: each value of each filter is there, and none of them everywhere. */
const past: Past[] = ActionType.options.map((type, index) => {
  const pick = <T>(values: readonly T[]): T => values[index % values.length] as T;
  const entity = pick(entities);
  return {
    title: `T${String(index).padStart(2, '0')}x`,
    type,
    entity: entity.type,
    source: pick(ActionSource.options),
    severity: pick(Severity.options),
    status: pick(ActionStatus.options),
    entities: [entity as never],
    asset: `HOST-${String(index % 7)}`,
    details: `Detail ${index % 5} of wacatac.b`,
    investigationId: String(53_000 + (index % 6)),
    verb: pick(['approve', 'reject', 'undo', 'cancel'] as const),
    platform: pick(['slack', 'teams', 'cli'] as const),
    by: pick([
      { entraId: alice.entraId, upn: alice.upn, displayName: alice.displayName },
      { entraId: erin.entraId, upn: erin.upn, displayName: erin.displayName },
    ]),
    decisionId: `D-${String(900 - index)}`,
    hoursAgo: pick(Object.values(hours)) + index / 100,
  };
});
const closed = past.filter(({ status }) => !open.includes(status));
const isDecided = ({ status }: Past) => !open.includes(status) && !nobody.includes(status);
const words = { approve: 'approved', reject: 'rejected', undo: 'undone', cancel: 'cancelled' } as const;
const decisionOf = (one: Past) => (isDecided(one) ? words[one.verb ?? 'approve'] : 'automation');

/** What the seeds' pages offer, the seed it is read in (its file's number), the command, and what has to be found. */
type Case = [what: string, seed: string, text: string, fits: (one: Past) => boolean];
const quoted = (text: string) => `"${text}"`;
const cases: Case[] = [
  ['time period: past day', '001', 'day', ({ hoursAgo }) => hoursAgo < 24],
  ['time period: past week', '001', 'week', ({ hoursAgo }) => hoursAgo < 168],
  ['time period: past 30 days', '001', '30d', ({ hoursAgo }) => hoursAgo < 720],
  ['time period: past 6 months', '001', '6m', ({ hoursAgo }) => hoursAgo < 4320],
  ['time period: none', '001', 'period:any', () => true],
  ...ActionType.options.map(
    (type): Case => [`filter: action type ${type}`, '000', `period:any type:${quoted(catalogue[type].label)}`, (one) => one.type === type],
  ),
  ...ActionSource.options.map(
    (source): Case => [
      `filter: action source ${source}`,
      '000',
      `period:any source:${quoted(sourceLabels[source])}`,
      (one) => one.source === source,
    ],
  ),
  ...ActionStatus.options
    .filter((status) => !open.includes(status))
    .map(
      (status): Case => [
        `filter: status ${status}`,
        '001',
        `period:any status:${quoted(statusLabels[status])}`,
        (one) => one.status === status,
      ],
    ),
  ...entities.map(
    ({ type }): Case => [
      `filter: entity type ${type}`,
      '001',
      `period:any entity:${quoted(entityLabels[type])}`,
      (one) => one.entity === type,
    ],
  ),
  ...(['approved', 'rejected', 'undone', 'cancelled', 'automation'] as const).map(
    (word): Case => [`filter: decision ${word}`, '002', `period:any decision:${decisionLabels[word]}`, (one) => decisionOf(one) === word],
  ),
  ...Severity.options.map(
    (severity): Case => [`filter: severity ${severity}`, '002', `period:any severity:${severity}`, (one) => one.severity === severity],
  ),
  ...(['slack', 'teams', 'cli'] as const).map(
    (platform): Case => [
      `filter: decided in ${platform}`,
      '002',
      `period:any platform:${platform}`,
      (one) => isDecided(one) && one.platform === platform,
    ],
  ),
  ['filter: asset', '001', 'period:any asset:host-3', (one) => one.asset === 'HOST-3'],
  ['filter: beginning of an asset', '001', 'period:any device:wks-00*', (one) => one.entity === 'device'],
  ['filter: decided by a name', '001', `period:any by:${quoted('Erin Evans')}`, (one) => isDecided(one) && one.by?.upn === erin.upn],
  ['filter: decided by a sign-in name', '001', `period:any by:${alice.upn}`, (one) => isDecided(one) && one.by?.upn === alice.upn],
  ['filter: decided by me', '001', 'period:any mine', (one) => isDecided(one) && one.by?.upn === alice.upn],
  ['filter: decided by automation', '001', 'period:any by:automation', (one) => decisionOf(one) === 'automation'],
  ['filter: investigation', '004', 'period:any investigation:53002', (one) => one.investigationId === '53002'],
  ['free words', '002', 'period:any wacatac.b invoice', (one) => ['file', 'emailCluster'].includes(one.entity)],
  [
    'several filters at once',
    '002',
    'period:any severity:informational,medium decision:approved',
    (one) => ['informational', 'medium'].includes(one.severity ?? '') && decisionOf(one) === 'approved',
  ],
];

const titlesIn = (answer: string): string[] => [...answer.matchAll(/^\d+\. (T\d\dx)$/gm)].map(([, title = '']) => title);

describe.each(platforms)('look-ups in $name', ({ open: openPlatform }) => {
  let world: World;
  let answers: PrivateAnswers;
  let databaseUrl: string;

  beforeAll(async () => {
    databaseUrl = await freshDatabase();
    const chat = await openPlatform();
    world = await openWorld({
      chat,
      policy: `${chat.policy}visibility: { historyInChannel: everyone }\n`,
      services: { databaseUrl, redisUrl: inject('redisUrl'), queuePrefix: freshPrefix() },
    });
    answers = privateAnswersIn(world.chat);
    await world.add({ bot: true, worker: true });
    await putPastActions(databaseUrl, 'default', past);
    await typed(alice, 'history in:all');
  });
  afterAll(() => world.close());

  /** As somebody types it. */
  async function typed(who: DirectoryPerson, text: string): Promise<string> {
    const before = world.chat.told(who).length;
    await world.chat.command(who, text);
    return world.until(`${who.displayName} is answered`, () => world.chat.told(who).slice(before).join('\n'));
  }
  async function asked(who: DirectoryPerson, text: string): Promise<string> {
    const before = answers.latest(who);
    const { length } = world.chat.told(who);
    await answers.ask(who, text);
    return world.until('an answer', () => {
      const now = answers.latest(who);
      return (world.chat.told(who).length > length || now !== before) && now;
    });
  }
  /** What stands there once it is another one. */
  async function changed(who: DirectoryPerson, act: () => Promise<void>): Promise<string> {
    const before = answers.latest(who);
    await act();
    return world.until('another answer', () => answers.latest(who) !== before && answers.latest(who));
  }

  it.each(cases)('%s (seed %s): history %s', async (_what, _seed, text, fits) => {
    // Some types are only among what is still open.
    const tab = closed.some(fits) ? 'history' : 'pending';
    const wanted = (tab === 'history' ? closed : past).filter(fits).map(({ title }) => title);
    expect(wanted.length).toBeGreaterThan(0);
    const answer = await asked(alice, `${tab} in:all page-size:49 columns:status,type ${text}`);
    expect(titlesIn(answer).sort()).toEqual(wanted.sort());
    expect(answer).toContain(`${wanted.length} action`);
  });

  it.each(['pending', 'awaitingSecondApproval'] as const)('pending (seed 000) shows what is %s, with the same filters', async (status) => {
    const wanted = past.filter((one) => one.status === status).map(({ title }) => title);
    expect(titlesIn(await asked(alice, `pending in:all status:${status}`)).sort()).toEqual(wanted.sort());
  });

  const cellOf: Record<Column, (one: Past) => string> = {
    updated: ({ hoursAgo }) => new Date(Date.now() - hoursAgo * 3_600_000).toISOString().slice(0, 10),
    investigation: ({ investigationId }) => investigationId ?? '',
    approval: (one) => (isDecided(one) ? (one.decisionId ?? '') : 'none'),
    type: ({ type }) => catalogue[type].label,
    details: ({ details }) => details ?? '',
    entity: ({ entity }) => entityLabels[entity as keyof typeof entityLabels],
    asset: ({ asset }) => asset ?? '',
    decision: (one) => decisionLabels[decisionOf(one)],
    by: (one) => (isDecided(one) ? (one.by?.displayName ?? '') : 'Automation'),
    source: ({ source }) => sourceLabels[source],
    status: ({ status }) => statusLabels[status],
  };
  it.each(Column.options.map((column) => [columnLabels[column], column] as const))(
    'column %s (seeds 001 and 002) is shown when it is chosen',
    async (label, column) => {
      const answer = await asked(alice, `history in:all period:any columns:${column} wacatac.b page-size:3`);
      const [one] = closed.filter(({ title }) => title === titlesIn(answer)[0]);
      if (!one) throw new Error('no row');
      // In the reader's own time.
      const told = column === 'updated' ? new RegExp(`${label}: (?:\\{\\{DATE\\(|<!date\\^\\d+\\^[^|]*\\|)20\\d\\d-`) : null;
      if (told) expect(answer).toMatch(told);
      else expect(answer).toContain(`${label}: ${cellOf[column](one)}`);
    },
  );

  /** What is shown by a label of the portal is sorted by its name in the record. */
  const keyOf = (column: Column, one: Past): string => {
    if (column === 'updated') return (100_000 - one.hoursAgo).toFixed(4).padStart(12, '0');
    if (column === 'status' || column === 'source' || column === 'entity') return one[column];
    if (column === 'decision') return decisionOf(one);
    const text = cellOf[column](one);
    return column === 'approval' && text === 'none' ? '' : text.toLowerCase();
  };
  it.each(Column.options.flatMap((column) => [[column, false] as const, [column, true] as const]))(
    'sort by %s, descending: %s (seed 001)',
    async (column, descending) => {
      const answer = await asked(alice, `history in:all period:any page-size:50 columns:${column} sort:${descending ? '-' : ''}${column}`);
      const shown = titlesIn(answer).map((title) => closed.find((one) => one.title === title));
      expect(shown).toHaveLength(closed.length);
      const keys = shown.map((one) => (one ? keyOf(column, one) : 'unknown'));
      const sorted = keys.toSorted();
      expect(keys).toEqual(descending ? sorted.toReversed() : sorted);
    },
  );

  it.each([1, 7, 25, 50])('page size %s (seed 001), and every page forward and back again', async (size) => {
    let answer = await asked(alice, `history in:all period:any page-size:${size} columns:type`);
    const pages = [titlesIn(answer)];
    for (let turn = 0; answer.includes('Next Page') && turn < 4; turn += 1) {
      answer = await changed(alice, () => answers.press(alice, 'Next Page'));
      pages.push(titlesIn(answer));
    }
    const wanted = closed.toSorted((a, b) => a.hoursAgo - b.hoursAgo).map(({ title }) => title);
    expect(pages.flat()).toEqual(wanted.slice(0, pages.flat().length));
    expect(pages[0]).toHaveLength(Math.min(size, closed.length));
    for (const page of pages.toReversed().slice(1)) {
      answer = await changed(alice, () => answers.press(alice, 'Previous Page'));
      expect(titlesIn(answer)).toEqual(page);
    }
  });

  it('a menu on the answer sets one filter, and the answer is replaced', async () => {
    await asked(alice, 'history in:all period:any');
    const before = answers.count(alice);
    const failed = await changed(alice, () => answers.pick(alice, 'Status', 'Failed'));
    expect(titlesIn(failed).sort()).toEqual(
      closed
        .filter(({ status }) => status === 'failed')
        .map(({ title }) => title)
        .sort(),
    );
    const recent = await changed(alice, () => answers.pick(alice, 'Period', 'Past day'));
    expect(recent).toContain('Past day');
    expect(recent).toMatch(/Status:\s+Failed/);
    expect(answers.count(alice)).toBe(before);
  });

  it('a row opens as the whole action, with its story, in private', async () => {
    await asked(alice, 'history in:all period:any status:completed by:"Alice Adams"');
    const { length } = world.chat.told(alice);
    const [title = ''] = titlesIn(answers.latest(alice));
    await answers.press(alice, 'Show 1');
    const told = await world.until('the action', () => {
      const all = world.chat.told(alice).slice(length).join('\n');
      return all.includes('Action A-') && /What happened|Nobody decided/.test(all) && all;
    });
    expect(told).toContain(title);
  });

  it('a mistake is named with what was understood, and the corrected command is pressed', async () => {
    const answer = await typed(alice, 'history period:any in:all stauts:failed type:"isolate devise"');
    expect(answer).toContain('did you mean status?');
    expect(answer).toContain('did you mean isolateDevice?');
    expect(answer).toContain('period:any in:all type:isolateDevice status:failed');
    const run = await changed(alice, () => answers.press(alice, 'Run Corrected'));
    expect(run).toMatch(/Status:\s+Failed/);
    expect(run).toContain('Nothing fits.');
    const wider = await changed(alice, () => answers.press(alice, 'Without Filters'));
    expect(titlesIn(wider).length).toBe(10);
  });

  it('asks for this conversation when nothing else is said', async () => {
    const body = quarantineFile();
    await world.submit(body);
    await world.until('the card', () => world.chat.card(body.title));
    const here = await asked(alice, 'pending');
    expect(here).toContain(body.title);
    expect(titlesIn(here)).toEqual([]);
    expect(here).toContain('with a card in this conversation');
  });

  it('a default of one’s own is kept, used, and taken back', async () => {
    await asked(alice, 'history in:all period:any status:expired columns:status page-size:5');
    const { length } = world.chat.told(alice);
    await answers.press(alice, 'Save as My Default');
    await world.until('it is kept', () => world.chat.told(alice).slice(length).join('\n').includes('Kept:'));
    const own = await typed(alice, 'history');
    expect(own).toContain('This is your saved default.');
    expect(own).toMatch(/Status:\s+Expired/);
    expect(await typed(carol, 'history in:all')).not.toContain('saved default');
    expect(await typed(alice, 'history reset')).toContain('Your default is gone');
    expect(await typed(alice, 'history')).not.toContain('saved default');
  });

  it.each([
    ['somebody who may only decide', bob, 'history in:all', /you need Security Reader/],
    ['a guest', dave, 'pending in:all', /Guest accounts cannot/],
  ])('%s is told nothing', async (_what, who, text, refusal) => {
    const answer = await typed(who, text);
    expect(answer).toMatch(refusal);
    expect(titlesIn(answer)).toEqual([]);
  });

  it('shows hostile texts as they are, and breaks no rule of the platform with the longest of them', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: what a card template would expand
    const nasty = '<!channel> *b* [x](https://evil.example) <at>all</at> ${title} {{DATE(1)}} "\\\u202e';
    const long = Array.from({ length: 50 }, (_, index) => ({
      title: `hostile ${nasty} ${index}`,
      asset: nasty,
      details: `${nasty} ${'"'.repeat(3000)}`,
      status: 'completed' as const,
    }));
    await putPastActions(databaseUrl, 'default', long);
    const answer = await asked(alice, 'history in:all hostile page-size:50 columns:all');
    expect(answer).toContain('50 actions');
    expect(answers.size(alice)).toBeLessThan(world.chat.platform === 'slack' ? 12_000 : 28_000);
    const few = await asked(alice, 'history in:all hostile page-size:3 columns:asset channel');
    expect(few).toContain('hxxps://evil.example');
    expect(few).not.toContain('\u202e');
    expect(world.chat.problems()).toEqual([]);
  });

  it('finds its way among a thousand actions', async () => {
    const many = Array.from({ length: 1000 }, (_, index) => ({
      title: `many ${index}`,
      status: 'completed' as const,
      hoursAgo: 1 + index / 1000,
    }));
    await putPastActions(databaseUrl, 'default', many);
    const answer = await asked(alice, 'history in:all many');
    // Counting may take too long on a busy machine, and then says so.
    expect(answer).toMatch(/(1,000|about [\d,]+|at least [\d,]+) actions/);
    expect(answer).toContain('1. many 0');
    expect(await changed(alice, () => answers.press(alice, 'Next Page'))).toContain('1. many 10');
  });

  it('is shared with everybody only by a press, and only where policy allows', async () => {
    const before = world.chat.everything().length;
    const others = world.chat.told(carol).length;
    await asked(alice, 'history in:all period:any status:timedOut columns:status');
    const [title = ''] = titlesIn(answers.latest(alice));
    expect(world.chat.everything()).toHaveLength(before);
    expect(world.chat.told(carol)).toHaveLength(others);
    await answers.press(alice, 'Share in Channel');
    const shared = await world.until('it is shared', () => world.chat.everything().find((text) => /Shared by\s+Alice Adams/.test(text)));
    expect(shared).toContain(title);
    expect(shared).toContain('Open for Me');
    const [event] = await eventsIn(databaseUrl, 'shared');
    expect(event).toMatchObject({ actor_id: alice.entraId, data: { lookUp: { filters: { status: ['timedOut'] }, columns: ['status'] } } });
    // Whoever may not read History gets no more than what was shared.
    const { length } = world.chat.told(bob);
    await world.chat.press(bob, 'Shared by', 'Open for Me').catch(() => {});
    await world.until('Bob hears why not', () => world.chat.told(bob).slice(length).join('\n').includes('you need Security Reader'));
  });

  it('breaks none of the platform’s own rules', () => {
    expect(world.chat.problems()).toEqual([]);
  });
});
