// Moving mail and asking what became of it: https://learn.microsoft.com/graph/api/security-analyzedemail-remediate and advanced hunting, of which
// only two questions are understood. What happened shows in hunting data after a while, never at once.

import { randomUUID } from 'node:crypto';
import { badRequest, type HttpAnswer } from './answers.ts';
import type { Operation, Question } from './graph-operations.ts';
import { type EntraState, remember } from './state.ts';
import type { MailMove } from './types.ts';
import { isGuid, isObject, same } from './values.ts';

const V1 = ['v1.0'] as const;
const ACTIONS = ['moveToJunk', 'moveToInbox', 'hardDelete', 'softDelete', 'moveToDeletedItems'];
const SEVERITIES = ['low', 'medium', 'high'];
const MOVES = 100_000;

export const mailOperations: readonly Operation[] = [
  {
    route: 'remediateMail',
    verb: 'POST',
    versions: V1,
    path: /^\/security\/collaboration\/analyzedEmails\/remediate$/,
    options: [],
    needs: () => [['SecurityAnalyzedMessage.ReadWrite.All']],
    run: remediate,
  },
  {
    route: 'runHuntingQuery',
    verb: 'POST',
    versions: V1,
    path: /^\/security\/(?:microsoft\.graph\.security\.)?runHuntingQuery$/,
    options: [],
    needs: () => [['ThreatHunting.Read.All']],
    run: runQuery,
  },
];

function remediate({ state, body }: Question): HttpAnswer {
  const told = isObject(body) ? body : {};
  const { displayName, action, severity, analyzedEmails } = told;
  if (typeof displayName !== 'string' || !ACTIONS.includes(String(action)) || !SEVERITIES.includes(String(severity)))
    return badRequest('displayName, severity and action are required.');
  const copies = copiesOf(analyzedEmails);
  if (copies === undefined) return badRequest('analyzedEmails must name 1 to 100 copies by networkMessageId and recipientEmailAddress.');
  const bulkId = randomUUID();
  for (const copy of copies) {
    const result = state.mailFailures.get(copy.recipient.toLowerCase()) ?? 'Success';
    remember(state.mail, { ...copy, bulkId, name: displayName, action: String(action), result, at: state.now() }, MOVES);
  }
  const filters = encodeURIComponent(JSON.stringify({ bulkId: [bulkId] }));
  const location = `https://security.microsoft.com/action-center/history?filters=${filters}&tid=${state.options.tenantId}`;
  return { status: 202, headers: { Location: location } };
}

function copiesOf(value: unknown): Pick<MailMove, 'id' | 'recipient'>[] | undefined {
  if (!Array.isArray(value) || value.length < 1 || value.length > 100) return undefined;
  const copies = value.map((one) => {
    const { networkMessageId: id, recipientEmailAddress: recipient } = isObject(one) ? one : {};
    return { id: String(id), recipient: String(recipient) };
  });
  return copies.every(({ id, recipient }) => isGuid(id) && recipient.includes('@')) ? copies : undefined;
}

function runQuery({ state, body }: Question): HttpAnswer {
  const query = isObject(body) ? String(body['Query'] ?? '') : '';
  const [, list] = /let ids = dynamic\((\[.*?\])\);/.exec(query) ?? [];
  const table = /^(EmailPostDeliveryEvents|EmailEvents)$/m.exec(query)?.[1];
  if (list === undefined || table === undefined) return badRequest('This query is not simulated.');
  const ids = (JSON.parse(list) as string[]).map((id) => id.toLowerCase());
  const results = table === 'EmailEvents' ? deliveredTo(state, ids) : movedOf(state, ids, sinceOf(query));
  return { status: 200, body: { schema: [], results } };
}

const sinceOf = (query: string): number => Date.parse(/Timestamp > datetime\(([^)]+)\)/.exec(query)?.[1] ?? '1970-01-01');

function deliveredTo({ options }: EntraState, ids: readonly string[]): object[] {
  const delivered = (options.delivered ?? []).filter(({ id }) => ids.some((one) => same(one, id)));
  return delivered.map(({ id, recipient }) => ({ NetworkMessageId: id, RecipientEmailAddress: recipient }));
}

/** The last of each copy. */
function movedOf(state: EntraState, ids: readonly string[], since: number): object[] {
  const seenUntil = state.now() - (state.options.huntingDelayMs ?? 0);
  const rows = state.mail.filter(({ id, at }) => ids.includes(id.toLowerCase()) && at > since && at <= seenUntil);
  return [...new Map(rows.map((row) => [`${row.id} ${row.recipient}`.toLowerCase(), row])).values()].map((row) => ({
    NetworkMessageId: row.id,
    RecipientEmailAddress: row.recipient,
    Timestamp: new Date(row.at).toISOString(),
    Action: row.action,
    ActionType: 'Manual Remediation',
    ActionTrigger: 'AdminAction',
    ActionResult: row.result,
  }));
}
