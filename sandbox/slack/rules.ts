// The small language the Block Kit limits are written in: a rule looks at one value and notes what Slack would refuse.
// Wording and `[json-pointer:...]` follow what chat.postMessage answers.

export type Surface = 'message' | 'modal' | 'home';
export type BlockProblem = { pointer: string; message: string };
/** What is counted over the whole message while its blocks are walked. */
export type Check = {
  surface: Surface;
  problems: BlockProblem[];
  blockIds: Set<string>;
  actionIds: Set<string>;
  markdown: number;
  tables: number;
};
export type Rule = (value: unknown, pointer: string, check: Check) => void;
export type Fields = Record<string, unknown>;

export const newCheck = (surface: Surface): Check => ({
  surface,
  problems: [],
  blockIds: new Set(),
  actionIds: new Set(),
  markdown: 0,
  tables: 0,
});
export const note = (check: Check, pointer: string, message: string): void => void check.problems.push({ pointer, message });
export const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
/** Characters as Slack's schema (JSON Schema `maxLength`) counts them: code points. */
export const lengthOf = (text: string): number => [...text].length;

export function string(limits: { max?: number; min?: number; oneOf?: readonly string[]; pattern?: RegExp } = {}): Rule {
  const { max = Number.POSITIVE_INFINITY, min = 1, oneOf, pattern } = limits;
  return (value, pointer, check) => {
    if (typeof value !== 'string') return note(check, pointer, 'must provide a string');
    const length = lengthOf(value);
    if (length < min) note(check, pointer, `must be more than ${min - 1} characters`);
    if (length > max) note(check, pointer, `must be less than ${max + 1} characters`);
    if (oneOf !== undefined && !oneOf.includes(value)) note(check, pointer, `must be a valid enum value (${oneOf.join(', ')})`);
    if (pattern !== undefined && !pattern.test(value)) note(check, pointer, 'must be in a valid format');
  };
}

export const boolean: Rule = (value, pointer, check) => {
  if (typeof value !== 'boolean') note(check, pointer, 'must provide a boolean');
};

export function number(limits: { min?: number; max?: number; whole?: boolean } = {}): Rule {
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, whole = true } = limits;
  return (value, pointer, check) => {
    if (typeof value !== 'number' || (whole && !Number.isInteger(value))) return note(check, pointer, 'must provide a number');
    if (value < min || value > max) note(check, pointer, `must be between ${min} and ${max}`);
  };
}

export const url: Rule = (value, pointer, check) => {
  string({ max: 3000 })(value, pointer, check);
  if (typeof value === 'string' && !/^(https?|slack|mailto):/i.test(value)) note(check, pointer, 'must be a valid URL');
};

export function list(item: Rule, limits: { min?: number; max: number }): Rule {
  const { min = 1, max } = limits;
  return (value, pointer, check) => {
    if (!Array.isArray(value)) return note(check, pointer, 'must provide an array');
    if (value.length < min) note(check, pointer, `no fewer than ${min} items allowed`);
    if (value.length > max) note(check, pointer, `no more than ${max} items allowed`);
    value.forEach((entry, index) => {
      item(entry, `${pointer}/${index}`, check);
    });
  };
}

/** An object with these fields and no others; `also` adds the rules that need more than one field. */
export function object(
  required: Record<string, Rule>,
  optional: Record<string, Rule> = {},
  also?: (value: Fields) => string | undefined,
): Rule {
  const fields = { ...required, ...optional };
  return (value, pointer, check) => {
    if (!isObject(value)) return note(check, pointer, 'must provide an object');
    for (const name of Object.keys(required)) if (value[name] === undefined) note(check, pointer, `missing required field: ${name}`);
    for (const name of Object.keys(value)) checkField(fields, name, value, pointer, check);
    const more = also?.(value);
    if (more !== undefined) note(check, pointer, more);
  };
}

function checkField(fields: Record<string, Rule>, name: string, value: Fields, pointer: string, check: Check): void {
  if (value[name] === undefined) return;
  const rule = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (rule === undefined) note(check, `${pointer}/${name}`, `invalid additional property: ${name}`);
  else rule(value[name], `${pointer}/${name}`, check);
}

/** The rule named by the value's own `type`. */
export function byType(rules: Record<string, Rule>): Rule {
  return (value, pointer, check) => {
    if (!isObject(value)) return note(check, pointer, 'must provide an object');
    const type = value['type'];
    if (typeof type !== 'string') return note(check, pointer, 'missing required field: type');
    const rule = Object.hasOwn(rules, type) ? rules[type] : undefined;
    if (rule === undefined) return note(check, `${pointer}/type`, `unsupported type: ${type}`);
    rule(value, pointer, check);
  };
}

export const pick = (rules: Record<string, Rule>, ...names: string[]): Record<string, Rule> =>
  Object.fromEntries(names.flatMap((name) => (rules[name] === undefined ? [] : [[name, rules[name]]])));

export const problemText = (problem: BlockProblem): string => `${problem.message} [json-pointer:${problem.pointer}]`;
