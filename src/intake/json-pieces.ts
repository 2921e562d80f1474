/** Cuts a stream into submitted actions: one a line (NDJSON), objects written over many lines, or the elements of one array. */

/** `bytes` is null when the piece is longer than the limit; it is skipped. `line` is where it begins, from 1. */
export type Piece = { line: number; bytes: Buffer | null };

type Chunks = AsyncIterable<Uint8Array>;

const newline = 0x0a;
const code = (char: string): number => char.charCodeAt(0);
const quote = code('"');
const backslash = code('\\');
const comma = code(',');
const opening = new Set([code('{'), code('[')]);
const closing = new Set([code('}'), code(']')]);
const blank = new Set([0x20, 0x09, 0x0d, newline]);

export async function* piecesOf(chunks: Chunks, maxBytes: number): AsyncGenerator<Piece> {
  const { first, all } = await peek(chunks);
  if (first === code('[')) yield* elementsOf(all, maxBytes);
  else yield* recordsOf(linesOf(all, maxBytes), maxBytes);
}

/** The first byte that means something (a byte order mark does not), and the stream from there on. */
async function peek(chunks: Chunks): Promise<{ first: number | undefined; all: Chunks }> {
  const source = chunks[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  let at = -1;
  while (at < 0) {
    const { value, done } = await source.next();
    if (done) break;
    head = Buffer.concat([head, value]);
    if (head.length < 3) continue;
    if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) head.fill(0x20, 0, 3);
    at = head.findIndex((byte) => !blank.has(byte));
  }
  const rest = { [Symbol.asyncIterator]: () => source };
  return { first: head.find((byte) => !blank.has(byte)), all: joined(head, rest) };
}

async function* joined(head: Buffer, rest: Chunks): AsyncGenerator<Uint8Array> {
  if (head.length > 0) yield head;
  yield* rest;
}

async function* linesOf(chunks: Chunks, maxBytes: number): AsyncGenerator<Piece> {
  const piece = collector(maxBytes);
  let line = 1;
  for await (const chunk of chunks) {
    let from = 0;
    for (let to = chunk.indexOf(newline); to >= 0; to = chunk.indexOf(newline, from)) {
      piece.add(chunk.subarray(from, to));
      yield { line, bytes: piece.take() };
      line += 1;
      from = to + 1;
    }
    piece.add(chunk.subarray(from));
  }
  yield { line, bytes: piece.take() };
}

/** Gathers bytes up to the limit; what goes beyond it is dropped and remembered as too long. */
function collector(maxBytes: number) {
  let parts: Uint8Array[] = [];
  let size = 0;
  return {
    add: (bytes: Uint8Array): void => {
      size += bytes.length;
      if (size <= maxBytes) parts.push(bytes);
      else parts = [];
    },
    take: (): Buffer | null => {
      const bytes = size <= maxBytes ? Buffer.concat(parts) : null;
      parts = [];
      size = 0;
      return bytes;
    },
  };
}

/** Knows how deep it is in brackets, strings left aside. */
function nesting() {
  let depth = 0;
  let inString = false;
  let escaped = false;
  return {
    depth: () => depth,
    inString: () => inString,
    feed: (byte: number): void => {
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === backslash) escaped = true;
        else if (byte === quote) inString = false;
      } else if (byte === quote) inString = true;
      else if (opening.has(byte)) depth += 1;
      else if (closing.has(byte)) depth -= 1;
    },
  };
}

/**
 * NDJSON unless the first line is the beginning of something longer. A first line that is merely broken is told from that by the next one: in
 * NDJSON it is a whole object again.
 */
async function* recordsOf(lines: AsyncGenerator<Piece>, maxBytes: number): AsyncGenerator<Piece> {
  const held: Piece[] = [];
  for await (const piece of lines) {
    if (piece.bytes !== null && isBlank(piece.bytes)) continue;
    held.push(piece);
    if (held.length === 2 || isWhole(piece.bytes)) break;
  }
  const [first, second] = held;
  const isOverManyLines =
    first !== undefined && second !== undefined && !isWhole(first.bytes) && isUnclosed(first.bytes) && !isWhole(second.bytes);
  const all = resumed(held, lines);
  if (isOverManyLines) yield* objectsOf(all, maxBytes);
  else yield* all;
}

async function* resumed(held: Piece[], lines: AsyncGenerator<Piece>): AsyncGenerator<Piece> {
  yield* held;
  for await (const piece of lines) if (piece.bytes === null || !isBlank(piece.bytes)) yield piece;
}

const isBlank = (bytes: Buffer): boolean => bytes.every((byte) => blank.has(byte));

function isWhole(bytes: Buffer | null): boolean {
  if (bytes === null) return false;
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null;
  } catch {
    return false;
  }
}

function isUnclosed(bytes: Buffer | null): boolean {
  const nest = nesting();
  for (const byte of bytes ?? []) nest.feed(byte);
  return nest.depth() > 0;
}

/** Lines are put together until their brackets are closed. */
async function* objectsOf(lines: AsyncGenerator<Piece>, maxBytes: number): AsyncGenerator<Piece> {
  const piece = collector(maxBytes);
  let nest = nesting();
  let begun: number | null = null;
  for await (const { line, bytes } of lines) {
    begun ??= line;
    const text = bytes ?? Buffer.alloc(maxBytes + 1, 0x20);
    piece.add(text);
    piece.add(Buffer.from([newline]));
    for (const byte of text) nest.feed(byte);
    if (nest.depth() > 0) continue;
    yield { line: begun, bytes: piece.take() };
    nest = nesting();
    begun = null;
  }
  if (begun !== null) yield { line: begun, bytes: piece.take() };
}

/** The elements of one top-level array. What follows the array is one more piece, and not a valid one. */
async function* elementsOf(chunks: Chunks, maxBytes: number): AsyncGenerator<Piece> {
  const piece = collector(maxBytes);
  const nest = nesting();
  let line = 1;
  let begun: number | null = null;
  for await (const chunk of chunks) {
    for (const [index, byte] of chunk.entries()) {
      const before = nest.depth();
      const wasInString = nest.inString();
      nest.feed(byte);
      const endsElement = !wasInString && before === 1 && (byte === comma || nest.depth() === 0);
      if (endsElement) {
        if (begun !== null) yield { line: begun, bytes: piece.take() };
        begun = null;
      } else if (before > 0 || nest.depth() !== 1) {
        if (begun !== null || !blank.has(byte)) {
          begun ??= line;
          piece.add(chunk.subarray(index, index + 1));
        }
      }
      if (byte === newline) line += 1;
    }
  }
  if (begun !== null) yield { line: begun, bytes: piece.take() };
}
