import { expect, test } from 'vitest';
import type { AdaptiveCard } from '../../../sandbox/teams/types.ts';
import { at, call, card, edit, execute, post, SOC, startWorld, withCard } from './world.ts';

const body = (...elements: unknown[]): AdaptiveCard => ({ ...card(), body: elements });

test('a card with everything of 1.5 is good', async () => {
  const teams = await startWorld();
  const submit = { type: 'Action.Submit', title: 'Send' };
  const elements = [
    { type: 'TextBlock', text: 'a' },
    {
      type: 'RichTextBlock',
      inlines: ['a', { type: 'TextRun', text: 'b', selectAction: { type: 'Action.OpenUrl', url: 'https://contoso.example/' } }],
    },
    { type: 'ColumnSet', columns: [{ width: 'auto', items: [{ type: 'Image', url: 'https://contoso.example/a.png' }] }] },
    { type: 'Container', items: [{ type: 'FactSet', facts: [{ title: 'a', value: 'b' }] }], selectAction: submit },
    {
      type: 'Table',
      columns: [{ width: 1 }],
      rows: [{ type: 'TableRow', cells: [{ type: 'TableCell', items: [{ type: 'TextBlock', text: 'a' }] }] }],
    },
    { type: 'Input.Text', id: 'reason', inlineAction: submit },
    {
      type: 'ActionSet',
      actions: [execute('Approve', { fallback: submit }), { type: 'Action.ToggleVisibility', title: 'More', targetElements: [] }],
    },
    { type: 'CompoundButton', title: 'newer', fallback: { type: 'TextBlock', text: 'older' } },
  ];
  const inner = { type: 'AdaptiveCard', version: '1.5', body: [{ type: 'Input.Toggle', id: 'sure', title: 'Sure?' }], actions: [submit] };
  await post(teams, { ...body(...elements), actions: [{ type: 'Action.ShowCard', title: 'Ask', card: inner }] });
  expect(teams.problems).toEqual([]);
});

test.each<[string, object, RegExp]>([
  ['another version', { ...card(), version: '1.6' }, /version is "1.6"/],
  ['no version', { type: 'AdaptiveCard', body: [] }, /version is nothing/],
  ['a field that was not filled in', body({ type: 'TextBlock', text: `Hello \${name}` }), /unexpanded \$\{name\}/],
  [
    'an element of the future',
    body({ type: 'Container', items: [{ type: 'Badge', text: 'a' }] }),
    /unknown element "Badge" at \/body\/0\/items\/0/,
  ],
  ['an element without type', body({ text: 'a' }), /unknown element nothing at \/body\/0/],
  ['an unknown action', card({ type: 'Action.Http', title: 'a' }), /unknown action "Action.Http" at \/body\/1\/actions\/0/],
  [
    'an unknown fallback',
    card(execute('a', { fallback: { type: 'Action.Http' } })),
    /unknown action "Action.Http" at \/body\/1\/actions\/0\/fallback/,
  ],
  [
    'something wrong behind a button',
    card({ type: 'Action.ShowCard', title: 'a', card: body({ type: 'Badge' }) }),
    /"Badge" at .*\/card\/body\/0/,
  ],
  ['an input without id', body({ type: 'Input.Text' }), /input without id/],
  ['a refresh by another action', { ...card(), refresh: { action: { type: 'Action.Submit' } } }, /refresh needs an Action.Execute/],
  ['nothing that is a card', { text: 'a' }, /no AdaptiveCard/],
])('a card with %s is a problem', async (_, content, problem) => {
  const teams = await startWorld();
  await call(teams, 'POST', at(SOC), withCard(content));
  expect(teams.problems).toEqual([expect.stringMatching(problem)]);
});

test('an edit is looked at like a post, and so is what is attached', async () => {
  const teams = await startWorld();
  const id = await post(teams);
  await edit(teams, id, { ...card(), version: '1.4' });
  await call(teams, 'POST', at(SOC), { type: 'message', attachments: [{ contentType: 'application/json', content: {} }] });
  expect(teams.problems).toEqual([expect.stringContaining('"1.4"'), expect.stringContaining('contentType "application/json"')]);
});
