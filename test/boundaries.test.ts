/** Who may import what, as DESIGN.md section 3 has it. The first half judges, the last part checks that the judge is awake. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseSync } from 'vite';
import { describe, expect, it } from 'vitest';

/** `a/` is a folder with everything below, `a/*` the files right in it, anything else one file. The first row that names a file is its row. */
type Row = { files: string[]; ours: string[]; packages?: string[] };

const edge = (folder: string): Row => ({ files: [`src/${folder}/`], ours: [`src/${folder}/`, 'src/action-center/'] });
const platform = (folder: string): Row => ({
  files: [`src/chat/${folder}/`],
  ours: [`src/chat/${folder}/`, 'src/chat/*', 'src/action-center/'],
});

const configParts = ['teams', 'entra', 'defender', 'feeds', 'files', 'ingest', 'on-call', 'values'].map((part) => `src/config-${part}.ts`);

const rows: Row[] = [
  { files: ['src/action-center/'], ours: ['src/action-center/'], packages: ['zod'] },
  ...['slack', 'teams'].map(platform),
  { files: ['src/chat/*'], ours: ['src/chat/*', 'src/action-center/'] },
  ...['intake', 'queue', 'store', 'microsoft'].map(edge),
  // Microsoft's login service and its way with HTTP are the same whether people are looked up or decisions carried out.
  ...['identity', 'defender'].map((folder): Row => ({ ...edge(folder), ours: [...edge(folder).ours, 'src/microsoft/'] })),
  // Draws what chat describes, and knows nothing else.
  { files: ['src/charts/'], ours: ['src/charts/', 'src/chat/chart.ts'] },
  // The error that lists every bad variable is the product's; nothing else of ours is known where the environment is read.
  { files: ['src/config.ts'], ours: ['src/action-center/errors.ts', ...configParts] },
  { files: ['src/config-defender.ts'], ours: ['src/config-app.ts', 'src/config-entra.ts', 'src/config-teams.ts'] },
  { files: ['src/config-on-call.ts'], ours: ['src/config-values.ts'] },
  {
    files: ['src/config-ingest.ts'],
    ours: ['src/config-app.ts', 'src/config-defender.ts', 'src/config-entra.ts', 'src/config-feeds.ts', 'src/config-teams.ts'],
  },
  { files: ['src/config-feeds.ts'], ours: ['src/config-entra.ts', 'src/config-teams.ts', 'src/config-values.ts'] },
  { files: ['src/config-values.ts'], ours: ['src/config-teams.ts'] },
  { files: ['src/config-entra.ts'], ours: ['src/config-app.ts', 'src/config-teams.ts'] },
  { files: ['src/config-app.ts'], ours: [] },
  { files: ['src/config-teams.ts'], ours: [] },
  { files: ['src/log.ts'], ours: [] },
  { files: ['src/*'], ours: ['src/'] },
  // Outside worlds know the platform's rules, not ours; the demo, which puts them together, may look at both.
  { files: ['sandbox/slack/', 'sandbox/teams/', 'sandbox/entra/', 'sandbox/defender/'], ours: ['sandbox/'] },
  { files: ['sandbox/'], ours: ['sandbox/', 'src/'] },
];

/** An SDK is known in one folder of src only. */
const homes: [packageName: RegExp, home: string][] = [
  [/^@slack\//, 'src/chat/slack/'],
  [/^botbuilder|^botframework-|^@microsoft\/teams-ai$/, 'src/chat/teams/'],
  [/^opentype\.js$|^@fontsource\//, 'src/charts/'],
  [/^bullmq$|^ioredis$/, 'src/queue/'],
  [/^pg$|^pg-|^kysely$|^@electric-sql\//, 'src/store/'],
];

const onlyHere = { 'process.env': 'src/config.ts', 'process.exit': 'src/main.ts' };
const maxLines = 400;

type Import = { from: string; isDynamic: boolean };
type Facts = { imports: Import[]; uses: Set<string>; lines: number };
type Node = { type: string; [key: string]: unknown };

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';

function* nodesOf(value: unknown): Generator<Node> {
  if (isNode(value)) yield value;
  if (typeof value === 'object' && value !== null) for (const child of Object.values(value)) yield* nodesOf(child);
}

/** The text of a name or of a literal: `exit` in `process.exit`, in `process['exit']` and in `{ exit }`. */
function textOf(value: unknown): string | null {
  if (!isNode(value)) return null;
  const { name, value: literal } = value;
  if (value.type === 'Identifier') return String(name);
  return value.type === 'Literal' && typeof literal === 'string' ? literal : null;
}

const isProcess = (value: unknown): boolean =>
  textOf(value) === 'process' || (isNode(value) && value.type === 'MemberExpression' && textOf(value['property']) === 'process');

/** What this node imports; an import that cannot be read is reported as such. */
function importOf(node: Node): Import | null {
  const dynamic = node.type === 'ImportExpression';
  const required = node.type === 'CallExpression' && textOf(node['callee']) === 'require' && Array.isArray(node['arguments']);
  const source = required ? (node['arguments'] as unknown[])[0] : node['source'];
  const isImport = dynamic || required || node.type === 'TSImportType' || /^(Import|Export)\w*Declaration$/.test(node.type);
  if (!isImport || source === null || source === undefined) return null;
  const isText = isNode(source) && source.type === 'Literal';
  return { from: (isText ? textOf(source) : null) ?? '(computed)', isDynamic: dynamic };
}

/** What this node takes from `process`: by a dot, by an index, by taking it apart, by importing it. */
function processUse(node: Node): (string | null)[] {
  if (node.type === 'MemberExpression' && isProcess(node['object'])) return [textOf(node['property'])];
  if (node.type === 'VariableDeclarator' && isProcess(node['init'])) return keysOf(node['id']);
  if (node.type === 'ImportDeclaration' && /^(node:)?process$/.test(textOf(node['source']) ?? '')) return importedNames(node['specifiers']);
  return [];
}

const keysOf = (pattern: unknown): (string | null)[] => [...nodesOf(pattern)].map((node) => textOf(node['key']));
const importedNames = (specifiers: unknown): (string | null)[] => [...nodesOf(specifiers)].map((node) => textOf(node['imported']));

function read(file: string, text: string): Facts {
  const { program, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file} cannot be parsed: ${errors[0]?.message}`);
  const facts: Facts = { imports: [], uses: new Set(), lines: text.trimEnd().split('\n').length };
  for (const node of nodesOf(program)) {
    const found = importOf(node);
    if (found) facts.imports.push(found);
    for (const name of processUse(node)) facts.uses.add(`process.${name}`);
  }
  return facts;
}

function covers(pattern: string, file: string): boolean {
  if (pattern.endsWith('/*')) return path.posix.dirname(file) === pattern.slice(0, -2);
  return pattern.endsWith('/') ? file.startsWith(pattern) : file === pattern;
}

function whyNotOurs(file: string, target: string, row: Row, isDynamic: boolean): string | null {
  if (file === target) return null;
  if (target === 'src/main.ts') return 'nobody imports main.ts';
  if (file === 'src/main.ts' && target.startsWith('sandbox/'))
    return isDynamic ? null : 'only the demo command reaches the sandbox, when it is asked for';
  return row.ours.some((pattern) => covers(pattern, target)) ? null : `${file} may not import ${target}`;
}

function whyNotPackage(file: string, name: string, row: Row): string | null {
  if (row.packages && !row.packages.includes(name)) return `${file} may not import the package ${name}`;
  const home = homes.find(([pattern]) => pattern.test(name))?.[1];
  return home && file.startsWith('src/') && !file.startsWith(home) ? `${name} belongs in ${home} only, not in ${file}` : null;
}

const packageOf = (from: string): string =>
  from
    .split('/')
    .slice(0, from.startsWith('@') ? 2 : 1)
    .join('/');

/** Everything that is wrong with one file; the paths are relative to the repository and written with `/`. */
function judge(file: string, text: string): string[] {
  const row = rows.find(({ files }) => files.some((pattern) => covers(pattern, file)));
  if (!row) return [`${file} has no row in the table: which folder of the design is it in?`];
  const { imports, uses, lines } = read(file, text);
  const complaints = imports.map(({ from, isDynamic }) => {
    if (from === '(computed)') return `${file} imports something that only shows at run time`;
    if (from.startsWith('#') || from.startsWith('/')) return `${file} imports ${from}, neither a relative path nor a package`;
    if (!from.startsWith('.')) return whyNotPackage(file, packageOf(from), row);
    return whyNotOurs(file, path.posix.normalize(path.posix.join(path.posix.dirname(file), from)), row, isDynamic);
  });
  for (const [use, home] of Object.entries(onlyHere))
    if (uses.has(use) && file !== home) complaints.push(`${use} belongs in ${home}, not in ${file}`);
  if (lines > maxLines) complaints.push(`${file} has ${lines} lines; ${maxLines} is the end`);
  return complaints.filter((complaint) => complaint !== null);
}

const root = path.resolve(import.meta.dirname, '..');
const sources = globSync(['src/**/*.{ts,tsx}', 'sandbox/**/*.{ts,tsx}'], { cwd: root })
  .map((file) => file.split(path.sep).join('/'))
  .filter((file) => !/\/(dist|node_modules)\/|\.config\.ts$/.test(file));

describe('the boundaries between the folders', () => {
  it('finds the sources', () => expect(sources).toContain('src/main.ts'));

  it('holds in every file of src and sandbox', () => {
    expect(sources.flatMap((file) => judge(file, readFileSync(path.join(root, file), 'utf8')))).toEqual([]);
  });
});

describe('the judge of the boundaries', () => {
  const refused: [file: string, text: string, why: RegExp][] = [
    ['src/action-center/decide.ts', "import { randomUUID } from 'node:crypto';", /may not import the package node:crypto/],
    ['src/action-center/decide.ts', "import type { Pool } from 'pg';", /may not import the package pg/],
    ['src/action-center/decide.ts', "export * from '../store/actions.ts';", /may not import src\/store\/actions.ts/],
    ['src/chat/slack/clicks.ts', "import { a } from '../teams/render.ts';", /may not import src\/chat\/teams/],
    ['src/chat/slack/clicks.ts', "import type { a } from '../../store/actions.ts';", /may not import src\/store/],
    ['src/chat/card.ts', "import { render } from './slack/render.ts';", /may not import src\/chat\/slack/],
    ['src/chat/reconcile.ts', "import { Button } from '@slack/types';", /belongs in src\/chat\/slack\/ only/],
    ['src/chat/slack/app.ts', "import { ActivityTypes } from 'botbuilder';", /belongs in src\/chat\/teams\/ only/],
    ['src/queue/decisions.ts', "import pg from 'pg';", /belongs in src\/store\/ only/],
    ['src/bot.ts', "type Job = import('bullmq').Job;", /belongs in src\/queue\/ only/],
    ['src/store/outbox.ts', "const { Queue } = await import('bullmq');", /belongs in src\/queue\/ only/],
    ['src/store/outbox.ts', "import { queueNames } from '../queue/contract.ts';", /may not import src\/queue/],
    ['src/defender/api.ts', "import { log } from '../log.ts';", /may not import src\/log.ts/],
    ['src/intake/http.ts', "import '../main.ts';", /nobody imports main.ts/],
    ['src/main.ts', "import { runDemo } from '../sandbox/demo.ts';", /only the demo command/],
    ['src/bot.ts', "const demo = await import('../sandbox/demo.ts');", /may not import sandbox\/demo.ts/],
    ['src/log.ts', "import { readConfig } from './config.ts';", /may not import src\/config.ts/],
    ['src/config.ts', "import { ActionType } from './action-center/action.ts';", /may not import src\/action-center\/action.ts/],
    ['src/bot.ts', "const part = './worker.ts'; await import(part);", /only shows at run time/],
    ['src/store/database.ts', 'const url = process.env.DATABASE_URL;', /process.env belongs in src\/config.ts/],
    ['src/store/database.ts', "const { env } = process; import { exit } from 'node:process';", /process.env belongs in src\/config.ts/],
    ['src/store/database.ts', "import { exit } from 'node:process';", /process.exit belongs in src\/main.ts/],
    ['src/bot.ts', "globalThis.process['exit'](1);", /process.exit belongs in src\/main.ts/],
    ['sandbox/slack/rates.ts', "import { Card } from '../../src/chat/card.ts';", /may not import src\/chat\/card.ts/],
    ['sandbox/teams/rates.ts', "import { Card } from '../../src/chat/card.ts';", /may not import src\/chat\/card.ts/],
    ['src/service/mail.ts', '', /has no row/],
    ['src/bot.ts', 'let a = 1;\n'.repeat(maxLines + 1).replaceAll('let', 'var'), /is the end/],
  ];
  it.each(refused)('refuses in %s: %s', (file, text, why) => expect(judge(file, text).join('\n')).toMatch(why));

  const fine: [file: string, text: string][] = [
    ['src/action-center/decide.ts', "import { z } from 'zod'; import { a } from './action.ts';"],
    [
      'src/chat/slack/clicks.ts',
      "import { App } from '@slack/bolt'; import { a } from '../card.ts'; import { b } from '../../action-center/action.ts';",
    ],
    ['src/main.ts', "const { runDemo } = await import('../sandbox/demo.ts'); process.exit(0);"],
    ['src/store/database.ts', "import { Kysely } from 'kysely'; import { sql } from 'kysely/migration';"],
    ['src/bot.ts', "// import pg from 'pg'; process.exit\nconst text = \"import 'bullmq'; process.env\"; process.exitCode = 1;"],
  ];
  it.each(fine)('lets through in %s: %s', (file, text) => expect(judge(file, text)).toEqual([]));
});
