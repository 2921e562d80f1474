/** The text of a policy file becomes a policy, or the list of everything that is wrong with it, each with its line. */
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { PolicyFile } from './policy-file.ts';

/** Null: not a place in the file. */
export type PolicyProblem = { line: number | null; column: number | null; path: string; message: string };
type Place = Pick<PolicyProblem, 'line' | 'column'>;
type PlaceOf = (path: readonly PropertyKey[]) => Place;
export type Located = { file: PolicyFile; placeOf: PlaceOf };

const aliasBound = 100;

export function parsePolicy(content: string): Located | { problems: PolicyProblem[] } {
  const lines = new LineCounter();
  const document = parseDocument(content, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    return { problems: document.errors.map(({ pos, message }) => ({ ...at(lines, pos[0]), path: '', message })) };
  }
  const placeOf: PlaceOf = (path) => placeIn(document, lines, path);
  let plain: unknown;
  try {
    plain = document.toJS({ maxAliasCount: aliasBound });
  } catch (error) {
    return { problems: [{ line: null, column: null, path: '', message: error instanceof Error ? error.message : String(error) }] };
  }
  const parsed = PolicyFile.safeParse(plain ?? {});
  if (parsed.success) return { file: parsed.data, placeOf };
  const found = parsed.error.issues.flatMap((issue) => issuesOf(issue));
  return { problems: found.map(({ path, message }) => ({ ...placeOf(path), path: path.map(String).join('.') || 'the file', message })) };
}

const at = (lines: LineCounter, offset: number): Place => {
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
};

/** Where a value stands; of one that is missing, where it should stand: the nearest thing around it. */
function placeIn(document: Document, lines: LineCounter, path: readonly PropertyKey[]): Place {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return at(lines, node.range[0]);
  }
  return { line: null, column: null };
}

type Issue = { path: PropertyKey[]; message: string };

/** An unknown key is reported at its own place; of a value that may also be a list, the reading that came furthest is reported. */
function issuesOf(issue: z.core.$ZodIssue, under: PropertyKey[] = []): Issue[] {
  const path = [...under, ...issue.path];
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => ({ path: [...path, key], message: 'unknown key' }));
  if (issue.code === 'invalid_union') {
    const isList = (branch: z.core.$ZodIssue[]) => branch.some((inner) => inner.path.length === 0 && inner.code === 'invalid_type');
    const branch = issue.errors.find((candidate) => !isList(candidate)) ?? issue.errors.at(-1) ?? [];
    return branch.flatMap((inner) => issuesOf(inner, path));
  }
  return [{ path, message: issue.message }];
}
