import { describe, expect, it } from 'vitest';
import { HistoryQuery } from '../../src/action-center/history.ts';
import { wordedOf } from '../../src/store/history-lexemes.ts';
import { RecordSample } from '../../src/store/history-sample.ts';

const day = 86_400_000;
const row = (index: number, has: { type?: string; words?: string[]; status?: string }) => ({
  tenant_id: 'default',
  words: has.words ?? [],
  type: has.type ?? 'isolateDevice',
  source: 'automatedDeviceAction',
  severity: 'high',
  status: has.status ?? 'completed',
  decision: index % 2 === 0 ? 'approved' : 'automation',
  platform: index % 2 === 0 ? 'slack' : null,
  entity_types: ['device'],
  decided_by: index % 2 === 0 ? ['alice adams', 'alice.adams@contoso.example'] : null,
  places: ['slack C0SECOPS'],
  updated_at: new Date(index * day),
});
/** 100 rows of 20 weeks of a record of a million: all have `campaign`, ten each begin `wks-`, one is of a rare kind. */
const rows = Array.from({ length: 100 }, (_, index) =>
  row(index * 1.4, {
    words: ['campaign', ...(index < 10 ? [`wks-00${index}`, `@wks-00${index}`] : [])],
    ...(index === 50 ? { type: 'containIp' } : {}),
  }),
);
const sample = new RecordSample(rows, 1_000_000);
const asked = (filters: object, where: object | null = null) =>
  HistoryQuery.parse({ tab: 'history', period: null, where, sort: { column: 'updated', descending: true }, filters });

describe('a sample of the record', () => {
  it('tells how often a word stands in it, and what begins so', () => {
    expect(sample.frequency({ text: 'campaign', isStart: false })).toBe(1_000_000);
    expect(sample.frequency({ text: 'wks-0', isStart: true })).toBe(100_000);
    expect(sample.frequency({ text: 'wks-0', isStart: false })).toBe(3000);
    expect(sample.frequency({ text: 'zebra', isStart: true })).toBe(3000);
    expect(sample.perWeek).toBeCloseTo(1_000_000 / 19.8, 0);
  });

  it('tells how much of it has what is asked for', () => {
    expect(sample.odds(asked({ type: ['containIp'] }))).toMatchObject({ found: 1, rows: 100, rarity: { properties: 1, of: 100 } });
    expect(sample.odds(asked({ type: ['containIp', 'isolateDevice'], by: ['Alice Adams'] })).found).toBe(
      rows.filter(({ decided_by: people }) => people !== null).length,
    );
    expect(sample.odds(asked({ asset: ['WKS-00*'], text: ['camp'] }))).toMatchObject({ found: 10, rarity: { words: 100, starts: 10 } });
    expect(sample.odds(asked({ asset: ['wks-001', 'wks-002'], text: ['zebra'] }))).toMatchObject({
      found: 0,
      rarity: { words: 0, starts: 100 },
    });
    expect(sample.odds(asked({}, { platform: 'slack', conversation: 'C0ELSEWHERE' })).found).toBe(0);
  });

  it('keeps common words from being looked up', () => {
    const bound = { frequency: sample.frequency, most: 500_000 };
    expect(wordedOf(asked({ text: ['campaign wks-001'] }), bound)).toEqual({
      asked: "('campaign':*) & ('wks-001':*)",
      lookedUp: "('wks-001':*)",
      postings: 10_000,
      names: null,
      form: 'compared',
    });
    expect(wordedOf(asked({ text: ['campaign'] }), bound)).toMatchObject({ lookedUp: null, postings: 0 });
    expect(wordedOf(asked({ text: ['campaign'] }), null)).toMatchObject({ lookedUp: "('campaign':*)", postings: null });
    expect(wordedOf(asked({ asset: ['wks-001'], text: ["o'brien\\"] }), bound)).toMatchObject({
      asked: "('@wks-001') & ('o''brien\\\\':*)",
      names: "('@wks-001')",
    });
  });
});
