/** Cuts a stream into submitted actions: one a line (NDJSON), objects written over many lines, or the elements of one array. */

/** `line` is where it begins, from 1. A piece that cannot even be cut out says why. */
export type Piece = { line: number; bytes: Buffer } | { line: number; trouble: string };

type Chunks = AsyncIterable<Uint8Array>;
type Pieces = AsyncGenerator<Piece, void, void>;

const code = (char: string): number => char.charCodeAt(0);
const newline = code('\n');
const quote = code('"');
const backslash = code('\\');
const comma = code(',');
const openingBrackets = new Set([code('{'), code('[')]);
const closingBrackets = new Set([code('}'), code(']')]);
const blanks = new Set([code(' '), code('\t'), code('\r'), newline]);
const isBlank = (bytes: Uint8Array): boolean => bytes.every((byte) => blanks.has(byte));

export async function* piecesOf(chunks: Chunks, maxBytes: number): Pieces {
  const source = chunks[Symbol.asyncIterator]();
  const head = await headOf(source);
  const all = joined(head, source);
  if (head.find((byte) => !blanks.has(byte)) === code('[')) yield* elementsOf(all, maxBytes);
  else yield* recordsOf(linesOf(all, maxBytes), maxBytes);
}

/** As many chunks as it takes to see the first byte that means something. A byte order mark does not. */
async function headOf(source: AsyncIterator<Uint8Array>): Promise<Buffer> {
  let head = Buffer.alloc(0);
  for (let next = await source.next(); !next.done; next = await source.next()) {
    head = Buffer.concat([head, next.value]);
    if (head.length < 3) continue;
    if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) head.fill(code(' '), 0, 3);
    if (!isBlank(head)) break;
  }
  return head;
}

async function* joined(head: Uint8Array, source: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  yield head;
  yield* { [Symbol.asyncIterator]: () => source };
}

/** Gathers the bytes of one piece up to the limit. */
function collector(maxBytes: number) {
  let parts: Uint8Array[] = [];
  let size = 0;
  return {
    add: (bytes: Uint8Array): void => {
      size += bytes.length;
      if (size <= maxBytes) parts.push(bytes);
      else parts = [];
    },
    take: (line: number): Piece => {
      const piece = size <= maxBytes ? { line, bytes: Buffer.concat(parts) } : { line, trouble: `is longer than ${maxBytes} bytes` };
      parts = [];
      size = 0;
      return piece;
    },
  };
}

/** Knows how deep it is in brackets; brackets in strings do not count. */
function nesting() {
  let depth = 0;
  let inString = false;
  let escaped = false;
  const readString = (byte: number): void => {
    if (escaped) escaped = false;
    else if (byte === backslash) escaped = true;
    else if (byte === quote) inString = false;
  };
  return {
    depth: () => depth,
    inString: () => inString,
    read: (byte: number): void => {
      if (inString) readString(byte);
      else if (byte === quote) inString = true;
      else if (openingBrackets.has(byte)) depth += 1;
      else if (closingBrackets.has(byte)) depth -= 1;
    },
  };
}

/** Every line that is not blank. */
async function* linesOf(chunks: Chunks, maxBytes: number): Pieces {
  const text = collector(maxBytes);
  let line = 1;
  for await (const chunk of chunks) {
    let from = 0;
    for (let to = chunk.indexOf(newline); to >= 0; to = chunk.indexOf(newline, from)) {
      text.add(chunk.subarray(from, to));
      const piece = text.take(line);
      if ('trouble' in piece || !isBlank(piece.bytes)) yield piece;
      line += 1;
      from = to + 1;
    }
    text.add(chunk.subarray(from));
  }
  const last = text.take(line);
  if ('trouble' in last || !isBlank(last.bytes)) yield last;
}

/**
 * NDJSON, unless the first line is the beginning of something longer. A first line that is merely broken is told from that by the next one:
 * in NDJSON it is a whole object again.
 */
async function* recordsOf(lines: Pieces, maxBytes: number): Pieces {
  const held: Piece[] = [];
  for (let next = await lines.next(); !next.done; next = await lines.next()) {
    held.push(next.value);
    if (held.length === 2 || isWhole(next.value)) break;
  }
  const [first, second] = held;
  const isBeginning = first !== undefined && second !== undefined && isUnclosed(first) && !isWhole(second);
  const all = resumed(held, lines);
  yield* isBeginning ? objectsOf(all, maxBytes) : all;
}

async function* resumed(held: Piece[], lines: Pieces): Pieces {
  yield* held;
  yield* lines;
}

function isWhole(piece: Piece): boolean {
  if ('trouble' in piece) return false;
  try {
    const value: unknown = JSON.parse(piece.bytes.toString('utf8'));
    return typeof value === 'object' && value !== null;
  } catch {
    return false;
  }
}

function isUnclosed(piece: Piece): boolean {
  if ('trouble' in piece) return false;
  const nest = nesting();
  for (const byte of piece.bytes) nest.read(byte);
  return nest.depth() > 0;
}

/** Lines are put together until their brackets are closed. */
async function* objectsOf(lines: Pieces, maxBytes: number): Pieces {
  const text = collector(maxBytes);
  let nest = nesting();
  let begun: number | null = null;
  for await (const piece of lines) {
    begun ??= piece.line;
    if ('trouble' in piece) {
      yield piece;
      // Its brackets were not seen, so there is no telling where it would have ended.
      return;
    }
    text.add(piece.bytes);
    text.add(Buffer.from('\n'));
    for (const byte of piece.bytes) nest.read(byte);
    if (nest.depth() > 0) continue;
    yield text.take(begun);
    nest = nesting();
    begun = null;
  }
  if (begun !== null) yield text.take(begun);
}

/** The elements of one top-level array. Whatever follows the array becomes a piece that is not valid JSON. */
async function* elementsOf(chunks: Chunks, maxBytes: number): Pieces {
  const cut = elementCutter(maxBytes);
  for await (const chunk of chunks) yield* cut.read(chunk);
  yield* cut.end();
}

function elementCutter(maxBytes: number) {
  const text = collector(maxBytes);
  const nest = nesting();
  let line = 1;
  /** Where the element began; null between two of them. */
  let begun: number | null = null;
  let isOpened = false;

  const step = (byte: number): 'start' | 'end' | null => {
    const before = nest.depth();
    nest.read(byte);
    if (byte === newline) line += 1;
    if (!isOpened) {
      isOpened = nest.depth() === 1;
      return null;
    }
    const isEnd = before === 1 && !nest.inString() && (byte === comma || nest.depth() === 0);
    if (isEnd) return 'end';
    return begun === null && !blanks.has(byte) ? 'start' : null;
  };
  return {
    *read(chunk: Uint8Array): Generator<Piece, void, void> {
      let from = 0;
      for (const [index, byte] of chunk.entries()) {
        const found = step(byte);
        if (found === 'start') {
          begun = line;
          from = index;
        } else if (found === 'end' && begun !== null) {
          text.add(chunk.subarray(from, index));
          yield text.take(begun);
          begun = null;
        }
      }
      if (begun !== null) text.add(chunk.subarray(from));
    },
    *end(): Generator<Piece, void, void> {
      if (begun !== null) yield text.take(begun);
      if (nest.depth() > 0) yield { line, trouble: 'the array is not closed; the file seems to be cut off' };
    },
  };
}
