// A person presses something: builds the block_actions payload Slack sends.
// Shape: https://docs.slack.dev/reference/interaction-payloads/block_actions-payload

import { type Delivery, deliver } from './deliver.ts';
import { enter, formState } from './forms.ts';
import { personInPayload, personOf } from './people.ts';
import { findPressable, type Pressable } from './pressables.ts';
import type { SocketMode } from './socket-mode.ts';
import { findMessage, type SlackState } from './state.ts';
import type { Ack, Click, Ephemeral, FormState, SlackMessage, SlackView } from './types.ts';
import { stackOf } from './view-methods.ts';

const NOT_SENT: Ack = { status: 0, body: undefined, ms: 0, timedOut: false };

/** What every interaction payload starts with. */
export function interaction(state: SlackState, type: string, user: string): Record<string, unknown> {
  return {
    type,
    user: personInPayload(state, personOf(state, user)),
    api_app_id: state.app.id,
    token: state.app.verificationToken,
    trigger_id: state.tickets.newTrigger(user),
    team: state.team,
    enterprise: null,
    is_enterprise_install: false,
  };
}

/** The confirm dialog stands between the press and the request: denied means Slack sends nothing. */
function isDenied({ element, label }: Pressable, answer: Click['confirm']): boolean {
  if (answer === 'deny' && element['confirm'] === undefined) throw new Error(`"${label}" has no confirm dialog to deny`);
  return answer === 'deny';
}

export async function click(state: SlackState, sockets: SocketMode, p: Click): Promise<Ack> {
  const ephemeral = state.ephemerals.get(p.user)?.find((it) => it.ts === p.ts && it.channel === p.channel);
  const current = ephemeral ?? findMessage(state, p.channel, p.ts);
  const shown = p.message ?? current;
  if (shown === undefined) throw new Error(`No message ${p.ts} in ${p.channel}`);
  const pressed = findPressable(shown.blocks, p.button, p.near);
  if (isDenied(pressed, p.confirm)) return NOT_SENT;
  const key = `${p.channel} ${p.ts} ${p.user}`;
  const action = actionOf(state, pressed, state.picked.get(key) ?? {});
  if (action.entered !== undefined) state.picked.set(key, action.entered);
  const payload = {
    ...interaction(state, 'block_actions', p.user),
    ...messagePlace(state, p, shown, ephemeral !== undefined),
    state: { values: formState(shown.blocks, action.entered ?? state.picked.get(key)) },
    response_url: state.origin + state.tickets.newResponsePath('actions', state.team.id, originOf(p, ephemeral !== undefined)),
    actions: [action.sent],
  };
  return deliver(state, sockets, {
    kind: 'interactive',
    payload,
    what: `the click on "${p.button}" by ${p.user}`,
    url: p.url,
    headers: p.headers,
  });
}

const originOf = (p: Click, ephemeral: boolean) => ({ user: p.user, channel: p.channel, messageTs: p.ts, ephemeral });

function messagePlace(state: SlackState, p: Click, shown: SlackMessage | Ephemeral, isEphemeral: boolean): Record<string, unknown> {
  const channel = state.channels.get(p.channel);
  const thread = shown.thread_ts === undefined ? {} : { thread_ts: shown.thread_ts };
  const container = { type: 'message', message_ts: p.ts, channel_id: p.channel, is_ephemeral: isEphemeral, ...thread };
  const place = { container, channel: { id: p.channel, name: channel?.name ?? 'privategroup' } };
  if (isEphemeral) return place; // Slack does not send the content of an ephemeral message back
  const { metadata: _metadata, channel: _channel, ...message } = shown as SlackMessage;
  return { ...place, message: structuredClone(message) };
}

/** The entry in `actions`, and what the form holds afterwards when the press changed a choice. */
function actionOf(
  state: SlackState,
  { block, element, option }: Pressable,
  before: FormState,
): { sent: Record<string, unknown>; entered?: FormState } {
  const blockId = block.block_id ?? '';
  const { type, action_id: actionId } = element;
  const base = { type, action_id: actionId, block_id: blockId, action_ts: state.nextTs() };
  if (option === undefined) {
    const { text, value, style, url } = element;
    return { sent: JSON.parse(JSON.stringify({ ...base, text, value, style, url })) };
  }
  if (type === 'overflow') return { sent: { ...base, selected_option: option } };
  const value = pickOption(block, element, option.value, before);
  return { sent: { ...base, ...value }, entered: { ...before, [blockId]: { ...before[blockId], [actionId]: value } } };
}

/** One choice replaces another; a checkbox toggles. */
function pickOption(block: Pressable['block'], element: Pressable['element'], value: string, before: FormState): Record<string, unknown> {
  const held = formState([block], before)[block.block_id ?? '']?.[element.action_id]?.['selected_options'];
  if (!Array.isArray(held)) return enter(element, value);
  const values = held.map((it: { value: string }) => it.value);
  const toggled = values.includes(value) ? values.filter((it) => it !== value) : [...values, value];
  return enter(element, toggled.join(','));
}

/** The same in the app's Home tab: there is no conversation, so no response_url. */
export async function clickInHome(
  state: SlackState,
  sockets: SocketMode,
  p: { user: string; button: string; near?: string; url?: string },
): Promise<Ack> {
  const view = state.homes.get(p.user);
  if (view === undefined) throw new Error(`${p.user} has no Home tab`);
  const pressed = findPressable(view.blocks, p.button, p.near);
  const action = actionOf(state, pressed, view.state.values);
  if (action.entered !== undefined) view.state.values = action.entered;
  const payload = {
    ...interaction(state, 'block_actions', p.user),
    container: { type: 'view', view_id: view.id },
    view: structuredClone(view),
    actions: [action.sent],
  };
  return deliver(state, sockets, { kind: 'interactive', payload, what: `the click on "${p.button}" by ${p.user}`, url: p.url });
}

/** The same inside the modal on top. */
export async function clickInView(
  state: SlackState,
  sockets: SocketMode,
  p: { user: string; button: string; near?: string; confirm?: 'accept' | 'deny'; url?: string },
): Promise<Ack> {
  const view = topView(state, p.user);
  const pressed = findPressable(view.blocks, p.button, p.near);
  if (isDenied(pressed, p.confirm)) return NOT_SENT;
  const action = actionOf(state, pressed, view.state.values);
  if (action.entered !== undefined) view.state.values = action.entered;
  const payload = {
    ...interaction(state, 'block_actions', p.user),
    container: { type: 'view', view_id: view.id },
    view: payloadView(view),
    actions: [action.sent],
  };
  const delivery: Delivery = { kind: 'interactive', payload, what: `the click on "${p.button}" by ${p.user}`, url: p.url };
  return deliver(state, sockets, delivery);
}

export function topView(state: SlackState, user: string): SlackView {
  const view = stackOf(state, user).at(-1);
  if (view === undefined) throw new Error(`${user} has no modal open`);
  return view;
}

export function payloadView(view: SlackView): Omit<SlackView, 'errors'> {
  const { errors: _errors, ...sent } = structuredClone(view);
  return sent;
}
