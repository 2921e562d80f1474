/** Random actions and random questions about them, and what the answer must be: worked out in memory, with nothing of the store's. */
import { ActionSource, ActionStatus, ActionType, EntraId, Severity } from '../../src/action-center/action.ts';
import { catalogue } from '../../src/action-center/catalogue.ts';
import type { Entity } from '../../src/action-center/entity.ts';
import { type Column, Column as Columns, type DecisionWord, type HistoryQuery } from '../../src/action-center/history.ts';

export const now = '2026-11-21T12:00:00.000Z';

export type Case = {
  id: string;
  type: ActionType;
  source: ActionSource;
  severity: Severity;
  status: ActionStatus;
  title: string;
  details: string | null;
  asset: string | null;
  entities: Entity[];
  investigation: string | null;
  updatedAt: string;
  verb: 'approve' | 'reject' | 'undo' | 'cancel' | null;
  person: (typeof people)[number] | null;
  platform: 'slack' | 'teams' | 'cli' | null;
  places: string[];
};

/** Mulberry32. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Random = () => number;
const oneOf = <T>(random: Random, values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
/** The first values are far more frequent than the last. */
const skewed = <T>(random: Random, values: readonly T[]): T => values[Math.floor(random() ** 3 * values.length)] as T;

export const people = ['Ärne Öberg', 'alice adams', "Bob O'Neil", 'CHEN Li', 'Dora \\ Back', 'automation', 'Émile %_', '李 雷'].map(
  (displayName, index) => ({
    entraId: EntraId.parse(`7f0c0000-0000-4000-8000-00000000000${index}`),
    displayName,
    upn: `Person${index}@contoso.example`,
  }),
);
const words = [
  'Trojan:Win32/Wacatac.B!ml',
  'ÄRGER',
  'invoice.exe',
  "it's",
  'C:\\Users\\kim',
  'мама',
  'a@b.example',
  'x_y-z',
  '100%',
  'İstanbul',
  'end.',
  '(brackets)',
  'wks-0042',
  '🙂smile',
  'e\u0301t\u00e9',
];
const devices = Array.from(
  { length: 400 },
  (_, index) => `${index % 3 ? 'WKS' : 'srv'}-${String(index).padStart(4, '0')}${index % 5 ? '' : '.contoso.example'}`,
);
const places = ['slack C0SOC', 'slack C0EMAIL', 'teams 19:soc@thread.tacv2', 'teams 19:rare@thread.tacv2'];
const openStatuses: readonly ActionStatus[] = ['pending', 'awaitingSecondApproval'];
const undecided: readonly ActionStatus[] = [...openStatuses, 'expired', 'superseded', 'decidedElsewhere'];

const sentence = (random: Random): string =>
  Array.from({ length: 1 + Math.floor(random() * 4) }, () => skewed(random, words)).join(random() < 0.8 ? ' ' : '\n');

function entitiesOf(random: Random): Entity[] {
  const made: Entity[] = [];
  if (random() < 0.6) made.push({ type: 'device', name: skewed(random, devices) });
  if (random() < 0.4) made.push({ type: 'file', sha1: String(Math.floor(random() * 1e6)).padStart(40, 'a'), name: skewed(random, words) });
  if (random() < 0.2)
    made.push({
      type: 'mailbox',
      address: `Box${Math.floor(random() * 300)}@contoso.example`,
      displayName: oneOf(random, people).displayName,
    });
  if (random() < 0.05) made.push({ type: 'service', name: 'Spooler', deviceName: skewed(random, devices) });
  return made.length > 0 ? made : [{ type: 'ip', ip: '192.0.2.1' }];
}

const verbOf = (random: Random, status: ActionStatus): Case['verb'] => {
  if (status === 'rejected') return 'reject';
  return status === 'undone' || status === 'undoQueued' ? 'undo' : oneOf(random, ['approve', 'approve', 'cancel'] as const);
};

export function randomCase(random: Random, index: number, total: number): Case {
  // As after a mass expiry: the newest ones are all of one kind and tell nothing of the others.
  const isOfBurst = index % 8 === 0;
  const status = isOfBurst ? 'expired' : skewed(random, ['completed', 'failed', ...ActionStatus.options] as const);
  const isDecided = !undecided.includes(status);
  // Many at the same instant, so that the id decides; some years, some last night.
  const age = isOfBurst ? random() / 500 : random() < 0.3 ? random() * 2 : (index / total) * 500;
  return {
    id: `A-${String(Math.floor(random() * 1e9)).padStart(9, '0')}-${index}`,
    type: skewed(random, ActionType.options),
    source: skewed(random, ActionSource.options),
    severity: skewed(random, Severity.options),
    status,
    title: sentence(random),
    details: random() < 0.8 ? sentence(random) : null,
    asset: random() < 0.9 ? skewed(random, devices) : null,
    entities: entitiesOf(random),
    investigation: random() < 0.8 ? `Inv-${Math.floor(random() ** 2 * 5000)}` : null,
    updatedAt: new Date(Math.floor((Date.parse(now) - age * 86_400_000) / 60_000) * 60_000).toISOString(),
    verb: isDecided ? verbOf(random, status) : null,
    person: isDecided ? skewed(random, people) : null,
    platform: isDecided ? skewed(random, ['slack', 'teams', 'cli'] as const) : null,
    places: random() < 0.9 ? [...new Set([skewed(random, places), skewed(random, places)])] : [],
  };
}

const some = <T>(random: Random, values: readonly T[], chance: number): T[] => {
  if (random() >= chance) return [];
  return [...new Set(Array.from({ length: random() < 0.7 ? 1 : 2 + Math.floor(random() * 2) }, () => oneOf(random, values)))];
};
const asked = [
  'troj',
  'WACATAC.b',
  'wacatac.b!ml',
  'ärg',
  'INVOICE',
  'voice',
  "it's",
  'kim',
  'users\\k',
  'мам',
  'smile',
  '🙂',
  'été',
  'istanbul',
  '-0042',
  '###',
  'a',
  'ml',
  'end.',
  'x_y',
  '100%',
  'spool',
  'aaaaaaaaaaa',
  'box1',
  'x_y-z end',
  'nowhere',
];
const askedAssets = [...devices.slice(0, 30), 'wks-00*', 'SRV-*', 'box12@contoso.example', 'box1*', '*', 'kim', 'ärne öberg', 'émile %_'];

/** `chance` that any one filter is there. */
export function randomQuery(random: Random): HistoryQuery {
  const chance = oneOf(random, [0, 0.1, 0.1, 0.2, 0.3]);
  const place = random() < chance ? oneOf(random, places).split(' ') : null;
  return {
    tab: random() < 0.85 ? 'history' : 'pending',
    period: oneOf(random, [null, null, 'day', 'week', '30d', '6m'] as const),
    filters: {
      type: some(random, ActionType.options, chance),
      source: some(random, ActionSource.options, chance),
      severity: some(random, Severity.options, chance),
      status: some(random, ActionStatus.options, chance),
      entity: some(random, ['device', 'file', 'mailbox', 'service', 'ip', 'url'] as const, chance),
      asset: some(random, askedAssets, chance),
      decision: some(random, ['approved', 'rejected', 'undone', 'cancelled', 'automation', 'none'] as const, chance),
      by: some(
        random,
        [...people.map(({ displayName }) => displayName.toUpperCase()), ...people.map(({ upn }) => upn), 'Automation'],
        chance,
      ),
      investigation: some(
        random,
        Array.from({ length: 40 }, (_, index) => `inv-${index}`),
        chance,
      ),
      platform: some(random, ['slack', 'teams', 'cli'] as const, chance),
      text: some(random, asked, chance),
      // Their events are not in this record: test/store/history-events.test.ts asks for those.
      event: [],
      from: some(random, ['2026-01-01T00:00:00Z'], chance / 2),
      to: some(random, ['2026-11-01T00:00:00+02:00'], chance / 2),
      expires: [],
    },
    sort: { column: random() < 0.5 ? 'updated' : oneOf(random, Columns.options), descending: random() < 0.6 },
    where: place && { platform: place[0] as 'slack', conversation: place[1] as string },
  };
}

const lower = (text: string): string => text.normalize('NFC').toLowerCase();
const verbWords = { approve: 'approved', reject: 'rejected', undo: 'undone', cancel: 'cancelled' } as const;
const wordOf = ({ verb, status }: Case): DecisionWord => (verb ? verbWords[verb] : openStatuses.includes(status) ? 'none' : 'automation');

function namesIn({ asset, entities }: Case): string[] {
  const names = entities.flatMap((entity) => {
    if (entity.type === 'device') return [entity.name];
    if (entity.type === 'mailbox') return [entity.address, entity.displayName];
    return 'deviceName' in entity ? [entity.deviceName] : [];
  });
  return [asset, ...names].filter((name) => name !== null && name !== undefined).map(lower);
}

const isWordCharacter = (character: string | undefined): boolean =>
  character !== undefined && (/[a-z0-9]/.test(character) || character > '\u007f');
const textsIn = ({ title, details, asset, entities }: Case): string[] =>
  [title, details, asset, ...entities.flatMap(({ type: _type, ...rest }) => Object.values(rest))]
    .filter((text) => typeof text === 'string')
    .map(lower);

function beginsWord(text: string, word: string): boolean {
  for (let from = text.indexOf(word); from >= 0; from = text.indexOf(word, from + 1)) if (!isWordCharacter(text[from - 1])) return true;
  return false;
}

/** By what was asked: which of the cases fit. The same few texts are asked again and again. */
function remembering(cases: readonly Case[]) {
  const texts = cases.map((one) => textsIn(one));
  const names = cases.map(namesIn);
  const known = new Map<string, Uint8Array>();
  const remember = (key: string, fits: (index: number) => boolean): Uint8Array => {
    const found = known.get(key) ?? Uint8Array.from(cases, (_, index) => Number(fits(index)));
    known.set(key, found);
    return found;
  };
  return {
    word: (word: string) => remember(`word ${word}`, (index) => (texts[index] ?? []).some((text) => beginsWord(text, word))),
    name: (name: string) =>
      remember(`name ${name}`, (index) =>
        (names[index] ?? []).some((own) => (name.endsWith('*') ? own.startsWith(lower(name.slice(0, -1))) : own === lower(name))),
      ),
  };
}

const keyOf: Record<Column, (one: Case) => string> = {
  updated: () => '',
  investigation: ({ investigation }) => lower(investigation ?? ''),
  approval: ({ verb, id }) => (verb ? `D-${id}` : ''),
  type: ({ type }) => lower(catalogue[type].label),
  details: ({ details }) => lower(details ?? '').slice(0, 60),
  entity: ({ entities }) => [...new Set(entities.map(({ type }) => type))].join(','),
  asset: ({ asset }) => lower(asset ?? ''),
  decision: wordOf,
  by: (one) => (one.person ? lower(one.person.displayName) : wordOf(one) === 'none' ? '' : 'automation'),
  source: ({ source }) => source,
  status: ({ status }) => status,
};

const days = { day: 1, week: 7, '30d': 30, '6m': 180 };

/** Worked out once: the same is compared for every question. */
const compared = (one: Case) => ({
  id: one.id,
  updatedAt: one.updatedAt,
  isOpen: openStatuses.includes(one.status),
  type: one.type,
  source: one.source,
  severity: one.severity,
  status: one.status,
  platform: one.platform,
  entities: [...new Set(one.entities.map(({ type }) => type))],
  word: wordOf(one),
  investigation: one.investigation === null ? null : lower(one.investigation),
  by: one.person ? [lower(one.person.displayName), lower(one.person.upn)] : wordOf(one) === 'automation' ? ['automation'] : [],
  places: one.places,
});
type Compared = ReturnType<typeof compared>;

/** Answers questions about these cases: the ids that fit, in order. */
export function inMemory(cases: readonly Case[]): (query: HistoryQuery) => string[] {
  const fitting = remembering(cases);
  const facts = cases.map(compared);
  const sorted = new Map<Column, number[]>();
  const inOrder = (column: Column): number[] => {
    const known = sorted.get(column);
    if (known) return known;
    // UTF-8 sorts as its bytes do, which is by code point.
    const keys = cases.map((one) => Buffer.from(`${keyOf[column](one)}\u0000${one.updatedAt}\u0000${one.id}`));
    const made = cases.map((_, index) => index).sort((a, b) => Buffer.compare(keys[a] as Buffer, keys[b] as Buffer));
    sorted.set(column, made);
    return made;
  };
  return (query) => {
    let found = inOrder(query.sort.column);
    for (const fits of testsOf(query, fitting)) found = found.filter((index) => fits(facts[index] as Compared, index));
    if (query.sort.descending) found = found.toReversed();
    return found.map((index) => (facts[index] as Compared).id);
  };
}

type Test = (one: Compared, index: number) => boolean;

function testsOf({ tab, period, filters, where }: HistoryQuery, fitting: ReturnType<typeof remembering>): Test[] {
  const tests: Test[] = [({ isOpen }) => isOpen === (tab === 'pending')];
  for (const kind of ['type', 'source', 'severity', 'status', 'platform'] as const) {
    const wanted: readonly unknown[] = filters[kind];
    if (wanted.length > 0) tests.push((one) => wanted.includes(one[kind]));
  }
  if (period) {
    const from = new Date(Date.parse(now) - days[period] * 86_400_000).toISOString();
    tests.push(({ updatedAt }) => updatedAt >= from);
  }
  for (const first of filters.from) tests.push(({ updatedAt }) => Date.parse(updatedAt) >= Date.parse(first));
  for (const end of filters.to) tests.push(({ updatedAt }) => Date.parse(updatedAt) < Date.parse(end));
  if (filters.entity.length > 0) tests.push(({ entities }) => entities.some((type) => filters.entity.includes(type)));
  if (filters.decision.length > 0) tests.push(({ word }) => filters.decision.includes(word));
  const investigations = filters.investigation.map(lower);
  if (investigations.length > 0) tests.push(({ investigation }) => investigation !== null && investigations.includes(investigation));
  if (where) tests.push(({ places }) => places.includes(`${where.platform} ${where.conversation}`));
  const wantedBy = filters.by.map(lower);
  if (wantedBy.length > 0) tests.push(({ by }) => by.some((name) => wantedBy.includes(name)));
  if (filters.asset.length > 0) {
    const names = filters.asset.map((name) => fitting.name(name));
    tests.push((_, index) => names.some((fits) => fits[index] === 1));
  }
  const parts = filters.text.flatMap((text) => lower(text).split(/\s+/)).map((word) => word.replace(/^[^a-z0-9\u0080-\u{10ffff}]+/u, ''));
  for (const word of parts.filter((part) => part !== '')) {
    const fits = fitting.word(word);
    tests.push((_, index) => fits[index] === 1);
  }
  return tests;
}
