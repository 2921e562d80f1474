/** Which members of a group, or open actions of a channel, somebody may choose from. The features show the rest. */
import { expect, test } from 'vitest';
import { type BulkDeps, bulkChoices } from '../../src/action-center/bulk.ts';
import type { Members } from '../../src/action-center/group.ts';
import { type GroupDeps, listGroup } from '../../src/action-center/plan-group.ts';
import { ok } from '../../src/action-center/refusal.ts';
import { anAction, anActor, testNow } from '../setup/builders.ts';

const nothing = () => Promise.reject(new Error('nobody asks for this here'));
const onDevice = (index: number, group: string) =>
  anAction({
    id: `A-${String(index).padStart(4, '0')}`,
    type: 'isolateDevice',
    entities: [{ type: 'device', name: `wks-${index}.contoso.example`, group }],
  });
/** The nearest deadlines are all on workstations; those on servers come last. */
const open = [
  ...Array.from({ length: 120 }, (_, index) => onDevice(index, 'Workstations')),
  ...Array.from({ length: 110 }, (_, index) => onDevice(200 + index, 'Servers')),
];

const deps = {
  store: { note: nothing },
  directory: { personFor: async () => ok(anActor({ deviceGroups: ['Servers'] })) },
  settings: { globalAdministratorMayDecide: false, backend: 'simulator' },
  policy: { barred: () => null },
  whoElseMay: async () => [],
  now: () => testNow,
  groups: {
    openKinds: nothing,
    members: async ({ limit }: { limit: number }): Promise<Members> => ({ actions: open.slice(0, limit), total: open.length, later: 0 }),
  },
  open: { types: nothing, ofType: async (_where: unknown, _type: unknown, limit: number) => open.slice(0, limit) },
} as unknown as GroupDeps & BulkDeps;

const asker = {
  by: 'teams:T/U',
  person: async () => ok({ platform: 'teams' as const, tenantId: 'T', entraId: anActor().entraId }),
  platform: 'teams' as const,
  conversation: '19:soc@thread.tacv2',
  clickId: 'c-1',
};

test('who may decide only what has the latest deadlines is shown these, and not refused', async () => {
  const listed = await listGroup(deps, { groupId: 'G-1', version: 1, type: 'isolateDevice', severity: null }, asker);
  expect(listed).toMatchObject({ ok: true, value: { total: 230 } });
  const choices = await bulkChoices(deps, 'isolateDevice', asker);
  for (const answer of [listed.ok ? listed.value.actions : [], choices.ok ? choices.value : []]) {
    expect(answer.map(({ id }) => String(id))).toEqual(open.slice(120, 220).map(({ id }) => String(id)));
  }
});
