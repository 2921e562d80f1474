/**
 * How the audit record is sealed. Events are taken in batches, in the order of their numbers; a seal holds what a batch looked like and the hash
 * of the seal before, so that nothing before the newest seal can change without a trace. Pure: hashing and signing are handed in.
 */

/** SHA-256 of a text's UTF-8, as 64 hex digits. */
export type Sha256 = (text: string) => string;

/** An audit event with every column as exact text: `at` the 8 bytes of the timestamp as hex, `data` the jsonb as the engine prints it. */
export type ExactEvent = {
  seq: string;
  tenantId: string;
  actionId: string | null;
  at: string;
  kind: string;
  actorId: string | null;
  data: string;
};

/**
 * `events` seals a batch. `retention` says that the seals up to `throughNumber`, whose hash was `throughHash`, were removed with their events;
 * its range and count are those of what was removed.
 */
export type SealKind = 'events' | 'retention';

/** Whole numbers are text, as the engine prints them: whatever was put into a column is looked at as it is. */
export type SealBody = {
  tenantId: string;
  number: string;
  kind: SealKind;
  firstSeq: string;
  lastSeq: string;
  count: string;
  /** Over every column of every event of the batch. */
  digest: string;
  /** For each event its number and the beginning of its digest, 8 bytes each, as hex: what changed can be named by it. */
  marks: string;
  /** The hash of the seal before; zeros for the first. */
  previous: string;
  /** The 8 bytes of the timestamp as hex. */
  at: string;
  throughNumber: string | null;
  throughHash: string | null;
  /** Whose signature it is; null when it is not signed. */
  keyId: string | null;
};

export type Seal = SealBody & { signature: string | null; hash: string };

/** The newest seal, kept apart from the seals: one that is taken off the end is missed. */
export type Head = { number: string; hash: string; lastSeq: string };

/** Signs the text of a seal; the signature as hex. */
export type Signer = { keyId: string; sign: (text: string) => string };

export const noHash = '0'.repeat(64);
const markDigits = 16;

/** Without its number, which stands beside it: two events that changed places are recognised. */
export function eventDigest(sha256: Sha256, { tenantId, actionId, at, kind, actorId, data }: ExactEvent): string {
  return sha256(JSON.stringify(['countersign-event-1', tenantId, actionId, at, kind, actorId, data]));
}

export const batchLine = (seq: string, digest: string): string => `${seq}:${digest}\n`;

export const markOf = (digest: string): string => digest.slice(0, markDigits);

export type Mark = { seq: number; mark: string };

export function marksOf({ marks }: Pick<Seal, 'marks'>): Mark[] {
  const list: Mark[] = [];
  for (let place = 0; place < marks.length; place += 2 * markDigits) {
    const middle = place + markDigits;
    list.push({ seq: Number.parseInt(marks.slice(place, middle), 16), mark: marks.slice(middle, middle + markDigits) });
  }
  return list;
}

type Range = Pick<SealBody, 'firstSeq' | 'lastSeq' | 'count' | 'digest' | 'marks'>;

/** What a seal says of a batch; `events` in the order of their numbers and not empty. */
export function describeBatch(sha256: Sha256, events: readonly ExactEvent[]): Range {
  let lines = '';
  let marks = '';
  for (const event of events) {
    const digest = eventDigest(sha256, event);
    lines += batchLine(event.seq, digest);
    marks += Number(event.seq).toString(16).padStart(markDigits, '0') + markOf(digest);
  }
  const [first, last] = [events.at(0), events.at(-1)];
  return { firstSeq: first?.seq ?? '0', lastSeq: last?.seq ?? '0', count: String(events.length), digest: sha256(lines), marks };
}

/** What is signed. Every column is in it; the marks by their hash. */
export function sealText(sha256: Sha256, body: SealBody): string {
  const { tenantId, number, kind, firstSeq, lastSeq, count, digest, marks, previous, at, throughNumber, throughHash, keyId } = body;
  const fields = [tenantId, number, kind, firstSeq, lastSeq, count, digest, sha256(marks), previous, at, throughNumber, throughHash, keyId];
  return JSON.stringify(['countersign-seal-1', ...fields]);
}

/** The signature is in the hash, so that the seal after it holds it as well. */
const sealHash = (sha256: Sha256, text: string, signature: string | null): string => sha256(`${text}\n${signature ?? ''}`);

/** Closes the next seal of a chain. */
export function closeSeal(sha256: Sha256, signer: Signer | null, open: Omit<SealBody, 'keyId'>): Seal {
  const body: SealBody = { ...open, keyId: signer?.keyId ?? null };
  const text = sealText(sha256, body);
  const signature = signer?.sign(text) ?? null;
  return { ...body, signature, hash: sealHash(sha256, text, signature) };
}

export const isWhole = (sha256: Sha256, seal: Seal): boolean => sealHash(sha256, sealText(sha256, seal), seal.signature) === seal.hash;

const year2000 = 946_684_800_000n;

/** A time as the engine keeps a timestamp: microseconds since 2000, 8 bytes as hex. */
export function stampOf(ms: number): string {
  const micros = (BigInt(ms) - year2000) * 1000n;
  return BigInt.asUintN(64, micros).toString(16).padStart(16, '0');
}

/** For people: null when the stamp is no time that can be written. */
export function timeOf(stamp: string): string | null {
  const ms = Number(BigInt.asIntN(64, BigInt(`0x${stamp}`)) / 1000n + year2000);
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : null;
}
