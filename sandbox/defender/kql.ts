// The little KQL the simulated Defender understands: values in `let` lines, rows of the named tables in which one of them stands, a last `summarize`.

import { asksInvestigations, newestInvestigations } from './air.ts';
import type { HuntingRow } from './hunting.ts';

export type Found = { columns: { name: string; type: string }[]; rows: HuntingRow[] } | { error: string };

/** Only these are asked about; a table outside them is a mistake of whoever wrote the query. */
const TABLES =
  /\b(Device(?:Events|FileEvents|ImageLoadEvents|LogonEvents|NetworkEvents|ProcessEvents|RegistryEvents)|Email(?:Events|AttachmentInfo|UrlInfo|PostDeliveryEvents)|UrlClickEvents|EntraIdSignInEvents|Identity(?:LogonEvents|DirectoryEvents)|CloudAppEvents)\b/g;

export function runKql(query: string, tables: Record<string, HuntingRow[]>): Found {
  const lets = query.split('\n').filter((line) => /^let \w+ = .*;$/.test(line));
  const rest = query.split('\n').filter((line) => !/^let \w+ = .*;$/.test(line));
  const named = [...new Set(rest.join('\n').match(TABLES) ?? [])];
  if (named.length === 0) return { error: `Syntax error: no table in '${rest[0] ?? ''}'.` };
  if ((query.match(/(?<!\\)"/g) ?? []).length % 2 !== 0) return { error: 'Syntax error: a string literal is not closed.' };
  if (asksInvestigations(query)) return newestInvestigations(query, tables['CloudAppEvents'] ?? []);
  const values = lets.flatMap(literalsOf);
  const matching: HuntingRow[] = named.flatMap((table) =>
    (tables[table] ?? []).filter((row) => holdsOneOf(row, values)).map((row) => ({ SourceTable: table, ...row })),
  );
  const summary = rest.findLast((line) => /^\| summarize /.test(line));
  if (summary !== undefined && !rest.join('\n').includes('join kind')) return summarized(summary.replace('| summarize ', ''), matching);
  const take = Number(/\| take (\d+)/.exec(rest.at(-1) ?? '')?.[1] ?? 10_000);
  const rows = matching.toSorted((a, b) => String(b['Timestamp']).localeCompare(String(a['Timestamp']))).slice(0, take);
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return { columns: names.map((name) => ({ name, type: name === 'Timestamp' ? 'DateTime' : typeOf(rows, name) })), rows };
}

const typeOf = (rows: HuntingRow[], name: string): string =>
  typeof rows.find((row) => row[name] !== undefined)?.[name] === 'number' ? 'Int64' : 'String';

const literalsOf = (line: string): string[] =>
  [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) => JSON.parse(`"${text}"`).toLowerCase()).filter((text) => text !== '');

const holdsOneOf = (row: HuntingRow, values: readonly string[]): boolean =>
  Object.values(row).some(
    (cell) =>
      typeof cell === 'string' &&
      values.some((value) => cell.toLowerCase() === value || (value.includes('://') && cell.toLowerCase().startsWith(value))),
  );

/** Only the aggregations of the queries that count, over all rows. */
function summarized(text: string, rows: HuntingRow[]): Found {
  const told: HuntingRow = {};
  for (const part of text.split(/,\s*(?=\w+ = )/)) {
    const [, name = '', how = '', inside = ''] = /^(\w+) = (\w+)\((.*)\)$/.exec(part.trim()) ?? [];
    if (name === '') return { error: `Syntax error: '${part}' is no aggregation.` };
    told[name] = aggregate(name, how, inside, rows);
  }
  const columns = Object.entries(told).map(([name, value]) => ({ name, type: typeof value === 'number' ? 'Int64' : 'DateTime' }));
  return { columns, rows: [told] };
}

const distinct = (rows: HuntingRow[], column: string): number =>
  new Set(rows.flatMap((row) => (row[column] === undefined ? [] : [row[column]]))).size;

function aggregate(name: string, how: string, inside: string, rows: HuntingRow[]): unknown {
  const of = (table: string) => rows.filter((row) => row['SourceTable'] === table);
  // Counted by device before.
  if (name === 'Devices') return distinct(rows, 'DeviceId');
  if (name === 'Clicks') return of('UrlClickEvents').length;
  if (name === 'People' && how === 'dcountif') return distinct(of('UrlClickEvents'), 'AccountUpn');
  if (name === 'Messages' && how === 'dcountif') return distinct(of('EmailUrlInfo'), 'NetworkMessageId');
  if (name === 'Delivered') return rows.filter((row) => row['DeliveryAction'] === 'Delivered').length;
  if (name === 'Threats') return rows.filter((row) => String(row['ThreatTypes'] ?? '') !== '').length;
  if (how === 'count') return rows.length;
  if (how === 'dcount') return distinct(rows, inside);
  const times = rows.map((row) => String(row['Timestamp'])).sort();
  return (how === 'min' ? times[0] : times.at(-1)) ?? null;
}
