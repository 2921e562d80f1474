// Block Kit as Slack enforces it, written by hand from its documentation so that the bot and its judge share no code.
// Newer blocks that roll out unevenly (data_table, data_visualization, card, carousel, container, plan, task_card, ...) are refused as
// unknown: a bot that uses them must be able to fall back.

import { accessory, actionElement, anyText, contextElement, imageElement, inputElement, plainText } from './elements.ts';
import { richTextCell, richTextElements } from './rich-text.ts';
import {
  type BlockProblem,
  boolean,
  byType,
  type Check,
  isObject,
  lengthOf,
  list,
  newCheck,
  note,
  number,
  object,
  type Rule,
  type Surface,
  string,
} from './rules.ts';
import type { SlackBlock } from './types.ts';

const BLOCKS_PER_MESSAGE = 50;
const BLOCKS_PER_VIEW = 100;
/** Not documented; people meet `msg_blocks_too_long` between 12,000 and 13,300 characters (bolt-js issues 2509 and 2867). */
export const BLOCKS_BUDGET = 12_000;
const MARKDOWN_TOTAL = 12_000;
const TABLE_ROWS = 100;
const TABLE_COLUMNS = 20;
const TABLE_CHARACTERS = 10_000;

const type = string();

const blockId: Rule = (value, pointer, check) => {
  string({ max: 255 })(value, pointer, check);
  if (typeof value !== 'string') return;
  if (check.blockIds.has(value)) note(check, pointer, `\`block_id\` "${value}" already exists for another block`);
  check.blockIds.add(value);
};

const block = (
  required: Record<string, Rule>,
  optional: Record<string, Rule> = {},
  also?: (it: Record<string, unknown>) => string | undefined,
): Rule => object({ type, ...required }, { block_id: blockId, ...optional }, also);

const only = (surface: Surface, rule: Rule): Rule => {
  return (value, pointer, check) => {
    if (check.surface !== surface) note(check, `${pointer}/type`, `block is only allowed in a ${surface}`);
    rule(value, pointer, check);
  };
};

const cell = byType({
  raw_text: object({ type, text: string() }),
  raw_number: object({ type, value: number({ whole: false }), text: string() }),
  rich_text: richTextCell,
});

const tableFields = block(
  { rows: list(list(cell, { max: TABLE_COLUMNS }), { max: TABLE_ROWS }) },
  {
    column_settings: list(object({}, { align: string({ oneOf: ['left', 'center', 'right'] }), is_wrapped: boolean }), {
      max: TABLE_COLUMNS,
    }),
  },
);

const table: Rule = (value, pointer, check) => {
  tableFields(value, pointer, check);
  check.tables += 1;
  if (check.tables > 1) note(check, pointer, 'only one table is allowed per message');
  if (isObject(value) && textIn(value['rows']) > TABLE_CHARACTERS)
    note(check, `${pointer}/rows`, `no more than ${TABLE_CHARACTERS} characters allowed over all cells`);
};

/** Characters of every `text` below this value. */
function textIn(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, entry) => sum + textIn(entry), 0);
  if (!isObject(value)) return 0;
  return Object.entries(value).reduce(
    (sum, [name, entry]) => sum + (name === 'text' && typeof entry === 'string' ? lengthOf(entry) : textIn(entry)),
    0,
  );
}

const markdownFields = block({ text: string({ max: MARKDOWN_TOTAL }) });
const markdown: Rule = (value, pointer, check) => {
  markdownFields(value, pointer, check);
  if (isObject(value) && typeof value['text'] === 'string') check.markdown += lengthOf(value['text']);
  if (check.markdown > MARKDOWN_TOTAL)
    note(check, `${pointer}/text`, `no more than ${MARKDOWN_TOTAL} characters of markdown allowed in a message`);
};

const BLOCKS: Record<string, Rule> = {
  header: block({ text: plainText(150) }),
  divider: block({}),
  section: block({}, { text: anyText(3000), fields: list(anyText(2000), { max: 10 }), accessory, expand: boolean }, (it) =>
    it['text'] === undefined && it['fields'] === undefined ? 'missing required field: text or fields' : undefined,
  ),
  context: block({ elements: list(contextElement, { max: 10 }) }),
  actions: block({ elements: list(actionElement, { max: 25 }) }),
  image: (value, pointer, check) => {
    const { block_id: id, title, ...rest } = isObject(value) ? value : {};
    if (id !== undefined) blockId(id, `${pointer}/block_id`, check);
    if (title !== undefined) plainText(2000)(title, `${pointer}/title`, check);
    imageElement(rest, pointer, check);
  },
  input: block({ label: plainText(2000), element: inputElement }, { hint: plainText(2000), optional: boolean, dispatch_action: boolean }),
  rich_text: block({ elements: richTextElements }),
  markdown: only('message', markdown),
  table: only('message', table),
  alert: only('modal', block({ text: anyText(200) }, { level: string({ oneOf: ['default', 'info', 'warning', 'error', 'success'] }) })),
};

const anyBlock = byType(BLOCKS);
const eachBlock: Rule = (value, pointer, check) => {
  check.actionIds = new Set(); // unique within its block, not over the message
  anyBlock(value, pointer, check);
};

/** Notes everything wrong with these blocks, with a JSON pointer each. */
export function checkBlocks(blocks: unknown, pointer: string, check: Check): void {
  list(eachBlock, { min: 0, max: check.surface === 'message' ? BLOCKS_PER_MESSAGE : BLOCKS_PER_VIEW })(blocks, pointer, check);
}

export function validateBlocks(blocks: unknown, surface: Surface = 'message'): BlockProblem[] {
  const check = newCheck(surface);
  checkBlocks(blocks, '/blocks', check);
  return check.problems;
}

/** Blocks as Slack stores them: ids given to what has none, `emoji` and `verbatim` written out. */
export function normaliseBlocks(blocks: SlackBlock[], newId: () => string): SlackBlock[] {
  return blocks.map((it) => ({ block_id: newId(), ...(fillIn(it, newId, true) as SlackBlock) }));
}

const INTERACTIVE = /^(button|overflow|checkboxes|radio_buttons|(multi_)?[a-z]+_select|[a-z]+picker|[a-z_]+_input)$/;

function fillIn(value: unknown, newId: () => string, isBlock = false): unknown {
  if (Array.isArray(value)) return value.map((entry) => fillIn(entry, newId));
  if (!isObject(value)) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, fillIn(entry, newId)]));
  const kind = String(value['type']);
  if (kind === 'plain_text') return { ...copy, emoji: value['emoji'] ?? true };
  if (kind === 'mrkdwn') return { ...copy, verbatim: value['verbatim'] ?? false };
  return !isBlock && INTERACTIVE.test(kind) && value['action_id'] === undefined ? { ...copy, action_id: newId() } : copy;
}
