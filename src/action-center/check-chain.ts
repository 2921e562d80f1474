/**
 * Walks the sealed record from its beginning to its head and names what does not fit. Pure and streaming: seals and events come page by page, in
 * the order of their numbers, and nothing is kept but the page at hand and a bounded list of findings.
 */
import {
  batchLine,
  type ExactEvent,
  eventDigest,
  type Head,
  isWhole,
  markOf,
  marksOf,
  noHash,
  type Seal,
  type Sha256,
  sealText,
} from './seal.ts';

export type Finding = {
  what:
    | 'event-altered'
    | 'event-missing'
    | 'event-inserted'
    | 'events-swapped'
    | 'batch-altered'
    | 'seal-altered'
    | 'seal-missing'
    | 'seal-inserted'
    | 'seal-replaced'
    | 'seal-unsigned'
    | 'signature-wrong'
    | 'head-missing'
    | 'head-altered'
    | 'head-unexpected';
  /** The event's number, where it is about one. */
  seq: string | null;
  /** The seal's number, or the first of several. */
  number: string | null;
  /** The other event of a swap, or the last of several seals. */
  to: string | null;
};

export type ChainSource = {
  head: Head | null;
  /** The seal before the first one that is asked for: what follows it is taken from there. */
  anchor: Seal | null;
  seals: AsyncIterable<Seal[]>;
  /** Those after the anchor's. */
  events: AsyncIterable<ExactEvent[]>;
};

export type ChainOptions = {
  sha256: Sha256;
  /** Whether a signature is right; null when there is no key to tell by. */
  isSignature: ((keyId: string, text: string, signature: string) => boolean) | null;
  /** A head that was kept elsewhere. */
  expect?: { number: string; hash: string };
  /** Where the chain begins was looked at before. */
  trustStart?: boolean;
};

export type ChainReport = {
  /** In the order of the chain; the first is where to look. */
  findings: Finding[];
  /** How many there are; `findings` holds the first of them. */
  found: number;
  seals: number;
  events: number;
  signed: number;
  first: Seal | null;
  last: Seal | null;
};

const maxFindings = 100;

/** One event at a time out of pages. */
class EventStream {
  readonly #pages: AsyncIterator<ExactEvent[]>;
  #page: ExactEvent[] = [];
  #place = 0;
  #ended = false;

  constructor(pages: AsyncIterable<ExactEvent[]>) {
    this.#pages = pages[Symbol.asyncIterator]();
  }

  /** The next event, left where it is; undefined when the page is used up: `fill` then. */
  get next(): ExactEvent | undefined {
    return this.#page[this.#place];
  }

  take(): void {
    this.#place += 1;
  }

  /** False at the end. */
  async fill(): Promise<boolean> {
    while (!this.#ended && this.next === undefined) {
      const { value, done } = await this.#pages.next();
      this.#page = done === true ? [] : value;
      this.#place = 0;
      this.#ended = done === true;
    }
    return this.next !== undefined;
  }

  /** Ends the look-up behind it. */
  async close(): Promise<void> {
    this.#ended = true;
    await this.#pages.return?.();
  }
}

type Walk = {
  options: ChainOptions;
  events: EventStream;
  report: ChainReport;
  /** The number that comes next, null before the first seal. */
  expected: number | null;
  headNumber: number;
  previous: string | null;
  /** The seal before is missing or altered: where its events end is not known, and what is between is not judged. */
  blurred: boolean;
  sealedThrough: number;
  /** What the newest retention seal says was removed. */
  removed: { number: string; hash: string } | null;
  expectedSeen: boolean;
  /** Altered events, by what they hold now and should hold: two that changed places are named together. */
  altered: Map<string, Finding>;
};

function found({ report }: Walk, finding: Pick<Finding, 'what'> & Partial<Finding>, first = false): Finding {
  const whole: Finding = { seq: null, number: null, to: null, ...finding };
  report.found += 1;
  if (first) report.findings.unshift(whole);
  else if (report.findings.length < maxFindings) report.findings.push(whole);
  return whole;
}

export async function checkChain(source: ChainSource, options: ChainOptions): Promise<ChainReport> {
  const { anchor } = source;
  const walk: Walk = {
    options,
    events: new EventStream(source.events),
    report: { findings: [], found: 0, seals: 0, events: 0, signed: 0, first: null, last: null },
    expected: anchor === null ? null : Number(anchor.number) + 1,
    headNumber: Number(source.head?.number ?? 0),
    previous: anchor?.hash ?? null,
    blurred: false,
    sealedThrough: anchor === null ? 0 : Number(anchor.lastSeq),
    removed: null,
    expectedSeen: options.expect === undefined,
    altered: new Map(),
  };
  try {
    for await (const page of source.seals) for (const seal of page) await takeSeal(walk, seal);
    await drain(walk, source.head);
  } finally {
    await walk.events.close();
  }
  checkStart(walk, anchor);
  checkEnd(walk, source.head);
  return walk.report;
}

async function takeSeal(walk: Walk, seal: Seal): Promise<void> {
  const { options, report } = walk;
  if (!stepTo(walk, seal)) return;
  report.seals += 1;
  report.first ??= seal;
  report.last = seal;
  const whole = isWhole(options.sha256, seal);
  if (!whole) found(walk, { what: 'seal-altered', number: seal.number });
  else if (!walk.blurred && !follows(walk, seal)) found(walk, { what: 'seal-replaced', number: seal.number });
  checkSignature(walk, seal, whole);
  checkExpected(walk, seal);
  if (whole) await lookInto(walk, seal);
  walk.previous = seal.hash;
  walk.blurred = !whole || (walk.blurred && seal.kind !== 'events');
}

/** False: a seal of this number was there already, or never can be. */
function stepTo(walk: Walk, seal: Seal): boolean {
  const number = Number(seal.number);
  const isBeyond = walk.expected !== null && number > Math.max(walk.expected, walk.headNumber);
  if (number < (walk.expected ?? 1) || isBeyond) {
    found(walk, { what: 'seal-inserted', number: seal.number });
    return false;
  }
  if (walk.expected !== null && number > walk.expected) {
    found(walk, { what: 'seal-missing', number: String(walk.expected), to: String(number - 1) });
    walk.blurred = true;
  }
  walk.expected = number + 1;
  return true;
}

async function lookInto(walk: Walk, seal: Seal): Promise<void> {
  if (walk.blurred) await skipTo(walk, Number(seal.firstSeq));
  if (seal.kind === 'events') await compareEvents(walk, seal);
  else walk.removed = { number: seal.throughNumber ?? '', hash: seal.throughHash ?? '' };
  walk.sealedThrough = Math.max(walk.sealedThrough, Number(seal.lastSeq));
}

/** The first seal of all follows nothing; what begins later is looked at in checkStart. */
function follows({ previous, options }: Walk, seal: Seal): boolean {
  if (previous !== null) return seal.previous === previous;
  return options.trustStart === true || seal.number !== '1' || seal.previous === noHash;
}

function checkSignature(walk: Walk, seal: Seal, whole: boolean): void {
  if (seal.signature === null && seal.keyId === null) return;
  walk.report.signed += 1;
  const { isSignature, sha256 } = walk.options;
  if (!whole || isSignature === null) return;
  if (!isSignature(seal.keyId ?? '', sealText(sha256, seal), seal.signature ?? ''))
    found(walk, { what: 'signature-wrong', number: seal.number });
}

function checkExpected(walk: Walk, { number, hash }: Seal): void {
  const { expect } = walk.options;
  if (expect?.number !== number) return;
  walk.expectedSeen = true;
  if (expect.hash !== hash) found(walk, { what: 'head-unexpected', number });
}

async function skipTo({ events }: Walk, seq: number): Promise<void> {
  while (events.next !== undefined || (await events.fill())) {
    if (Number(events.next?.seq) >= seq) return;
    events.take();
  }
}

/** Both lists are in order: whatever is in one of them only is missing or was inserted. */
async function compareEvents(walk: Walk, seal: Seal): Promise<void> {
  const { events, report, options } = walk;
  const before = report.found;
  let lines = '';
  for (const { seq, mark } of marksOf(seal)) {
    await passInserted(walk, seal, seq - 1);
    const event = events.next;
    if (event === undefined || Number(event.seq) !== seq) {
      found(walk, { what: 'event-missing', seq: String(seq), number: seal.number });
      continue;
    }
    events.take();
    report.events += 1;
    const digest = eventDigest(options.sha256, event);
    if (markOf(digest) !== mark) foundAltered(walk, { seq: event.seq, number: seal.number }, mark, markOf(digest));
    lines += batchLine(event.seq, digest);
  }
  // Marks are the beginnings of digests only.
  if (report.found === before && options.sha256(lines) !== seal.digest) found(walk, { what: 'batch-altered', number: seal.number });
}

async function passInserted(walk: Walk, seal: Seal | null, through: number): Promise<void> {
  const { events } = walk;
  while (events.next !== undefined || (await events.fill())) {
    const seq = events.next?.seq ?? '';
    if (Number(seq) > through) return;
    found(walk, { what: 'event-inserted', seq, number: seal?.number ?? null });
    events.take();
  }
}

function foundAltered(walk: Walk, where: { seq: string; number: string }, expected: string, actual: string): void {
  const other = walk.altered.get(`${actual} ${expected}`);
  if (other !== undefined) {
    other.what = 'events-swapped';
    other.to = where.seq;
    return;
  }
  const finding = found(walk, { what: 'event-altered', ...where });
  if (walk.altered.size < maxFindings) walk.altered.set(`${expected} ${actual}`, finding);
}

/** What is left up to the last seal belongs to no seal; what comes after is not sealed yet. */
async function drain(walk: Walk, head: Head | null): Promise<void> {
  if (walk.blurred) await skipTo(walk, Math.max(walk.sealedThrough, Number(head?.lastSeq ?? 0)) + 1);
  else await passInserted(walk, null, walk.sealedThrough);
}

/** A chain that does not begin with its first seal must say, further on, that the seals before were removed. */
function checkStart(walk: Walk, anchor: Seal | null): void {
  const { report, removed, options } = walk;
  if (anchor !== null || options.trustStart === true || report.first === null) return;
  const { number, previous } = report.first;
  const before = String(Number(number) - 1);
  if (removed === null) {
    if (before !== '0') found(walk, { what: 'seal-missing', number: '1', to: before }, true);
  } else if (Number(before) < Number(removed.number)) {
    found(walk, { what: 'seal-inserted', number, to: removed.number }, true);
  } else if (removed.number !== before) {
    found(walk, { what: 'seal-missing', number: String(Number(removed.number) + 1), to: before }, true);
  } else if (removed.hash !== previous && isWhole(options.sha256, report.first)) {
    found(walk, { what: 'seal-replaced', number }, true);
  }
}

function checkEnd(walk: Walk, head: Head | null): void {
  const { report, options } = walk;
  const last = report.last;
  const lastNumber = last?.number ?? String((walk.expected ?? 1) - 1);
  if (head === null) {
    if (last !== null) found(walk, { what: 'head-missing', number: lastNumber });
  } else if (head.number !== lastNumber) {
    foundOffHead(walk, head, last, lastNumber);
  } else if (last !== null && !walk.blurred && (head.hash !== last.hash || Number(head.lastSeq) !== walk.sealedThrough)) {
    found(walk, { what: 'head-altered', number: head.number });
  }
  if (!walk.expectedSeen && Number(options.expect?.number) > Number(lastNumber)) {
    found(walk, { what: 'head-unexpected', number: options.expect?.number ?? null });
  }
  if (options.isSignature !== null && last !== null && last.signature === null) found(walk, { what: 'seal-unsigned', number: lastNumber });
}

function foundOffHead(walk: Walk, head: Head, last: Seal | null, lastNumber: string): void {
  const [at, end] = [Number(head.number), Number(lastNumber)];
  if (last !== null && head.hash === last.hash) found(walk, { what: 'head-altered', number: head.number });
  else if (at > end) found(walk, { what: 'seal-missing', number: String(end + 1), to: head.number });
  else found(walk, { what: 'seal-inserted', number: String(at + 1), to: lastNumber });
}
