/** `countersign audit verify`, `audit head` and `audit export`: the sealed record, looked at from outside. They read and never write. */
import { readFile } from 'node:fs/promises';
import { type ChainReport, checkChain, type Finding } from './action-center/check-chain.ts';
import { ConfigError } from './action-center/errors.ts';
import { type Head, timeOf } from './action-center/seal.ts';
import type { Config } from './config.ts';
import { sha256 } from './ids.ts';
import { openVerifier, type Verifier } from './seal-keys.ts';
import { type Database, openDatabase, storing } from './store/database.ts';
import { openEngine } from './store/engine.ts';
import { chainSource, eventLines, inSnapshot, lastSeal, readHead, readUnsealed, type Unsealed } from './store/seals-read.ts';

export type Say = (line: string) => void;
type RecordConfig = Pick<Config, 'databaseUrl' | 'dataDir' | 'tenantId'>;

/** The record and nothing else: no queue, no directory, no migration. */
async function withRecord<T>({ databaseUrl, dataDir }: RecordConfig, run: (db: Database) => Promise<T>): Promise<T> {
  const errors: unknown[] = [];
  const engine = await openEngine(databaseUrl === null ? { dataDir } : { databaseUrl }, { onError: (error) => void errors.push(error) });
  try {
    return await run(openDatabase(engine.pool));
  } finally {
    await engine.close();
  }
}

export type VerifyOptions = { from?: string; publicKey?: string; expect?: string };

/** 0 all fits, 1 something does not. A wrong option is a ConfigError. */
export async function verifyAudit(config: RecordConfig, options: VerifyOptions, say: Say): Promise<number> {
  const { from, expect } = readOptions(options);
  const isSignature = options.publicKey === undefined ? null : await readKeys(options.publicKey);
  return withRecord(config, async (db) => {
    const began = performance.now();
    const { report, head, unsealed } = await storing('reading the audit record', () =>
      inSnapshot(db, async (trx) => {
        const source = await chainSource(trx, config.tenantId, from === null ? {} : { from });
        mustExist(from, source.head);
        const checked = await checkChain(source, { sha256, isSignature, ...(expect === null ? {} : { expect }) });
        return { report: checked, head: source.head, unsealed: await readUnsealed(trx, config.tenantId, source.head) };
      }).catch(asItIs),
    ).then(orThrow);
    const seconds = (performance.now() - began) / 1000;
    for (const finding of report.findings) say(sentenceOf(finding));
    if (report.found > report.findings.length) say(`... and ${report.found - report.findings.length} more.`);
    say(summaryOf(report, seconds, { from, isSigned: isSignature !== null }));
    say(unsealedText(unsealed));
    if (head !== null && report.last !== null) say(headText({ ...head, at: report.last.at }));
    return report.found === 0 ? 0 : 1;
  });
}

/** A wrong option is found out within the look-up, and is no trouble of the store. */
const asItIs = (error: unknown): ConfigError => {
  if (error instanceof ConfigError) return error;
  throw error;
};
function orThrow<T>(value: T | ConfigError): T {
  if (value instanceof ConfigError) throw value;
  return value;
}

function readOptions({ from, expect }: VerifyOptions) {
  const problems: string[] = [];
  if (from !== undefined && !/^[1-9]\d{0,14}$/.test(from)) problems.push('--from: must be the number of a seal, 1 or more');
  const [, number, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(expect ?? '') ?? [];
  if (expect !== undefined && number === undefined) problems.push('--expect: must be NUMBER:HASH, as `audit head` prints them');
  if (problems.length > 0) throw new ConfigError(problems);
  return { from: from ?? null, expect: number !== undefined && hash !== undefined ? { number, hash } : null };
}

function mustExist(from: string | null, head: Head | null): void {
  if (from !== null && Number(from) > Number(head?.number ?? 0))
    throw new ConfigError([`--from: there is no seal ${from}; the newest is ${head?.number ?? 'none'}`]);
}

async function readKeys(file: string): Promise<Verifier> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new ConfigError([`--public-key: ${file} cannot be read (${error instanceof Error ? error.message : String(error)})`]);
  });
  return openVerifier(text, `--public-key: ${file}`);
}

const inSeal = ({ number }: Finding): string => (number === null ? '' : ` (seal ${number})`);
const range = ({ number, to }: Finding): string => (to === null || to === number ? `Seal ${number} is` : `Seals ${number} to ${to} are`);

const sentences: { [what in Finding['what']]: (finding: Finding) => string } = {
  'event-altered': (one) => `Event ${one.seq} was altered${inSeal(one)}.`,
  'event-missing': (one) => `Event ${one.seq} is missing${inSeal(one)}.`,
  'event-inserted': (one) => `Event ${one.seq} was inserted after its time${inSeal(one)}.`,
  'events-swapped': (one) => `Events ${one.seq} and ${one.to} were exchanged${inSeal(one)}.`,
  'batch-altered': (one) => `An event of seal ${one.number} was altered; it cannot be told which.`,
  'seal-altered': (one) => `Seal ${one.number} was altered; its events cannot be judged.`,
  'seal-missing': (one) => `${range(one)} missing; what was sealed there cannot be judged.`,
  'seal-inserted': (one) => `${range(one)} too many: not made by Countersign, or removed earlier and put back.`,
  'seal-replaced': (one) => `Seal ${one.number} does not follow the seal before it: one of the two was replaced.`,
  'seal-unsigned': (one) => `Seal ${one.number}, the newest, is not signed, so the key proves nothing after the last signed one.`,
  'signature-wrong': (one) => `The signature of seal ${one.number} is not of a key that was given.`,
  'head-missing': (one) => `The head is missing; the newest seal there is has the number ${one.number}.`,
  'head-altered': (one) => `The head does not fit seal ${one.number}: one of the two was altered.`,
  'head-unexpected': (one) => `Seal ${one.number} is not the one that was expected: the chain was made anew, or its end was cut off.`,
};

const sentenceOf = (finding: Finding): string => sentences[finding.what](finding);

type Asked = { from: string | null; isSigned: boolean };

function summaryOf({ found, seals, events, signed }: ChainReport, seconds: number, { from, isSigned }: Asked): string {
  const rate = Math.round(events / Math.max(seconds, 0.001)).toLocaleString('en');
  const where = from === null ? '' : ` from seal ${from} on`;
  const key = isSigned
    ? `, ${signed} of them signed`
    : signed > 0
      ? `, ${signed} of them signed (not checked: no --public-key)`
      : ', not signed';
  const verdict = found === 0 ? 'Everything fits' : `${found} ${found === 1 ? 'thing does' : 'things do'} not fit`;
  return `${verdict}${where}: ${events.toLocaleString('en')} events in ${seals.toLocaleString('en')} seals${key}; ${seconds.toFixed(1)} s, ${rate} events/s.`;
}

function unsealedText({ events, oldestAt }: Unsealed): string {
  if (events === 0) return 'Every event is sealed.';
  const age = oldestAt === null ? '' : `; the oldest is ${Math.max(0, Math.round((Date.now() - oldestAt.getTime()) / 1000))} s old`;
  return `Not sealed yet: ${events === null ? 'more than 100,000' : events.toLocaleString('en')} events${age}.`;
}

const headText = ({ number, hash, at }: Pick<Head, 'number' | 'hash'> & { at: string }): string =>
  `Head ${number}:${hash} of ${timeOf(at) ?? 'no time that can be written'}`;

/** One line, for a log or a digest. 1: there is no seal yet. */
export async function showHead(config: RecordConfig, say: Say): Promise<number> {
  return withRecord(config, async (db) => {
    const [head, last] = await storing('reading the head', async () => [
      await readHead(db, config.tenantId),
      await lastSeal(db, config.tenantId),
    ]);
    if (head !== null && last !== null) say(headText({ ...head, at: last.at }));
    else say('Nothing is sealed yet. A running bot or worker seals every few seconds.');
    return head !== null && last !== null ? 0 : 1;
  });
}

export type ExportOptions = { since?: string; until?: string };

/** JSON Lines, oldest first; `write` resolves when there is room for more. */
export async function exportAudit(config: RecordConfig, options: ExportOptions, write: (text: string) => Promise<void>): Promise<number> {
  const { since, until } = readPeriod(options);
  return withRecord(config, async (db) => {
    for await (const lines of eventLines(db, config.tenantId, { since, until })) await write(lines.map((line) => `${line}\n`).join(''));
    return 0;
  });
}

function readPeriod(options: ExportOptions): { since: string | null; until: string | null } {
  const problems: string[] = [];
  const read = (name: keyof ExportOptions): string | null => {
    const text = options[name];
    if (text === undefined) return null;
    const isDate = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/.test(text) && !Number.isNaN(Date.parse(text));
    if (!isDate) problems.push(`--${name}: must be a date like 2026-11-21 or a time like 2026-11-21T08:00:00Z`);
    return isDate ? new Date(text).toISOString() : null;
  };
  const period = { since: read('since'), until: read('until') };
  if (problems.length > 0) throw new ConfigError(problems);
  return period;
}
