/** Exports read by other programs' parsers: PostgreSQL's COPY, and Python's csv module where there is one. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { cellsOf, csvHead, csvRecord, harmlessCell } from '../../src/action-center/csv.ts';
import type { HistoryRow } from '../../src/action-center/history.ts';
import { columnLabels } from '../../src/action-center/history.ts';
import { hostileCells } from '../action-center/hostile-cells.ts';
import { aDecision, anAction } from '../setup/builders.ts';

const rowWith = (text: string): HistoryRow => ({
  action: anAction({ status: 'completed', title: text, details: text, asset: text, investigationId: text }),
  decidedBy: { ...aDecision().actor, displayName: text },
});
const order = Object.keys(columnLabels) as (keyof typeof columnLabels)[];
const cellsAsShown = (row: HistoryRow): string[] => order.map((column) => harmlessCell(cellsOf(row)[column]));

describe('a file with hostile cells', () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-csv-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const rows = hostileCells.map(rowWith);
  const file = join(folder, 'export.csv');
  writeFileSync(file, csvHead + rows.map(csvRecord).join(''));

  it('opens unharmed in PostgreSQL’s own parser', () => {
    const columns = order.map((_, index) => `c${index} text`).join(', ');
    const script = `create temp table t (n serial, ${columns});
\\copy t (${order.map((_, index) => `c${index}`).join(', ')}) from '${file}' with (format csv, header true, encoding 'utf8', null 'no such text')
select json_agg(json_build_array(${order.map((_, index) => `c${index}`).join(', ')}) order by n) from t;`;
    const read = execFileSync('psql', [inject('postgresUrl'), '--no-psqlrc', '-qAt', '-v', 'ON_ERROR_STOP=1', '-f', '-'], {
      input: script,
      maxBuffer: 64 * 1_048_576,
    });
    expect(JSON.parse(read.toString('utf8'))).toEqual(rows.map(cellsAsShown));
  });

  const python = spawnSync('python3', ['-c', 'import csv']).status === 0;
  it.skipIf(!python)('opens unharmed in Python’s csv module', () => {
    const program = `import csv, json, sys
csv.field_size_limit(10**9)
with open(sys.argv[1], encoding='utf-8-sig', newline='') as file: json.dump(list(csv.reader(file, strict=True)), sys.stdout)`;
    const read = execFileSync('python3', ['-c', program, file], { maxBuffer: 64 * 1_048_576 });
    const [head, ...records] = JSON.parse(read.toString('utf8')) as string[][];
    expect(head).toEqual(Object.values(columnLabels));
    expect(records).toEqual(rows.map(cellsAsShown));
  });
});
