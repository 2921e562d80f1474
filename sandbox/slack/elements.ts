// Composition objects and interactive elements, each with the limits on its page under https://docs.slack.dev/reference/block-kit

import { boolean, byType, lengthOf, list, note, number, object, pick, type Rule, string, url } from './rules.ts';

const type = string();

const plainTextOf = (limits: { min?: number; max: number }): Rule => object({ type, text: string(limits) }, { emoji: boolean });
const mrkdwnOf = (limits: { min?: number; max: number }): Rule => object({ type, text: string(limits) }, { verbatim: boolean });

/** `emoji` belongs to plain_text and `verbatim` to mrkdwn; Slack refuses the one on the other. */
export const plainText = (max: number): Rule => byType({ plain_text: plainTextOf({ max }) });
export const anyText = (max: number): Rule => byType({ plain_text: plainTextOf({ max }), mrkdwn: mrkdwnOf({ max }) });

const actionId: Rule = (value, pointer, check) => {
  string({ max: 255 })(value, pointer, check);
  if (typeof value !== 'string') return;
  if (check.actionIds.has(value)) note(check, pointer, `\`action_id\` "${value}" already exists for another element`);
  check.actionIds.add(value);
};

const style = string({ oneOf: ['primary', 'danger'] });
const confirm = object({ text: anyText(300) }, { title: plainText(100), confirm: plainText(30), deny: plainText(30), style });
const placeholder = plainText(150);
const date = string({ pattern: /^\d{4}-\d{2}-\d{2}$/ });
const time = string({ pattern: /^([01]\d|2[0-3]):[0-5]\d$/ });

const OPTION_VALUE_MAX = 75; // @slack/types 3.2.0; the documentation said 150 for a while
const plainOption = object({ text: plainText(75), value: string({ max: OPTION_VALUE_MAX }) }, { description: plainText(75), url });
const boxOption = object({ text: anyText(75), value: string({ max: OPTION_VALUE_MAX }) }, { description: anyText(75) });
const optionGroups = list(object({ label: plainText(75), options: list(plainOption, { max: 100 }) }), { max: 100 });
const dispatch = object({}, { trigger_actions_on: list(string({ oneOf: ['on_enter_pressed', 'on_character_entered'] }), { max: 2 }) });
const filter = object(
  {},
  {
    include: list(string({ oneOf: ['im', 'mpim', 'private', 'public'] }), { max: 4 }),
    exclude_external_shared_channels: boolean,
    exclude_bot_users: boolean,
  },
);

const image: Rule = object(
  { type, alt_text: string({ max: 2000 }) },
  { image_url: url, slack_file: object({}, { id: string(), url }) },
  (it) =>
    (it['image_url'] === undefined) === (it['slack_file'] === undefined) ? 'missing required field: image_url or slack_file' : undefined,
);

const common = { action_id: actionId, confirm };
const focus = { focus_on_load: boolean };
const many = { max_selected_items: number({ min: 1 }) };

const choices = (it: Record<string, unknown>): string | undefined =>
  (it['options'] === undefined) === (it['option_groups'] === undefined) ? 'must provide either options or option_groups' : undefined;
const menu = { ...common, ...focus, placeholder };
const lists = { options: list(plainOption, { max: 100 }), option_groups: optionGroups };
const ids = list(string(), { min: 0, max: 1000 });
const typed = { action_id: actionId, placeholder, dispatch_action_config: dispatch, ...focus };

const lengthsMakeSense = (it: Record<string, unknown>): string | undefined => {
  const {
    min_length: min,
    max_length: max,
    initial_value: initial,
  } = it as { min_length?: unknown; max_length?: unknown; initial_value?: unknown };
  if (typeof min === 'number' && typeof max === 'number' && min > max) return 'min_length must not be more than max_length';
  if (typeof initial !== 'string') return undefined;
  return typeof max === 'number' && lengthOf(initial) > max ? 'initial_value is longer than max_length' : undefined;
};

/** Every element a block may hold, by its type. */
const ELEMENTS: Record<string, Rule> = {
  image,
  button: object(
    { type, text: plainText(75) },
    { ...common, value: string({ max: 2000 }), url, style, accessibility_label: string({ max: 75 }) },
  ),
  overflow: object({ type, options: list(plainOption, { max: 5 }) }, common),
  checkboxes: object(
    { type, options: list(boxOption, { max: 10 }) },
    { ...common, ...focus, initial_options: list(boxOption, { max: 10 }) },
  ),
  radio_buttons: object({ type, options: list(boxOption, { max: 10 }) }, { ...common, ...focus, initial_option: boxOption }),
  static_select: object({ type }, { ...menu, ...lists, initial_option: plainOption }, choices),
  multi_static_select: object({ type }, { ...menu, ...lists, ...many, initial_options: list(plainOption, { max: 100 }) }, choices),
  external_select: object({ type }, { ...menu, initial_option: plainOption, min_query_length: number({ min: 0 }) }),
  users_select: object({ type }, { ...menu, initial_user: string() }),
  multi_users_select: object({ type }, { ...menu, ...many, initial_users: ids }),
  channels_select: object({ type }, { ...menu, initial_channel: string(), response_url_enabled: boolean }),
  conversations_select: object(
    { type },
    { ...menu, initial_conversation: string(), default_to_current_conversation: boolean, response_url_enabled: boolean, filter },
  ),
  datepicker: object({ type }, { ...menu, initial_date: date }),
  timepicker: object({ type }, { ...menu, initial_time: time, timezone: string() }),
  datetimepicker: object({ type }, { ...common, ...focus, initial_date_time: number({ min: 1_000_000_000, max: 9_999_999_999 }) }),
  plain_text_input: object(
    { type },
    {
      ...typed,
      initial_value: string({ min: 0, max: 3000 }),
      multiline: boolean,
      min_length: number({ min: 0, max: 3000 }),
      max_length: number({ min: 1, max: 3000 }),
    },
    lengthsMakeSense,
  ),
  email_text_input: object({ type }, { ...typed, initial_value: string() }),
  url_text_input: object({ type }, { ...typed, initial_value: string() }),
  number_input: object(
    { type, is_decimal_allowed: boolean },
    { ...typed, initial_value: string(), min_value: string(), max_value: string() },
  ),
};

const MENUS = [
  'static_select',
  'multi_static_select',
  'external_select',
  'users_select',
  'multi_users_select',
  'channels_select',
  'conversations_select',
];
const PRESSED = ['checkboxes', 'radio_buttons', 'datepicker', 'timepicker', ...MENUS];

export const imageElement: Rule = image;
export const accessory: Rule = byType(pick(ELEMENTS, 'image', 'button', 'overflow', ...PRESSED));
export const actionElement: Rule = byType(pick(ELEMENTS, 'button', 'overflow', 'datetimepicker', ...PRESSED));
export const inputElement: Rule = byType(
  pick(ELEMENTS, 'plain_text_input', 'email_text_input', 'url_text_input', 'number_input', 'datetimepicker', ...PRESSED),
);
export const contextElement: Rule = byType({ image, plain_text: anyText(3000), mrkdwn: anyText(3000) });
