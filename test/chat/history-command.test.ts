import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Column, columnLabels, type HistoryFilters, Period } from '../../src/action-center/history.ts';
import { LookUp, usualLookUp } from '../../src/action-center/look-up.ts';
import { longestLookUp, momentText, parseHistory, printHistory, withPick } from '../../src/chat/history-command.ts';
import { choiceLabels } from '../../src/chat/history-labels.ts';
import { cleanText } from '../../src/chat/history-tokens.ts';

const usual = usualLookUp('history');
const filters = (some: Partial<HistoryFilters>): HistoryFilters => ({ ...usual.filters, ...some });
const read = (text: string): LookUp => {
  const asked = parseHistory('history', text);
  if (asked.kind !== 'look-up') throw new Error(`${text} is read as ${asked.kind}`);
  expect(asked.mistakes).toEqual([]);
  return asked.lookUp;
};
const mistakesIn = (text: string) => {
  const asked = parseHistory('history', text);
  if (asked.kind !== 'look-up') throw new Error(`${text} is read as ${asked.kind}`);
  return { mistakes: asked.mistakes.map(({ written, instead }) => [written, instead]), corrected: printHistory(asked.lookUp) };
};

describe('the text of a look-up', () => {
  it.each<[string, Partial<LookUp>]>([
    ['week', { period: 'week' }],
    ['today', { period: 'day' }],
    ['period:6m', { period: '6m' }],
    ['period:"30 days"', { period: '30d' }],
    ['period:"Past 6 months"', { period: '6m' }],
    ['period:any', { period: null }],
    ['in:all', { scope: 'all' }],
    ['type:isolateDevice', { filters: filters({ type: ['isolateDevice'] }) }],
    ['type:"Isolate Device"', { filters: filters({ type: ['isolateDevice'] }) }],
    ['type:isolate-device,"Stop and quarantine"', { filters: filters({ type: ['isolateDevice', 'stopAndQuarantineFile'] }) }],
    ['type: isolateDevice, killProcess', { filters: filters({ type: ['isolateDevice', 'killProcess'] }) }],
    ['type：isolateDevice', { filters: filters({ type: ['isolateDevice'] }) }],
    ['status:failed status:"Timed out"', { filters: filters({ status: ['failed', 'timedOut'] }) }],
    ['source:“Manual device action”', { filters: filters({ source: ['manualDeviceAction'] }) }],
    ['entity:"IP address"', { filters: filters({ entity: ['ip'] }) }],
    ['decision:reject', { filters: filters({ decision: ['rejected'] }) }],
    ['by:Automation', { filters: filters({ by: ['automation'] }) }],
    ['mine', { filters: filters({ by: ['me'] }) }],
    ['by:"Alice Adams",bob@contoso.example', { filters: filters({ by: ['Alice Adams', 'bob@contoso.example'] }) }],
    ['device:wks-00*', { filters: filters({ asset: ['wks-00*'] }) }],
    ['asset:wks–0042', { filters: filters({ asset: ['wks-0042'] }) }],
    ['investigation:53123', { filters: filters({ investigation: ['53123'] }) }],
    ['platform:teams', { filters: filters({ platform: ['teams'] }) }],
    ['severity:high,medium', { filters: filters({ severity: ['high', 'medium'] }) }],
    ['invoice wacatac.b', { filters: filters({ text: ['invoice', 'wacatac.b'] }) }],
    ['"week"', { filters: filters({ text: ['week'] }) }],
    ['"http://evil.example/a"', { filters: filters({ text: ['http://evil.example/a'] }) }],
    ['sort:-"Action type"', { sort: { column: 'type', descending: true } }],
    ['sort:asset', { sort: { column: 'asset', descending: false } }],
    ['sort:-by', { sort: { column: 'by', descending: true } }],
    ['columns:status,"Decided by"', { columns: ['status', 'by'] }],
    ['columns:all', { columns: [...Column.options] }],
    ['page-size:50', { size: 50 }],
  ])('%s', (text, wanted) => {
    expect(read(text)).toEqual({ ...usual, ...wanted });
  });

  it('knows every value by our name and by the label of the portal', () => {
    for (const [filter, labels] of Object.entries(choiceLabels))
      for (const [name, label] of Object.entries(labels))
        for (const said of [name, label, label.toUpperCase()])
          expect(read(`${filter}:"${said}"`).filters).toMatchObject({ [filter]: [name] });
    for (const [name, label] of Object.entries(columnLabels)) expect(read(`columns:"${label}"`).columns).toEqual([name]);
  });

  it.each([
    ['statsu:failed', [['statsu', 'status']], 'history 30d in:here status:failed'],
    ['status:faild week', [['faild', 'failed']], 'history week in:here status:failed'],
    ['type:isolate', [['isolate', 'isolateDevice']], 'history 30d in:here type:isolateDevice'],
    ['type:banana invoice', [['banana', null]], 'history 30d in:here invoice'],
    ['zzzz:1', [['zzzz', null]], 'history 30d in:here'],
    ['page-size:500', [['500', '50']], 'history 30d in:here page-size:50'],
    ['page-size:many', [['many', null]], 'history 30d in:here'],
    ['sort:colour', [['colour', null]], 'history 30d in:here'],
    ['columns:status,dicision', [['dicision', 'decision']], 'history 30d in:here columns:status,decision'],
    ['status:', [['status:', null]], 'history 30d in:here'],
    ['period:wek', [['wek', 'week']], 'history week in:here'],
  ])('%s is a mistake, named with what was probably meant', (text, mistakes, corrected) => {
    expect(mistakesIn(text)).toEqual({ mistakes, corrected });
  });

  it('says nothing, saves and resets', () => {
    expect(parseHistory('pending', ' ')).toEqual({ kind: 'usual', tab: 'pending' });
    expect(parseHistory('history', 'reset')).toEqual({ kind: 'reset', tab: 'history' });
    expect(parseHistory('history', 'save')).toEqual({ kind: 'save-what', tab: 'history' });
    expect(parseHistory('history', 'save week')).toMatchObject({ kind: 'save', lookUp: { period: 'week' } });
    expect(parseHistory('history', 'x'.repeat(5000))).toEqual({ kind: 'too-long', tab: 'history' });
    const names = Array.from({ length: 10 }, (_, index) => `${'x'.repeat(90)}${index}`);
    expect(parseHistory('history', `asset:${names.join(',')}`).kind).toBe('too-long');
  });

  it('sets one menu and leaves the rest alone', () => {
    const lookUp = read('week invoice status:failed,timedOut');
    expect(withPick(lookUp, 'status', 'completed')).toEqual({ ...lookUp, filters: { ...lookUp.filters, status: ['completed'] } });
    expect(withPick(lookUp, 'status', null).filters.status).toEqual([]);
    expect(withPick(lookUp, 'period', null).period).toBeNull();
    expect(withPick(lookUp, 'period', 'day').period).toBe('day');
    expect(withPick(lookUp, 'type', 'constructor')).toEqual(lookUp);
  });

  const anything = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
    .map(cleanText)
    .filter((text) => text !== '');
  const word = anything.map((text) => text.split(/\s+/)[0] ?? '').filter((text) => text !== '');
  const some = <T>(values: readonly T[], max = 3) => fc.uniqueArray(fc.constantFrom(...values), { maxLength: max });
  const names = (unit: fc.Arbitrary<string>) => fc.uniqueArray(unit, { maxLength: 3 });
  const by = anything.map((name) => (/^(automation|automatic|me)$/i.test(name) ? 'me' : name));
  const moments = fc.array(
    fc.date({ min: new Date(0), max: new Date('2999-01-01'), noInvalidDate: true }).map((date) => momentText(date.getTime())),
    { maxLength: 1 },
  );
  const lookUps: fc.Arbitrary<LookUp> = fc.record({
    tab: fc.constantFrom('history', 'pending'),
    period: fc.constantFrom(...Period.options, null),
    filters: fc.record({
      type: some(Object.keys(choiceLabels.type)),
      source: some(Object.keys(choiceLabels.source)),
      severity: some(Object.keys(choiceLabels.severity)),
      status: some(Object.keys(choiceLabels.status)),
      entity: some(Object.keys(choiceLabels.entity)),
      decision: some(Object.keys(choiceLabels.decision)),
      platform: some(Object.keys(choiceLabels.platform)),
      asset: names(anything),
      by: names(by),
      investigation: names(anything),
      text: names(word),
      event: some(Object.keys(choiceLabels.event)),
      from: moments,
      to: moments,
      expires: moments,
    }),
    sort: fc.record({ column: fc.constantFrom(...Column.options), descending: fc.boolean() }),
    scope: fc.constantFrom('here', 'all'),
    columns: fc.uniqueArray(fc.constantFrom(...Column.options), { minLength: 1 }),
    size: fc.integer({ min: 1, max: 50 }),
  }) as fc.Arbitrary<LookUp>;

  it('a span of time is read with or without its time and offset, and asks of all time unless a period is said', () => {
    const lookUp = read('event:approved from:2026-11-20 to:2026-11-21T08:30+01:00');
    expect(lookUp.filters).toMatchObject({ event: ['approved'], from: ['2026-11-20T00:00Z'], to: ['2026-11-21T07:30Z'] });
    expect(lookUp.period).toBeNull();
    expect(read('week from:2026-11-20').period).toBe('week');
    for (const never of ['0000-01-01', '9999-12-31T23:59-12:00', '1969-12-31'])
      expect(parseHistory('history', `from:${never}`)).toMatchObject({ mistakes: [{ kind: 'moment', written: never }] });
    expect(parseHistory('history', 'from:yesterday')).toMatchObject({ mistakes: [{ kind: 'moment', written: 'yesterday', key: 'from' }] });
  });

  it('is read back exactly as it was written', () => {
    fc.assert(
      fc.property(lookUps, (lookUp) => {
        const text = printHistory(lookUp);
        fc.pre(text.length <= longestLookUp);
        const asked = parseHistory(lookUp.tab, text.slice(lookUp.tab.length));
        expect(asked).toEqual({ kind: 'look-up', lookUp, mistakes: [] });
        expect(LookUp.parse(lookUp)).toEqual(lookUp);
      }),
      { numRuns: 500 },
    );
  });

  it('is read in whatever shape it comes, and what is read can be written', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const asked = parseHistory('history', text);
        if (asked.kind !== 'look-up') return;
        expect(LookUp.safeParse(asked.lookUp).success).toBe(true);
        const again = parseHistory('history', printHistory(asked.lookUp).slice('history'.length));
        expect(again).toMatchObject({ lookUp: asked.lookUp, mistakes: [] });
      }),
      { numRuns: 500 },
    );
  });
});
