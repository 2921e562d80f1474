// A person submits or closes a modal: https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload

import { interaction, payloadView, topView } from './clicks.ts';
import { deliver } from './deliver.ts';
import { elementsOf, enter, formErrors, formState } from './forms.ts';
import { isObject } from './rules.ts';
import type { SocketMode } from './socket-mode.ts';
import { addProblem, type SlackState } from './state.ts';
import type { Ack, FormState, SlackView } from './types.ts';
import { pushView, refuseView, replaceView, setStack, stackOf, VIEW_STACK } from './view-methods.ts';

/** Presses Submit. Throws when Slack's own form would not let the person submit, because then nothing is sent. */
export async function submit(
  state: SlackState,
  sockets: SocketMode,
  p: { user: string; values: Record<string, string>; url?: string },
): Promise<Ack> {
  const view = topView(state, p.user);
  if (view.submit === null) throw new Error('This modal has no Submit');
  delete view.errors;
  view.state.values = formState(view.blocks, { ...view.state.values, ...enteredInto(view, p.values) });
  const problems = Object.entries(formErrors(view.blocks, view.state.values));
  if (problems.length > 0)
    throw new Error(`Slack's form refuses to submit: ${problems.map(([block, text]) => `${block}: ${text}`).join(' ')}`);
  const payload = { ...interaction(state, 'view_submission', p.user), view: payloadView(view), response_urls: [] };
  const ack = await deliver(state, sockets, {
    kind: 'interactive',
    payload,
    what: `the submit of "${view.title.text}" by ${p.user}`,
    url: p.url,
  });
  if (ack.status === 200) follow(state, p.user, view, ack.body);
  return ack;
}

function enteredInto(view: SlackView, values: Record<string, string>): FormState {
  const entered: FormState = {};
  for (const [name, text] of Object.entries(values)) {
    const block = view.blocks.find((it) => it.block_id === name || (isObject(it['label']) && it['label']['text'] === name));
    const [element] = block === undefined ? [] : elementsOf(block);
    if (block === undefined || element === undefined) {
      throw new Error(`No field "${name}" in this modal; there are ${view.blocks.map((it) => it.block_id).join(', ')}`);
    }
    entered[block.block_id ?? ''] = { [element.action_id]: enter(element, text) };
  }
  return entered;
}

/** Does what the answer to a submission asks for; an empty one closes the view. */
function follow(state: SlackState, user: string, view: SlackView, answer: unknown): void {
  const wanted = isObject(answer) ? answer : {};
  const stack = stackOf(state, user);
  const action = wanted['response_action'];
  if (action === undefined) {
    const left = stack.filter((it) => it.id !== view.id);
    setStack(state, user, left);
  } else if (action === 'clear') setStack(state, user, []);
  else if (action === 'errors') showErrors(state, user, view, wanted['errors']);
  else if (action !== 'update' && action !== 'push') addProblem(state, `response_action: unknown value ${JSON.stringify(action)}`);
  else if (action === 'push' && stack.length >= VIEW_STACK) addProblem(state, `response_action push: over ${VIEW_STACK} views in a stack`);
  else if (isGoodView(state, wanted['view'])) {
    if (action === 'push') pushView(state, user, wanted['view']);
    else replaceView(state, user, view, wanted['view']);
  }
}

function isGoodView(state: SlackState, view: unknown): view is Record<string, unknown> {
  const refused = refuseView(view);
  if (refused !== undefined) addProblem(state, `response_action: ${JSON.stringify(refused['errors'])}`);
  return refused === undefined;
}

function showErrors(state: SlackState, user: string, view: SlackView, errors: unknown): void {
  const fields = new Set(view.blocks.filter((it) => it.type === 'input').map((it) => it.block_id ?? ''));
  const given = isObject(errors) ? errors : {};
  if (Object.keys(given).length === 0) addProblem(state, 'response_action errors: without errors');
  for (const name of Object.keys(given))
    if (!fields.has(name)) addProblem(state, `response_action errors: no input block "${name}" in this view`);
  const shown = stackOf(state, user).find((it) => it.id === view.id) ?? view;
  shown.errors = Object.fromEntries(Object.entries(given).map(([name, text]) => [name, String(text)]));
  setStack(state, user, stackOf(state, user));
}

/** Presses Cancel or the cross; the app hears of it only when the view asked for that. */
export async function closeView(state: SlackState, sockets: SocketMode, p: { user: string }): Promise<Ack | undefined> {
  const view = topView(state, p.user);
  setStack(state, p.user, view.clear_on_close ? [] : stackOf(state, p.user).slice(0, -1));
  if (!view.notify_on_close) return undefined;
  const { trigger_id: _none, ...start } = interaction(state, 'view_closed', p.user);
  const payload = { ...start, view: payloadView(view), is_cleared: view.clear_on_close };
  return deliver(state, sockets, { kind: 'interactive', payload, what: `the closing of "${view.title.text}" by ${p.user}` });
}
