// views.*: https://docs.slack.dev/reference/methods/views.open and its neighbours.

import { normaliseBlocks } from './blocks.ts';
import { formState } from './forms.ts';
import type { BlockProblem } from './rules.ts';
import { isObject, problemText } from './rules.ts';
import type { SlackState } from './state.ts';
import type { ApiAnswer, Args, SlackBlock, SlackHome, SlackView, TextObject } from './types.ts';
import { validateHome, validateView } from './view-rules.ts';

export const VIEW_STACK = 3;
const refuse = (error: string): ApiAnswer & { ok: false } => ({ ok: false, error });

export const refuseView = (view: unknown) => refusalOf(validateView(view));

function refusalOf(problems: BlockProblem[]): (ApiAnswer & { ok: false }) | undefined {
  const errors = problems.map(problemText);
  if (errors.length === 0) return undefined;
  return { ok: false, error: 'invalid_arguments', errors, response_metadata: { messages: errors.map((error) => `[ERROR] ${error}`) } };
}

const label = (value: unknown): TextObject | null =>
  isObject(value) ? { type: 'plain_text', text: String(value['text']), emoji: true } : null;

/** A view as Slack keeps it; `like` gives the id and place in the stack of the view it replaces. */
function buildView(
  state: SlackState,
  given: Record<string, unknown>,
  place: Pick<SlackView, 'id' | 'root_view_id' | 'previous_view_id'>,
): SlackView {
  const blocks = normaliseBlocks(given['blocks'] as SlackBlock[], state.newId);
  return {
    ...place,
    team_id: state.team.id,
    app_id: state.app.id,
    bot_id: state.app.botId,
    type: 'modal',
    title: label(given['title']) ?? { type: 'plain_text', text: '' },
    submit: label(given['submit']),
    close: label(given['close']),
    blocks,
    private_metadata: String(given['private_metadata'] ?? ''),
    callback_id: String(given['callback_id'] ?? ''),
    external_id: String(given['external_id'] ?? ''),
    state: { values: formState(blocks) },
    hash: `${Math.floor(state.now() / 1000)}.${state.newId()}`,
    clear_on_close: given['clear_on_close'] === true,
    notify_on_close: given['notify_on_close'] === true,
  };
}

export const stackOf = (state: SlackState, user: string): SlackView[] => state.views.get(user) ?? [];

export function setStack(state: SlackState, user: string, stack: SlackView[]): void {
  state.views.set(user, stack);
  state.events.emit('view', { user, view: stack.at(-1) });
}

export function pushView(state: SlackState, user: string, given: Record<string, unknown>): SlackView {
  const stack = stackOf(state, user);
  const id = state.newId('V');
  const view = buildView(state, given, { id, root_view_id: stack[0]?.id ?? id, previous_view_id: stack.at(-1)?.id ?? null });
  setStack(state, user, [...stack, view]);
  return view;
}

/** Puts new content into an open view; the hash changes, what was typed is kept for blocks that stayed. */
export function replaceView(state: SlackState, user: string, old: SlackView, given: Record<string, unknown>): SlackView {
  const view = buildView(state, given, old);
  view.state.values = formState(view.blocks, old.state.values);
  setStack(
    state,
    user,
    stackOf(state, user).map((it) => (it.id === old.id ? view : it)),
  );
  return view;
}

/** A checked view and the person whose trigger this is. The trigger is spent last, so that a mistake in the view does not use it up. */
function triggered(state: SlackState, args: Args): { user: string; view: Record<string, unknown> } | (ApiAnswer & { ok: false }) {
  const view = args['view'];
  const refused = refuseView(view);
  if (refused !== undefined || !isObject(view)) return refused ?? refuse('invalid_arguments');
  if (typeof args['trigger_id'] !== 'string') return refuse('invalid_trigger_id');
  if (hasExternalId(state, view['external_id'])) return refuse('duplicate_external_id');
  const trigger = state.tickets.spendTrigger(args['trigger_id']);
  return 'error' in trigger ? refuse(trigger.error) : { user: trigger.user, view };
}

const hasExternalId = (state: SlackState, externalId: unknown): boolean =>
  typeof externalId === 'string' && externalId !== '' && [...state.views.values()].flat().some((it) => it.external_id === externalId);

export function viewsOpen(state: SlackState, args: Args): ApiAnswer {
  const call = triggered(state, args);
  if ('ok' in call) return call;
  state.views.set(call.user, []);
  return { ok: true, view: pushView(state, call.user, call.view) };
}

export function viewsPush(state: SlackState, args: Args): ApiAnswer {
  const call = triggered(state, args);
  if ('ok' in call) return call;
  const stack = stackOf(state, call.user);
  if (stack.length === 0) return refuse('not_found');
  if (stack.length >= VIEW_STACK) return refuse('push_limit_reached');
  return { ok: true, view: pushView(state, call.user, call.view) };
}

export function viewsUpdate(state: SlackState, args: Args): ApiAnswer {
  const { view_id: id, external_id: externalId, hash, view } = args;
  const refused = refuseView(view);
  if (refused !== undefined || !isObject(view)) return refused ?? refuse('invalid_arguments');
  for (const [user, stack] of state.views) {
    const old = stack.find((it) => (id === undefined ? it.external_id !== '' && it.external_id === externalId : it.id === id));
    if (old === undefined) continue;
    return hash !== undefined && hash !== old.hash ? refuse('hash_conflict') : { ok: true, view: replaceView(state, user, old, view) };
  }
  return refuse('not_found');
}

/** Each person has one Home tab of the app; a publication replaces it. `hash` is that of the view it was made from. */
export function viewsPublish(state: SlackState, args: Args): ApiAnswer {
  const { user_id: user, hash, view } = args;
  const refused = refusalOf(validateHome(view));
  if (refused !== undefined || !isObject(view)) return refused ?? refuse('invalid_arguments');
  if (typeof user !== 'string' || !state.people.has(user)) return refuse('user_not_found');
  const before = state.homes.get(user);
  if (hash !== undefined && hash !== before?.hash) return refuse('hash_conflict');
  const id = before?.id ?? state.newId('V');
  const home: SlackHome = { ...buildView(state, view, { id, root_view_id: id, previous_view_id: null }), type: 'home' };
  state.homes.set(user, home);
  state.events.emit('home', { user, view: structuredClone(home) });
  return { ok: true, view: home };
}
