/** Writes a share of the invented actions into the record by COPY, as psql's input. node history-load-process.ts URL ROWS FROM TO */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { RemediationAction } from '../src/action-center/intake.ts';
import { edition } from '../src/store/history-filing.ts';
import { propertiesOf, tokensOf, weekOf } from '../src/store/history-tokens.ts';
import { assetNames, deciderOf, entryOf, sortKey } from '../src/store/history-words.ts';
import { type HistoryAction, historyAction } from './harness/history-rows.ts';

const [url = '', total, from, to] = process.argv.slice(2);
const rows = Number(total);

const actionColumns = `tenant_id, id, producer, key, content_digest, type, source, severity, title, details, asset, entities, parameters,
  investigation_id, requested_by, requested_at, expires_at, status, version, scope_digest, policy_version, needed, is_protected, approvals,
  decision, outcome, created_at, updated_at, filed, decided_by`.replace(/\s+/g, ' ');
const entryColumns =
  `id, tenant_id, type, type_key, source, severity, words, entity_types, entity_key, asset_key, details_key, investigation_key,
  places, updated_at, status, decision, platform, decided_by, by_key, approval_key, tokens, edition`.replace(/\s+/g, ' ');

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n');
const cell = (value: unknown): string => (value === null || value === undefined ? '\\N' : escaped(String(value)));
const line = (values: unknown[]): string => `${values.map(cell).join('\t')}\n`;
const list = (values: readonly string[] | null): string | null => values && `{${values.map((value) => JSON.stringify(value)).join(',')}}`;
const vector = (words: string[]): string => words.map((word) => `'${word.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`).join(' ');

/** What is open stays open, whenever this is run: a bot that closes what is overdue would change the record while it is asked. */
const endOf = ({ word, updatedAt }: HistoryAction): string => (word === 'none' ? '2099-01-01T00:00:00Z' : updatedAt);

function actionLine(action: HistoryAction): string {
  const { id, updatedAt: at, decision } = action;
  const outcome = decision ? { status: action.status, at, message: null, externalRef: null } : null;
  return line([
    ...['default', id, 'bench', id, 'd', action.type, action.source, action.severity, action.title, action.details, action.asset],
    ...[
      JSON.stringify(action.entities),
      '{}',
      action.investigationId,
      '{"kind":"automation","name":"Automated investigation"}',
      at,
      endOf(action),
    ],
    ...[
      action.status,
      3,
      'sha256:0',
      'p1',
      1,
      'f',
      '[]',
      decision && JSON.stringify(decision),
      outcome && JSON.stringify(outcome),
      at,
      at,
      't',
    ],
    list(deciderOf(decision)),
  ]);
}

function entryLine(action: HistoryAction): string {
  const { id, updatedAt: at, decision, status, word } = action;
  const entry = entryOf(action, action.places);
  const properties = propertiesOf(action as unknown as RemediationAction, entry.places);
  const tokens = tokensOf(properties, assetNames(action), weekOf(Date.parse(at)));
  const by = deciderOf(decision);
  return line([
    ...[id, 'default', entry.type, entry.type_key, entry.source, entry.severity, vector(entry.words), list(entry.entity_types)],
    ...[entry.entity_key, entry.asset_key, entry.details_key, entry.investigation_key, list(entry.places), at, status, word],
    ...[
      decision?.platform,
      list(by),
      by ? sortKey(by[0]) : word === 'none' ? '' : 'automation',
      decision?.decisionId ?? '',
      `{${tokens.join(',')}}`,
      edition,
    ],
  ]);
}

function copyInto(table: string, columns: string) {
  const psql = spawn('psql', [url, '-q', '-v', 'ON_ERROR_STOP=1', '-c', `copy ${table} (${columns}) from stdin`], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  return {
    write: async (text: string) => {
      if (!psql.stdin.write(text)) await once(psql.stdin, 'drain');
    },
    end: async () => {
      const ended = once(psql, 'exit');
      psql.stdin.end();
      const [code] = (await ended) as [number];
      if (code !== 0) throw new Error(`psql ended with ${code}`);
    },
  };
}

const actions = copyInto('actions', actionColumns);
const entries = copyInto('history_entries', entryColumns);
for (let start = Number(from); start < Number(to); start += 500) {
  const batch = Array.from({ length: Math.min(500, Number(to) - start) }, (_, offset) => historyAction(start + offset, rows));
  await actions.write(batch.map(actionLine).join(''));
  await entries.write(batch.map(entryLine).join(''));
}
await Promise.all([actions.end(), entries.end()]);
