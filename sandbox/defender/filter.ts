// `$filter` as far as the routes document it: comparisons joined by `and`. Anything else is refused, never passed over.

type Comparison = { field: string; operator: 'eq' | 'ge' | 'gt' | 'le' | 'lt'; value: string };

const ONE = /^\s*(\w+)\s+(eq|ge|gt|le|lt)\s+(?:'((?:[^']|'')*)'|(\d{4}-[\dT:.Z-]+))\s*(?:\band\b|$)/;

/** Undefined: not a filter that is understood. */
export function readFilter(text: string, fields: readonly string[]): Comparison[] | undefined {
  const found: Comparison[] = [];
  let rest = text;
  while (rest.trim() !== '') {
    const match = ONE.exec(rest);
    const [whole, field, operator, quoted, time] = match ?? [];
    if (whole === undefined || field === undefined || !fields.includes(field)) return undefined;
    found.push({ field, operator: operator as Comparison['operator'], value: quoted?.replaceAll("''", "'") ?? time ?? '' });
    rest = rest.slice(whole.length);
  }
  return found.length === 0 ? undefined : found;
}

/** Times are compared as times, everything else without regard to case. */
export function fits(row: Record<string, unknown>, comparisons: readonly Comparison[]): boolean {
  return comparisons.every(({ field, operator, value }) => {
    const text = String(row[field] ?? '');
    if (operator === 'eq') return text.toLowerCase() === value.toLowerCase();
    const [one, other] = [Date.parse(text), Date.parse(value)];
    const order = { ge: one >= other, gt: one > other, le: one <= other, lt: one < other };
    return order[operator];
  });
}
