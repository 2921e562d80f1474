/** Rows of History as files. That other programs read them as they are meant is tested in test/store/csv-parsers.test.ts. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvHead, csvRecord, harmlessCell, jsonLine } from '../../src/action-center/csv.ts';
import { columnLabels } from '../../src/action-center/history.ts';
import { aDecision, anAction } from '../setup/builders.ts';
import { hostileCells as hostile } from './hostile-cells.ts';

describe('a cell', () => {
  const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.constantFrom(...hostile));

  it('never begins with what a spreadsheet runs, and holds nothing that cannot be seen', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const cell = harmlessCell(text);
        expect(cell).not.toMatch(/^\s*[=+\-@＝＋－＠]|^[\t\r\n]/u);
        expect(cell).not.toMatch(/\p{Cf}|(?![\n\t])\p{Cc}/u);
        expect(cell.isWellFormed()).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('with nothing to be afraid of stays what it is', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9 ,."'()\n:/é請-]*$/), (text) => {
        fc.pre(!/^\s*[-+=@]|^[\t\n]/.test(text));
        expect(harmlessCell(text)).toBe(text);
      }),
    );
  });

  it.each([
    ['=1+1', "'=1+1"],
    ['\u202egpj.exe', '⟨U+202E⟩gpj.exe'],
    ['a\r\nb\rc', 'a\nb\nc'],
    ['\u001b[31m', '⟨U+001B⟩[31m'],
    ["'=1", "'=1"],
  ])('%j becomes %j', (text, shown) => expect(harmlessCell(text)).toBe(shown));
});

describe('a file', () => {
  it('begins with a byte order mark and the columns in the portal’s order', () => {
    expect(csvHead).toBe(
      '\ufeffAction update time,Investigation ID,Approval ID,Action type,Details,Entity type,Asset,Decision,Decided by,Action source,Status\r\n',
    );
    expect(csvHead.slice(1).trimEnd()).toBe(Object.values(columnLabels).join(','));
  });

  it('tells a row in the portal’s words, times in UTC', () => {
    const updatedAt = '2026-11-21T08:03:00.000Z';
    const action = anAction({ status: 'completed', updatedAt });
    const { actor } = aDecision();
    expect(csvRecord({ action, decidedBy: actor })).toBe(
      `${updatedAt},53123,D-01JD6Q0000000000000000000A,Stop and quarantine file,Quarantine invoice.exe on WKS-0042: Trojan:Win32/Wacatac.B!ml found by automated investigation,"Device, File",WKS-0042,Approved,Alice Adams (alice@contoso.example),Automated device action,Completed\r\n`,
    );
    expect(csvRecord({ action: anAction(), decidedBy: null })).toMatch(/,WKS-0042,,,Automated device action,Pending/);
    expect(csvRecord({ action: anAction({ status: 'expired' }), decidedBy: null })).toMatch(/,Automation,Automation,/);
  });

  it('of JSON Lines gives back exactly the text, one action a line, with nothing unseen in it', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...hostile)), (title) => {
        const line = jsonLine(anAction({ title }), []);
        expect(line.indexOf('\n')).toBe(line.length - 1);
        expect(line.slice(0, -1)).not.toMatch(/[\p{Cf}\p{Cc}\u2028\u2029]/u);
        expect((JSON.parse(line) as { title: string }).title).toBe(title);
      }),
      { numRuns: 500 },
    );
  });
});
