/** What is asked of History: every filter alone and every two together, with values from common to rare. */
import { HistoryQuery } from '../../src/action-center/history.ts';
import { conversations, people, randomFrom } from './history-rows.ts';

type Part = { filters?: object; period?: string; where?: object };
type Filter = (random: () => number, rows: number) => Part;
export type Asked = { filters: string[]; query: HistoryQuery };

const oneOf =
  <T>(values: readonly T[]) =>
  (random: () => number): T =>
    values[Math.floor(random() * values.length)] as T;
const filterOf =
  (name: string, pick: (random: () => number) => string): Filter =>
  (random) => ({ filters: { [name]: [pick(random)] } });

const devices = (random: () => number) => `wks-${String(Math.floor(random() ** 2 * 120_000)).padStart(6, '0')}`;
const texts: ((random: () => number) => string)[] = [
  oneOf(['quarantine', 'suspicious', 'campaign', 'mailbox', 'trojan', 'wacatac', 'ursnif.v', 'sign-in', 'lumma']),
  (random) => `invoice-${Math.floor(random() * 5000)}`,
  (random) => `user${Math.floor(random() * 60_000)}`,
  devices,
];

const filters: Record<string, Filter> = {
  type: filterOf(
    'type',
    oneOf([
      'stopAndQuarantineFile',
      'softDeleteEmail',
      'isolateDevice',
      'disableUser',
      'stopService',
      'hardDeleteEmail',
      'offboardMachine',
      'containIp',
    ]),
  ),
  source: filterOf(
    'source',
    oneOf([
      'automatedDeviceAction',
      'automatedEmailAction',
      'manualDeviceAction',
      'explorerAction',
      'manualEmailAction',
      'liveResponseAction',
    ]),
  ),
  severity: filterOf('severity', oneOf(['informational', 'low', 'medium', 'high'])),
  status: filterOf('status', oneOf(['completed', 'rejected', 'expired', 'failed', 'timedOut', 'undone', 'superseded', 'cancelled'])),
  entity: filterOf('entity', oneOf(['device', 'file', 'email', 'mailbox', 'user'])),
  asset: filterOf('asset', (random) => (random() < 0.7 ? devices(random) : `${devices(random).slice(0, 8)}*`)),
  decision: filterOf('decision', oneOf(['approved', 'rejected', 'undone', 'cancelled', 'automation'])),
  by: filterOf('by', (random) => (random() < 0.1 ? 'automation' : oneOf(people)(random)[random() < 0.5 ? 'displayName' : 'upn'])),
  investigation: (random, rows) => ({ filters: { investigation: [String(50_000 + Math.floor((random() * rows) / 6))] } }),
  platform: filterOf('platform', oneOf(['slack', 'teams', 'cli'])),
  text: filterOf('text', (random) => oneOf(texts)(random)(random)),
  period: (random) => ({ period: oneOf(['day', 'week', '30d', '6m'])(random) }),
  conversation: (random) => ({ where: { platform: 'slack', conversation: oneOf(Object.values(conversations))(random) } }),
};

function queryOf(parts: Part[]): HistoryQuery {
  return HistoryQuery.parse({
    tab: 'history',
    period: null,
    where: null,
    sort: { column: 'updated', descending: true },
    ...Object.assign({}, ...parts),
    filters: Object.assign({}, ...parts.map((part) => part.filters)),
  });
}

export function* combinations(samples: number, rows: number): Generator<Asked> {
  const random = randomFrom(7);
  const named = Object.entries(filters);
  const groups = [[], ...named.map((one) => [one]), ...named.flatMap((one, index) => named.slice(index + 1).map((other) => [one, other]))];
  // Turn by turn, so that no group is asked when the machine is slower than usual.
  for (let turn = 0; turn < samples; turn += 1)
    for (const group of groups)
      yield { filters: group.map(([name]) => name), query: queryOf(group.map(([, filter]) => filter(random, rows))) };
}

/** What somebody would write who knows the tables: every condition as it is, in order of time, and the planner chooses. */
export function bareQuery({ filters, period, where }: HistoryQuery): { text: string; params: unknown[] } {
  const params: unknown[] = [];
  const list = ["h.tenant_id = 'default'", 'h.updated_at is not null', "h.status not in ('pending', 'awaitingSecondApproval')"];
  const add = (text: string, value: unknown) => {
    params.push(value);
    list.push(text.replace('?', `$${params.length}`));
  };
  for (const name of ['type', 'source', 'severity', 'status', 'decision', 'platform'] as const)
    if (filters[name].length > 0) add(`h.${name} = any(?::text[])`, filters[name]);
  if (filters.entity.length > 0) add('h.entity_types && ?::text[]', filters.entity);
  if (filters.by.length > 0) add(filters.by[0] === 'automation' ? 'h.decision = ?' : 'h.decided_by && array[lower(?)]', filters.by[0]);
  for (const asset of filters.asset) add('h.words @@ ?::tsquery', asset.endsWith('*') ? `'@${asset.slice(0, -1)}':*` : `'@${asset}'`);
  for (const id of filters.investigation) add('h.words @@ ?::tsquery', `'#${id}'`);
  for (const word of filters.text) add('h.words @@ ?::tsquery', `'${word}':*`);
  const days = { day: 1, week: 7, '30d': 30, '6m': 180 };
  if (period) list.push(`h.updated_at >= '2026-11-21T12:00:00Z'::timestamptz - interval '${days[period]} days'`);
  if (where) add('h.places && array[?]', `${where.platform} ${where.conversation}`);
  const text = `select a.* from (select h.id, h.updated_at from history_entries h where ${list.join(' and ')}
    order by h.updated_at desc, h.id desc limit 26) as found join actions a on a.id = found.id collate "default" order by found.updated_at desc, found.id desc`;
  return { text, params };
}
