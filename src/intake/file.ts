/** `countersign actions submit`: actions from a file or a pipe, one by one; what is wrong with one does not stop the others. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { UpstreamError } from '../action-center/errors.ts';
import { type Piece, piecesOf } from './json-pieces.ts';
import { progressBar } from './progress-bar.ts';
import { maxBodyBytes, parseJson, readSubmission, type Send, type Sent } from './submission.ts';

export type SubmitDeps = {
  send: Send;
  /** Whether `draw` is a terminal: only then is there a progress bar. */
  isTty: boolean;
  /** One line of the answer. */
  say: (line: string) => void;
  /** Raw text on the terminal. */
  draw: (text: string) => void;
};

export type Summary = { accepted: number; known: number; refused: number; exitCode: 0 | 1 | 2 };

const concurrency = 8;
/** So many in a row that could not be delivered: the other side is away, and the rest of the file would fare no better. */
const maxFailuresInARow = 10;

/** `source` is a path, `-` for standard input, or a stream. Exit code 0: all is in; 1: something was refused; 2: there was nothing to read. */
export async function submitFile(source: string | AsyncIterable<Uint8Array>, deps: SubmitDeps): Promise<Summary> {
  const summary: Summary = { accepted: 0, known: 0, refused: 0, exitCode: 0 };
  const total = await sizeOf(source);
  if (total instanceof Error) {
    deps.say(`${String(source)} cannot be read: ${'code' in total ? total.code : total.message}`);
    return { ...summary, exitCode: 2 };
  }
  const progress = progressBar({ draw: deps.isTty ? deps.draw : null, total });
  const counted = async function* () {
    for await (const chunk of bytesOf(source)) {
      progress.read(chunk.length);
      yield chunk;
    }
  };
  const isComplete = await submitAll(piecesOf(counted(), maxBodyBytes), deps.send, ({ line }, sent) => {
    if (sent.kind === 'accepted' || sent.kind === 'known') summary[sent.kind] += 1;
    else {
      summary.refused += 1;
      progress.clear();
      for (const reason of reasonsOf(sent)) deps.say(`line ${line}: ${printable(reason)}`);
    }
    progress.show(`accepted ${summary.accepted}, known ${summary.known}, refused ${summary.refused}`);
  });
  progress.clear();
  if (!isComplete)
    deps.say(`Gave up after ${maxFailuresInARow} failures in a row; the rest was not sent. Submitting all of it again is safe.`);
  deps.say(`accepted ${summary.accepted}, known ${summary.known}, refused ${summary.refused}`);
  return { ...summary, exitCode: summary.refused > 0 ? 1 : 0 };
}

/** Answers whether it came to the end. At most `concurrency` are under way, so a long file is never in memory. */
async function submitAll(pieces: AsyncIterable<Piece>, send: Send, tell: (piece: Piece, sent: Sent) => void): Promise<boolean> {
  const underWay = new Set<Promise<void>>();
  const bugs: unknown[] = [];
  let failures = 0;
  for await (const piece of pieces) {
    const one = submitOne(piece, send)
      .then((sent) => {
        failures = sent.kind === 'failed' ? failures + 1 : 0;
        tell(piece, sent);
      })
      // Kept for the end: nobody may be waiting for this one just now.
      .catch((error: unknown) => bugs.push(error))
      .then(() => void underWay.delete(one));
    underWay.add(one);
    if (underWay.size >= concurrency) await Promise.race(underWay);
    if (failures >= maxFailuresInARow || bugs.length > 0) break;
  }
  await Promise.all(underWay);
  if (bugs.length > 0) throw bugs[0];
  return failures < maxFailuresInARow;
}

async function submitOne(piece: Piece, send: Send): Promise<Sent> {
  if ('trouble' in piece) return { kind: 'invalid', issues: [{ path: '', message: piece.trouble }] };
  const json = parseJson(piece.bytes);
  if ('issues' in json) return { kind: 'invalid', ...json };
  const read = readSubmission(json.value);
  if ('issues' in read) return { kind: 'invalid', ...read };
  try {
    return await send(read.intake);
  } catch (error) {
    if (error instanceof UpstreamError) return { kind: 'failed', reason: `${error.service}: ${error.message}` };
    throw error;
  }
}

function reasonsOf(sent: Sent): string[] {
  if (sent.kind === 'failed') return [sent.reason];
  if (sent.kind === 'conflict') return [sent.message ?? 'the same producer and id were submitted before with other content'];
  return sent.kind === 'invalid' ? sent.issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)) : [];
}

/** Keys come from the file and may hold anything, terminal commands included. */
const printable = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');

async function sizeOf(source: string | AsyncIterable<Uint8Array>): Promise<number | null | Error> {
  if (typeof source !== 'string' || source === '-') return null;
  try {
    const facts = await stat(source);
    if (facts.isDirectory()) return new Error('it is a folder');
    return facts.isFile() ? facts.size : null;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function bytesOf(source: string | AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  if (typeof source !== 'string') return source;
  return source === '-' ? process.stdin : createReadStream(source);
}
