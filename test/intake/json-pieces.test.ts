import { describe, expect, it } from 'vitest';
import { piecesOf } from '../../src/intake/json-pieces.ts';

async function* inChunks(bytes: Buffer, size: number) {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

async function cut(text: string, { chunk = 7, max = 1000 } = {}): Promise<[line: number, text: string][]> {
  const pieces: [number, string][] = [];
  for await (const piece of piecesOf(inChunks(Buffer.from(text), chunk), max)) {
    pieces.push([piece.line, 'trouble' in piece ? `(${piece.trouble})` : piece.bytes.toString().trim()]);
  }
  return pieces;
}

const parsed = async (text: string, chunk: number) => (await cut(text, { chunk })).map(([line, piece]) => [line, JSON.parse(piece)]);

/** Everything that could lead a bracket counter astray. */
const tricky = { a: '}{][,', b: 'quote " and backslash \\', c: '\\"', d: 'ü€😀', e: [[{}], []] };

describe.each([1, 2, 3, 16, 100_000])('in chunks of %d bytes', (chunk) => {
  it('cuts NDJSON at its lines', async () => {
    const text = `${JSON.stringify(tricky)}\r\n\n${JSON.stringify({ n: 2 })}\n   \n${JSON.stringify({ n: 3 })}`;
    expect(await parsed(text, chunk)).toEqual([
      [1, tricky],
      [3, { n: 2 }],
      [5, { n: 3 }],
    ]);
  });

  it('takes one object written over many lines', async () => {
    expect(await parsed(`\n${JSON.stringify(tricky, null, 2)}\n`, chunk)).toEqual([[2, tricky]]);
  });

  it('takes several objects written over many lines', async () => {
    const text = [tricky, { n: 2 }, tricky].map((one) => JSON.stringify(one, null, 2)).join('\n');
    expect((await parsed(text, chunk)).map(([, value]) => value)).toEqual([tricky, { n: 2 }, tricky]);
  });

  it.each([undefined, 2])('takes the elements of an array (indent %s)', async (indent) => {
    const text = JSON.stringify([tricky, { n: 2 }, tricky], null, indent);
    expect((await parsed(`\uFEFF  ${text}\n`, chunk)).map(([, value]) => value)).toEqual([tricky, { n: 2 }, tricky]);
  });
});

describe('broken input', () => {
  it('costs one line of NDJSON, also when it is the first', async () => {
    const lines = ['{"n": 1', '{"n": 2}', 'not json', '{"n": 4}'];
    expect(await cut(lines.join('\n'))).toEqual(lines.map((line, index) => [index + 1, line]));
  });

  it('is told by the line where an array element begins', async () => {
    expect(await cut('[\n  {"n": 1},\n\n  oops,\n  {"n": 3}\n]')).toEqual([
      [2, '{"n": 1}'],
      [4, 'oops'],
      [5, '{"n": 3}'],
    ]);
  });

  it('is reported when an array is cut off', async () => {
    expect(await cut('[{"n": 1},\n')).toEqual([
      [1, '{"n": 1}'],
      [2, '(the array is not closed; the file seems to be cut off)'],
    ]);
  });

  it('is reported when something follows an array', async () => {
    expect(await cut('[{"n": 1}]\n]{"n": 2}')).toEqual([
      [1, '{"n": 1}'],
      [2, ']{"n": 2}'],
    ]);
  });

  it('that is too long costs that piece only', async () => {
    const long = JSON.stringify({ x: 'y'.repeat(2000) });
    const trouble = '(is longer than 1000 bytes)';
    expect((await cut(`{"n": 1}\n${long}\n{"n": 3}`)).map(([, piece]) => piece)).toEqual(['{"n": 1}', trouble, '{"n": 3}']);
    expect((await cut(`[{"n": 1}, ${long}, {"n": 3}]`)).map(([, piece]) => piece)).toEqual(['{"n": 1}', trouble, '{"n": 3}']);
  });

  it('is nothing when there is nothing', async () => {
    for (const text of ['', ' \n\n', '\uFEFF', '[]', '[ ]']) expect(await cut(text)).toEqual([]);
  });
});
