import fc from 'fast-check';
import { expect, test } from 'vitest';
import { huntCsv, resultOf, tableOf } from '../../src/action-center/hunt-table.ts';

const column = (name: string) => ({ name, type: 'String' });

test('the first ten rows and the five columns that say most are shown, without empty ones', () => {
  const columns = ['ReportId', 'Empty', 'FolderPath', 'DeviceName', 'Timestamp', 'Other', 'FileName', 'ActionType'].map(column);
  const rows = Array.from({ length: 12 }, (_, index) => [
    'r',
    null,
    'C:\\',
    `wks-${index}`,
    '2026-11-20T10:00:00Z',
    'o',
    'f.exe',
    'Created',
  ]);
  const table = tableOf({ columns, rows, truncated: false });
  expect(table.columns).toEqual(['Timestamp', 'DeviceName', 'ActionType', 'FileName', 'FolderPath']);
  expect(table.rows).toHaveLength(10);
  expect(table.rows[9]).toEqual(['2026-11-20T10:00:00Z', 'wks-9', 'Created', 'f.exe', 'C:\\']);
});

test('any value of any type becomes bounded text without NUL', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.anything({ withObjectString: true }), { maxLength: 4 }), { maxLength: 15 }), (values) => {
      const rows = values.map((row) => row.map((cell) => (typeof cell === 'function' ? null : cell)));
      const answer = { columns: ['A', 'B', 'C', 'D'].map(column), rows, truncated: false };
      for (const cells of [...tableOf(answer).rows, ...resultOf(answer).rows])
        for (const cell of cells) {
          expect(typeof cell).toBe('string');
          expect(cell.length).toBeLessThanOrEqual(4000);
          expect(cell).not.toContain('\0');
          expect(cell.isWellFormed()).toBe(true);
        }
    }),
    { numRuns: 500 },
  );
});

test('as a file it has its mark, its headings and every row, and no cell runs in a spreadsheet', () => {
  const result = { columns: ['=A', 'B'], rows: Array.from({ length: 450 }, (_, index) => ['=1+1', `"${index}",\r\n@x`]) };
  const pieces = [...huntCsv(result)];
  const text = pieces.map((piece) => piece.text).join('');
  expect(pieces.map(({ rows }) => rows)).toEqual([0, 200, 200, 50]);
  expect(text.startsWith('\ufeff\'=A,B\r\n\'=1+1,"""0"",\n@x"\r\n')).toBe(true);
  expect(text.split('\r\n')).toHaveLength(452);
});

test('what is kept for a file is bounded', () => {
  const rows = Array.from({ length: 3000 }, () => ['x'.repeat(10_000)]);
  const { rows: kept } = resultOf({ columns: [column('A')], rows, truncated: false });
  expect(kept[0]?.[0]).toHaveLength(4000);
  expect(kept).toHaveLength(1000);
});
