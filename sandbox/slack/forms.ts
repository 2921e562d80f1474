// What a person has typed, ticked and picked, as `state.values` of an interaction payload shows it.

import { isObject, lengthOf } from './rules.ts';
import type { FormState, SlackBlock } from './types.ts';

export type Element = Record<string, unknown> & { type: string; action_id: string };
export type Option = { text: { text: string }; value: string };

const TYPED = new Set(['plain_text_input', 'number_input', 'email_text_input', 'url_text_input']);

/** The name of the value in the payload and of the starting value in the block, where it is one plain value. */
const PLAIN: Record<string, { value: string; initial: string }> = {
  users_select: { value: 'selected_user', initial: 'initial_user' },
  channels_select: { value: 'selected_channel', initial: 'initial_channel' },
  conversations_select: { value: 'selected_conversation', initial: 'initial_conversation' },
  datepicker: { value: 'selected_date', initial: 'initial_date' },
  timepicker: { value: 'selected_time', initial: 'initial_time' },
  datetimepicker: { value: 'selected_date_time', initial: 'initial_date_time' },
};
const ONE_OF = new Set(['static_select', 'radio_buttons', 'external_select']);
const SOME_OF = new Set(['checkboxes', 'multi_static_select']);

/** Every element of a block that can be pressed or filled in. */
export function elementsOf(block: SlackBlock): Element[] {
  const candidates = [...(Array.isArray(block['elements']) ? block['elements'] : []), block['accessory'], block['element']];
  return candidates.filter((it): it is Element => isObject(it) && typeof it['action_id'] === 'string');
}

export function optionsOf(element: Element): Option[] {
  const groups = (element['option_groups'] ?? []) as { options: Option[] }[];
  return [...((element['options'] ?? []) as Option[]), ...groups.flatMap((group) => group.options)];
}

/** The value an element starts with, or undefined for what holds none (a button). */
function initialOf(element: Element): Record<string, unknown> | undefined {
  const { type } = element;
  if (TYPED.has(type)) return { type, value: element['initial_value'] ?? null };
  if (ONE_OF.has(type)) return { type, selected_option: element['initial_option'] ?? null };
  if (SOME_OF.has(type)) return { type, selected_options: element['initial_options'] ?? [] };
  if (type === 'multi_users_select') return { type, selected_users: element['initial_users'] ?? [] };
  const plain = PLAIN[type];
  return plain === undefined ? undefined : { type, [plain.value]: element[plain.initial] ?? null };
}

/** Starting values with what the person entered since laid over them. */
export function formState(blocks: SlackBlock[], entered: FormState = {}): FormState {
  const state: FormState = {};
  for (const block of blocks) {
    for (const element of elementsOf(block)) {
      const blockId = block.block_id ?? '';
      const value = entered[blockId]?.[element.action_id] ?? initialOf(element);
      if (value !== undefined) state[blockId] = { ...state[blockId], [element.action_id]: value };
    }
  }
  return structuredClone(state);
}

/** What the payload holds after a person entered this text into the element; several choices are separated by commas. */
export function enter(element: Element, text: string): Record<string, unknown> {
  const { type } = element;
  if (TYPED.has(type)) return { type, value: text === '' ? null : text };
  if (ONE_OF.has(type)) return { type, selected_option: text === '' ? null : choose(element, text) };
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
  if (SOME_OF.has(type)) return { type, selected_options: parts.map((part) => choose(element, part)) };
  if (type === 'multi_users_select') return { type, selected_users: parts };
  const plain = PLAIN[type];
  if (plain === undefined) throw new Error(`Nothing can be entered into a ${type}`);
  return { type, [plain.value]: type === 'datetimepicker' ? Number(text) : text };
}

function choose(element: Element, wanted: string): Option {
  const options = optionsOf(element);
  const found = options.find((option) => option.text.text === wanted) ?? options.find((option) => option.value === wanted);
  if (found === undefined)
    throw new Error(`No option "${wanted}"; there are ${options.map((option) => `"${option.text.text}"`).join(', ')}`);
  return found;
}

/** What Slack's own form says before anything is sent, keyed by block id. */
export function formErrors(blocks: SlackBlock[], values: FormState): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const block of blocks.filter((it) => it.type === 'input')) {
    const [element] = elementsOf(block);
    if (element === undefined) continue;
    const blockId = block.block_id ?? '';
    const { type: _type, ...held } = values[blockId]?.[element.action_id] ?? {};
    const problem = fieldError(element, Object.values(held)[0], block['optional'] === true);
    if (problem !== undefined) errors[blockId] = problem;
  }
  return errors;
}

function fieldError(element: Element, value: unknown, optional: boolean): string | undefined {
  const empty = value === null || value === undefined || (Array.isArray(value) && value.length === 0);
  if (empty) return optional ? undefined : 'Please complete this required field.';
  if (typeof value !== 'string') return undefined;
  const min = Number(element['min_length'] ?? 0);
  const max = Number(element['max_length'] ?? 3000);
  if (lengthOf(value) < min) return `Please enter at least ${min} characters.`;
  return lengthOf(value) > max ? `Please enter at most ${max} characters.` : undefined;
}
