import { expect, test } from 'vitest';
import type { SlackWorld } from '../../../sandbox/slack/types.ts';
import { BROKEN_VIEWS, modal } from './block-fixtures.ts';
import { call, first, SOC, settableClock, startApp, startWorld } from './world.ts';

const ALICE = { user: 'U0ALICE' };
const VALUES = { ...ALICE, values: { why: 'False positive' } };

async function trigger(slack: SlackWorld): Promise<string> {
  const app = slack.requestUrls.length === 0 ? await startApp(slack) : undefined;
  await slack.command({ ...ALICE, channel: SOC, command: '/actions', text: 'undo a1' });
  const sent = new URLSearchParams(app === undefined ? (slack.recorded.at(-1)?.body ?? '') : first(app.got).body);
  return sent.get('trigger_id') ?? '';
}

const titles = (slack: SlackWorld) => slack.view('U0ALICE')?.title.text;
const titled = (title: string, more: object = {}) => modal({ title: { type: 'plain_text', text: title }, ...more });

test('a trigger opens one modal', async () => {
  const slack = await startWorld();
  const trigger_id = await trigger(slack);
  const shown = slack.next('view');
  const opened = await call(slack, 'views.open', { trigger_id, view: modal({ private_metadata: 'a1' }) });
  expect(opened).toMatchObject({
    ok: true,
    view: { type: 'modal', private_metadata: 'a1', hash: expect.any(String), state: { values: {} } },
  });
  expect(await shown).toMatchObject({ user: 'U0ALICE', view: { private_metadata: 'a1' } });
  expect(await call(slack, 'views.open', { trigger_id, view: modal() })).toMatchObject({ error: 'exchanged_trigger_id' });
  expect(await call(slack, 'views.open', { trigger_id: '1.2.3', view: modal() })).toMatchObject({ error: 'invalid_trigger_id' });
});

test('a trigger lives three seconds', async () => {
  const clock = settableClock();
  const slack = await startWorld({ now: clock.now });
  const [early, late] = [await trigger(slack), await trigger(slack)];
  clock.forward(3_000);
  expect(await call(slack, 'views.open', { trigger_id: early, view: modal() })).toMatchObject({ ok: true });
  clock.forward(1);
  expect(await call(slack, 'views.open', { trigger_id: late, view: modal() })).toMatchObject({ error: 'expired_trigger_id' });
});

test('a view that breaks a limit is refused with the place', async () => {
  const slack = await startWorld();
  const trigger_id = await trigger(slack);
  const [, view, pointer] = first(BROKEN_VIEWS);
  const refused = await call(slack, 'views.open', { trigger_id, view });
  expect(refused).toMatchObject({ error: 'invalid_arguments', response_metadata: { messages: [expect.stringContaining(pointer)] } });
});

test('a submission carries what was entered and closes the modal', async () => {
  const slack = await startWorld();
  const app = await startApp(slack);
  await call(slack, 'views.open', { trigger_id: await trigger(slack), view: modal({ callback_id: 'undo', private_metadata: 'a1' }) });
  await slack.submit(VALUES);
  const payload = app.got.at(-1)?.payload;
  expect(payload).toMatchObject({
    type: 'view_submission',
    user: { id: 'U0ALICE', team_id: 'T000000001' },
    view: {
      callback_id: 'undo',
      private_metadata: 'a1',
      state: { values: { why: { comment: { type: 'plain_text_input', value: 'False positive' } } } },
    },
  });
  expect(slack.view('U0ALICE')).toBeUndefined();
  expect(slack.problems).toEqual([]);
});

test('a field can be named by its label, and the form itself refuses what is missing', async () => {
  const slack = await startWorld();
  const app = await startApp(slack);
  await call(slack, 'views.open', { trigger_id: await trigger(slack), view: modal() });
  const before = app.got.length;
  await expect(slack.submit({ ...ALICE, values: {} })).rejects.toThrow('complete this required field');
  await expect(slack.submit({ ...ALICE, values: { Colour: 'red' } })).rejects.toThrow('No field "Colour"');
  expect(app.got).toHaveLength(before);
  await slack.submit({ ...ALICE, values: { Comment: 'False positive' } });
  expect(app.got).toHaveLength(before + 1);
});

test('an answer can show errors, then put another view in place', async () => {
  const slack = await startWorld();
  const replies: object[] = [
    {},
    { response_action: 'errors', errors: { why: 'Say why', nowhere: 'a' } },
    { response_action: 'update', view: titled('Done', { submit: undefined, blocks: [{ type: 'divider' }] }) },
  ];
  const app = await startApp(slack, () => ({ json: replies[app.got.length - 1] ?? {} }));
  const trigger_id = await trigger(slack);
  await call(slack, 'views.open', { trigger_id, view: modal() });
  await slack.submit(VALUES);
  expect(slack.view('U0ALICE')).toMatchObject({
    errors: { why: 'Say why' },
    state: { values: { why: { comment: { value: 'False positive' } } } },
  });
  expect(slack.problems).toEqual(['response_action errors: no input block "nowhere" in this view']);
  await slack.submit(VALUES);
  expect(titles(slack)).toBe('Done');
  expect(slack.view('U0ALICE')).not.toHaveProperty('errors');
});

test('views stack to three, are closed one by one, or cleared at once', async () => {
  const slack = await startWorld();
  const replies: object[] = [{}, {}, {}, {}, { response_action: 'push', view: titled('Four') }, { response_action: 'clear' }];
  const app = await startApp(slack, () => ({ json: replies[app.got.length - 1] ?? {} }));
  await call(slack, 'views.open', { trigger_id: await trigger(slack), view: titled('One') });
  for (const title of ['Two', 'Three']) {
    expect(await call(slack, 'views.push', { trigger_id: await trigger(slack), view: titled(title) })).toMatchObject({ ok: true });
  }
  const fourth = await call(slack, 'views.push', { trigger_id: await trigger(slack), view: titled('Four') });
  expect(fourth).toMatchObject({ error: 'push_limit_reached' });
  await slack.submit(VALUES);
  expect(slack.problems).toEqual(['response_action push: over 3 views in a stack']);
  expect(await slack.closeView(ALICE)).toBeUndefined();
  expect(titles(slack)).toBe('Two');
  await slack.submit(VALUES);
  expect(titles(slack)).toBeUndefined();
});

test('closing is told only when the view asked for it', async () => {
  const slack = await startWorld();
  const app = await startApp(slack);
  await call(slack, 'views.open', { trigger_id: await trigger(slack), view: modal({ notify_on_close: true, clear_on_close: true }) });
  expect(await slack.closeView(ALICE)).toMatchObject({ status: 200 });
  expect(app.got.at(-1)?.payload).toMatchObject({ type: 'view_closed', is_cleared: true });
  expect(slack.view('U0ALICE')).toBeUndefined();
});

test('an update of a view needs the hash it was read with', async () => {
  const slack = await startWorld();
  const { view } = await call(slack, 'views.open', { trigger_id: await trigger(slack), view: titled('Loading', { external_id: 'x1' }) });
  const { id: view_id, hash } = view as { id: string; hash: string };
  expect(await call(slack, 'views.update', { view_id, hash, view: titled('Ready', { external_id: 'x1' }) })).toMatchObject({ ok: true });
  expect(titles(slack)).toBe('Ready');
  expect(await call(slack, 'views.update', { view_id, hash, view: titled('Late') })).toMatchObject({ error: 'hash_conflict' });
  expect(await call(slack, 'views.update', { external_id: 'x1', view: titled('By name') })).toMatchObject({ ok: true });
  expect(await call(slack, 'views.update', { view_id: 'V0', view: titled('Nowhere') })).toMatchObject({ error: 'not_found' });
});

test('a button inside a modal is a click with the view around it', async () => {
  const slack = await startWorld();
  const app = await startApp(slack);
  const blocks = [{ type: 'actions', elements: [{ type: 'button', action_id: 'next', text: { type: 'plain_text', text: 'Next page' } }] }];
  await call(slack, 'views.open', { trigger_id: await trigger(slack), view: modal({ blocks }) });
  await slack.clickInView({ ...ALICE, button: 'Next page' });
  expect(app.got.at(-1)?.payload).toMatchObject({ type: 'block_actions', container: { type: 'view' }, actions: [{ action_id: 'next' }] });
});
