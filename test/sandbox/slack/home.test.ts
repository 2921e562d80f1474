import { expect, test } from 'vitest';
import { validateHome } from '../../../sandbox/slack/view-rules.ts';
import { call, startApp, startWorld } from './world.ts';

const user = 'U0ALICE';
const button = { type: 'button', action_id: 'refresh', text: { type: 'plain_text', text: 'Refresh' } };
const home = (...blocks: object[]) => ({ type: 'home', blocks: [{ type: 'actions', elements: [button] }, ...blocks] });
const divider = { type: 'divider' };

test('a Home tab is published for one person, and replaced by the next', async () => {
  const slack = await startWorld();
  const shown = slack.next('home');
  expect(await call(slack, 'views.publish', { user_id: user, view: home() })).toMatchObject({ ok: true, view: { type: 'home' } });
  const first = (await shown).view;
  expect(await call(slack, 'views.publish', { user_id: user, hash: 'old', view: home(divider) })).toMatchObject({ error: 'hash_conflict' });
  expect(await call(slack, 'views.publish', { user_id: user, hash: first.hash, view: home(divider) })).toMatchObject({ ok: true });
  expect(slack.home(user)).toMatchObject({ id: first.id, blocks: [{ type: 'actions' }, { type: 'divider' }] });
  expect(slack.home('U0BOB')).toBeUndefined();
  expect(await call(slack, 'views.publish', { user_id: 'U0NOBODY', view: home() })).toMatchObject({ error: 'user_not_found' });
});

test('a Home tab holds a hundred blocks, and nothing of a modal', async () => {
  const slack = await startWorld();
  const full = home(...Array.from({ length: 99 }, () => divider));
  expect(await call(slack, 'views.publish', { user_id: user, view: full })).toMatchObject({ ok: true });
  const over = { ...full, blocks: [...full.blocks, divider] };
  expect(await call(slack, 'views.publish', { user_id: user, view: over })).toMatchObject({ error: 'invalid_arguments' });
  expect(validateHome({ ...home(), title: { type: 'plain_text', text: 'Home' } })).not.toEqual([]);
  expect(validateHome({ ...home(), type: 'modal' })).not.toEqual([]);
});

test('publishing too often is answered with a pause', async () => {
  const slack = await startWorld();
  const answers = await Promise.all(Array.from({ length: 60 }, () => call(slack, 'views.publish', { user_id: user, view: home() })));
  expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThan(10);
});

test('opening the tab is told to the app, and a press in it names no conversation', async () => {
  const slack = await startWorld();
  const app = await startApp(slack);
  await slack.openHome({ user });
  expect(JSON.parse(app.got.at(-1)?.body ?? '{}')).toMatchObject({
    type: 'event_callback',
    event: { type: 'app_home_opened', user, tab: 'home', channel: 'D0ALICE' },
  });
  await call(slack, 'views.publish', { user_id: user, view: home() });
  await slack.clickInHome({ user, button: 'Refresh' });
  const press = app.got.at(-1)?.payload;
  expect(press).toMatchObject({
    type: 'block_actions',
    container: { type: 'view' },
    view: { type: 'home' },
    actions: [{ action_id: 'refresh' }],
  });
  expect(press).not.toHaveProperty('response_url');
  expect(press).not.toHaveProperty('channel');
  expect(slack.problems).toEqual([]);
});
