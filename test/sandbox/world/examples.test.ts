import { expect, test } from 'vitest';
import { examples, openingTypes } from '../../../sandbox/world/examples.ts';
import { people } from '../../../sandbox/world/people.ts';
import { bodyFor, type Ending, endings } from '../../../sandbox/world/producer.ts';
import { ActionType, Role } from '../../../src/action-center/action.ts';
import { parseSubmission } from '../../../src/action-center/announce.ts';
import { catalogue } from '../../../src/action-center/catalogue.ts';
import { mayDecide } from '../../../src/action-center/permissions.ts';

const settings = { globalAdministratorMayDecide: true };

test('there is exactly one example of every action type', () => {
  expect(examples.map((example) => example.type).sort()).toEqual([...ActionType.options].sort());
});

test.each(examples)('the example of $type is accepted by the real intake, with every told ending', ({ type }) => {
  for (const ending of Object.keys(endings) as Ending[]) {
    const parsed = parseSubmission(bodyFor(type, ending));
    expect(parsed).not.toHaveProperty('issues');
  }
});

test.each(examples)('the example of $type is offered under the words of the catalogue', ({ type, label, group, decidedInDefender }) => {
  const row = catalogue[ActionType.parse(type)];
  expect({ label, group: group.toLowerCase(), decidedInDefender }).toEqual({
    label: row.label,
    group: row.workload,
    decidedInDefender: row.trigger !== 'api',
  });
});

test('two raisings of one example are two different actions', () => {
  expect(bodyFor('isolateDevice', 'usual')['id']).not.toBe(bodyFor('isolateDevice', 'usual')['id']);
});

test('a told ending keeps the parameters the example has of its own', () => {
  expect(bodyFor('isolateDevice', 'fails')['parameters']).toMatchObject({ isolationType: 'Full', simulator: { outcome: 'failed' } });
});

test('the opening cards can be told apart by what Bob may decide', () => {
  const bob = people.find((person) => person.slackId === 'U0BOB');
  const actor = { roles: (bob?.roles ?? []).map((role) => Role.parse(role)), deviceGroups: bob?.deviceGroups ?? [] };
  const allowed = openingTypes.map((type) => {
    const parsed = parseSubmission(bodyFor(type, 'usual'));
    return 'intake' in parsed && mayDecide(actor, parsed.intake, 'approve', settings).allowed;
  });
  expect(allowed).toEqual([true, false, false]);
});
