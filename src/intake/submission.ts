/** What every way in does with a submitted body before the product's own schema sees it: bytes to JSON, and limits that keep it storable. */
import { type Announced, type Issue, parseSubmission } from '../action-center/announce.ts';
import type { Intake } from '../action-center/intake.ts';

export const maxBodyBytes = 256 * 1024;
/** The contract needs 4 levels; parameters may be nested further. Deeper ones would exhaust the stack of whoever walks them. */
const maxDepth = 32;
const maxIssues = 100;
const maxPath = 300;

/** The flow `announce`, joined with its store by whoever starts the way in. */
export type Announce = (intake: Intake) => Promise<Announced>;

/** What became of one action. `failed`: it may be submitted again; the reason is one for an operator. */
export type Sent =
  | { kind: 'accepted' | 'known' }
  | { kind: 'conflict'; message?: string }
  | { kind: 'invalid'; issues: Issue[] }
  | { kind: 'failed'; reason: string };
export type Send = (intake: Intake) => Promise<Sent>;

/** Why a submission meets one that is there already, and what its producer can do. */
export function conflictText({ action, why }: Extract<Announced, { kind: 'conflict' }>): string {
  if (why === 'content') return 'the same producer and id were submitted before with other content; a higher `revision` takes its place';
  const { decision, status, updatedAt } = action;
  const end = decision ? `${status}: it was decided (${decision.verb}) at ${decision.decidedAt}` : `${status} since ${updatedAt}`;
  return `this action is ${end}, so no revision can take its place any more; submit it under another id`;
}

/** What a file hears of one of its actions. */
export const sentOf = (announced: Announced): Sent =>
  announced.kind === 'conflict' ? { kind: 'conflict', message: conflictText(announced) } : announced;

type Issues = { issues: Issue[] };

export function parseJson(bytes: Uint8Array): { value: unknown } | Issues {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { issues: [{ path: '', message: 'is not valid UTF-8' }] };
  }
  if (text.trim() === '') return { issues: [{ path: '', message: 'is empty' }] };
  try {
    return { value: JSON.parse(text) };
  } catch {
    // The parser's own message quotes the body, which may hold anything.
    return { issues: [{ path: '', message: 'is not valid JSON' }] };
  }
}

/** `idempotencyKey` stands in for `id`. */
export function readSubmission(value: unknown, idempotencyKey?: string): { intake: Intake } | Issues {
  const problem = unstorable(value);
  if (problem) return { issues: [problem] };
  const parsed = parseSubmission(value, idempotencyKey);
  if (!('issues' in parsed)) return parsed;
  return { issues: parsed.issues.slice(0, maxIssues).map(({ path, message }) => ({ path: path.slice(0, maxPath), message })) };
}

type Spot = { value: unknown; path: string; depth: number };

/** NUL and half a surrogate pair are valid JSON and cannot be stored as text: refused here, not retried for ever as a failing store. */
function unstorable(root: unknown): Issue | null {
  const open: Spot[] = [{ value: root, path: '', depth: 0 }];
  for (let spot = open.pop(); spot; spot = open.pop()) {
    const message = whyUnstorable(spot);
    if (message !== null) return { path: spot.path, message };
    const { value, path, depth } = spot;
    if (typeof value !== 'object' || value === null) continue;
    for (const [key, item] of Object.entries(value)) {
      open.push({ value: item, path: (path === '' ? key : `${path}.${key}`).slice(0, maxPath), depth: depth + 1 });
    }
  }
  return null;
}

function whyUnstorable({ value, depth }: Spot): string | null {
  if (typeof value === 'string') return isStorable(value) ? null : 'holds a NUL character or half a surrogate pair';
  if (typeof value !== 'object' || value === null) return null;
  if (depth >= maxDepth) return `is nested deeper than ${maxDepth} levels`;
  return Object.keys(value).every(isStorable) ? null : 'has a key with a NUL character or half a surrogate pair';
}

const isStorable = (text: string): boolean => !text.includes('\u0000') && text.isWellFormed();
