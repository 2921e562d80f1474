// Payloads Slack takes and payloads it refuses, each with the place Slack would point at.

type Json = Record<string, unknown>;
const text = (value: string): Json => ({ type: 'plain_text', text: value });
const mrkdwn = (value: string): Json => ({ type: 'mrkdwn', text: value });
const long = (length: number): string => 'x'.repeat(length);
const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index));
const option = (value = 'a'): Json => ({ text: text('A'), value });

export const button = (more: Json = {}): Json => ({ type: 'button', action_id: 'approve', text: text('Approve'), value: 'a1:1', ...more });
export const actions = (...elements: Json[]): Json => ({ type: 'actions', elements });
export const section = (value = 'Quarantine invoice.exe'): Json => ({ type: 'section', text: mrkdwn(value) });
const confirm = { title: text('Sure?'), text: mrkdwn('This *cannot* be undone'), confirm: text('Yes'), deny: text('No') };
const richText = (...elements: Json[]): Json => ({ type: 'rich_text', elements: [{ type: 'rich_text_section', elements }] });
const table = (rows: Json[][]): Json => ({ type: 'table', rows });
const cell = (value = 'a'): Json => ({ type: 'raw_text', text: value });
const input = (element: Json = { type: 'plain_text_input', action_id: 'comment' }): Json => ({
  type: 'input',
  label: text('Comment'),
  element,
});

export const VALID: Record<string, Json[]> = {
  'a header at its limit': [{ type: 'header', text: text(long(150)) }],
  'a divider': [{ type: 'divider' }],
  'a section at its limit': [section(long(3000))],
  'a section with ten fields': [{ type: 'section', fields: times(10, () => mrkdwn(long(2000))) }],
  'a section with an accessory': [{ ...section(), accessory: button() }],
  'a context of ten': [{ type: 'context', elements: times(10, () => mrkdwn('by Alice')) }],
  'a context with an image': [
    { type: 'context', elements: [{ type: 'image', image_url: 'https://contoso.example/a.png', alt_text: 'A' }] },
  ],
  'actions of twenty-five': [actions(...times(25, (index) => button({ action_id: `a${index}` })))],
  'a button at its limits': [
    actions(
      button({ text: text(long(75)), value: long(2000), style: 'primary', accessibility_label: long(75), url: 'https://contoso.example/' }),
    ),
  ],
  'a button with a confirm dialog': [actions(button({ confirm, style: 'danger' }))],
  'an overflow menu': [
    { ...section(), accessory: { type: 'overflow', action_id: 'more', options: times(5, (index) => option(`o${index}`)) } },
  ],
  'a select of a hundred': [actions({ type: 'static_select', action_id: 's', options: times(100, (index) => option(`o${index}`)) })],
  'ten checkboxes': [actions({ type: 'checkboxes', action_id: 'c', options: times(10, (index) => option(`o${index}`)) })],
  'two rows with the same action id': [actions(button()), actions(button())],
  'rich text of every element': [
    richText(
      { type: 'text', text: 'file ', style: { bold: true, code: true } },
      { type: 'link', url: 'https://contoso.example/', text: 'here' },
      { type: 'user', user_id: 'U0ALICE' },
      { type: 'channel', channel_id: 'C0SOC' },
      { type: 'emoji', name: 'lock' },
      { type: 'date', timestamp: 1_790_000_000, format: '{date_short_pretty} at {time}', fallback: '2026-09-21 14:13 UTC' },
      { type: 'usergroup', usergroup_id: 'S0SOC' },
      { type: 'broadcast', range: 'here' },
    ),
  ],
  'a rich text list, quote and code': [
    {
      type: 'rich_text',
      elements: [
        {
          type: 'rich_text_list',
          style: 'bullet',
          indent: 1,
          elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text: 'a' }] }],
        },
        { type: 'rich_text_quote', elements: [{ type: 'text', text: 'a' }] },
        { type: 'rich_text_preformatted', elements: [{ type: 'text', text: 'a' }] },
      ],
    },
  ],
  'a table at its limits': [
    {
      ...table(times(100, () => times(20, () => cell('12345')))),
      column_settings: [{ align: 'right', is_wrapped: true }],
    },
  ],
  'a table with rich text and numbers': [
    table([[cell(), richText({ type: 'text', text: 'b' }), { type: 'raw_number', value: 1.5, text: '1.5' }]]),
  ],
  'a markdown block': [{ type: 'markdown', text: '**bold**' }],
  'an image': [{ type: 'image', image_url: 'https://contoso.example/a.png', alt_text: 'A', title: text('A') }],
  'an input': [
    input({ type: 'plain_text_input', action_id: 'c', multiline: true, min_length: 1, max_length: 500, placeholder: text('Why?') }),
  ],
  'fifty blocks': times(50, () => ({ type: 'divider' })),
};

/** name, blocks, the pointer that must be among the problems */
export const BROKEN: [string, Json[], string][] = [
  ['51 blocks', times(51, () => ({ type: 'divider' })), '/blocks'],
  ['an unknown block type', [{ type: 'hologram' }], '/blocks/0/type'],
  ['a block without a type', [{ text: text('a') }], '/blocks/0'],
  ['an unknown field', [{ type: 'divider', colour: 'red' }], '/blocks/0/colour'],
  ['a header of 151', [{ type: 'header', text: text(long(151)) }], '/blocks/0/text/text'],
  ['a header in mrkdwn', [{ type: 'header', text: mrkdwn('a') }], '/blocks/0/text/type'],
  ['a section of 3001', [section(long(3001))], '/blocks/0/text/text'],
  ['a section with neither text nor fields', [{ type: 'section' }], '/blocks/0'],
  ['an empty section text', [section('')], '/blocks/0/text/text'],
  ['eleven fields', [{ type: 'section', fields: times(11, () => mrkdwn('a')) }], '/blocks/0/fields'],
  ['a field of 2001', [{ type: 'section', fields: [mrkdwn(long(2001))] }], '/blocks/0/fields/0/text'],
  ['emoji on mrkdwn', [{ type: 'section', text: { ...mrkdwn('a'), emoji: true } }], '/blocks/0/text/emoji'],
  ['verbatim on plain_text', [{ type: 'section', text: { ...text('a'), verbatim: true } }], '/blocks/0/text/verbatim'],
  ['a text object without a type', [{ type: 'section', text: { text: 'a' } }], '/blocks/0/text'],
  ['a bare string as text', [{ type: 'section', text: 'a' }], '/blocks/0/text'],
  ['eleven context elements', [{ type: 'context', elements: times(11, () => mrkdwn('a')) }], '/blocks/0/elements'],
  ['an empty context', [{ type: 'context', elements: [] }], '/blocks/0/elements'],
  ['a button in a context', [{ type: 'context', elements: [button()] }], '/blocks/0/elements/0/type'],
  ['empty actions', [actions()], '/blocks/0/elements'],
  ['26 buttons', [actions(...times(26, (index) => button({ action_id: `a${index}` })))], '/blocks/0/elements'],
  ['a plain text input in actions', [actions({ type: 'plain_text_input', action_id: 'c' })], '/blocks/0/elements/0/type'],
  ['a button label of 76', [actions(button({ text: text(long(76)) }))], '/blocks/0/elements/0/text/text'],
  ['a button label in mrkdwn', [actions(button({ text: mrkdwn('a') }))], '/blocks/0/elements/0/text/type'],
  ['a button value of 2001', [actions(button({ value: long(2001) }))], '/blocks/0/elements/0/value'],
  ['an empty button value', [actions(button({ value: '' }))], '/blocks/0/elements/0/value'],
  ['a button url of 3001', [actions(button({ url: `https://${long(2993)}` }))], '/blocks/0/elements/0/url'],
  ['a script as button url', [actions(button({ url: 'javascript:alert(1)' }))], '/blocks/0/elements/0/url'],
  ['a button style of default', [actions(button({ style: 'default' }))], '/blocks/0/elements/0/style'],
  ['an accessibility label of 76', [actions(button({ accessibility_label: long(76) }))], '/blocks/0/elements/0/accessibility_label'],
  ['an action id of 256', [actions(button({ action_id: long(256) }))], '/blocks/0/elements/0/action_id'],
  ['one action id twice in a block', [actions(button(), button())], '/blocks/0/elements/1/action_id'],
  [
    'one block id twice',
    [
      { ...section(), block_id: 'b' },
      { ...section(), block_id: 'b' },
    ],
    '/blocks/1/block_id',
  ],
  ['a block id of 256', [{ ...section(), block_id: long(256) }], '/blocks/0/block_id'],
  [
    'a confirm title of 101',
    [actions(button({ confirm: { ...confirm, title: text(long(101)) } }))],
    '/blocks/0/elements/0/confirm/title/text',
  ],
  [
    'a confirm text of 301',
    [actions(button({ confirm: { ...confirm, text: text(long(301)) } }))],
    '/blocks/0/elements/0/confirm/text/text',
  ],
  [
    'a confirm button of 31',
    [actions(button({ confirm: { ...confirm, deny: text(long(31)) } }))],
    '/blocks/0/elements/0/confirm/deny/text',
  ],
  [
    'a confirm title in mrkdwn',
    [actions(button({ confirm: { ...confirm, title: mrkdwn('a') } }))],
    '/blocks/0/elements/0/confirm/title/type',
  ],
  [
    'six overflow options',
    [{ ...section(), accessory: { type: 'overflow', options: times(6, () => option()) } }],
    '/blocks/0/accessory/options',
  ],
  ['101 select options', [actions({ type: 'static_select', options: times(101, () => option()) })], '/blocks/0/elements/0/options'],
  ['a select without options', [actions({ type: 'static_select' })], '/blocks/0/elements/0'],
  ['eleven checkboxes', [actions({ type: 'checkboxes', options: times(11, () => option()) })], '/blocks/0/elements/0/options'],
  ['an option value of 76', [actions({ type: 'checkboxes', options: [option(long(76))] })], '/blocks/0/elements/0/options/0/value'],
  ['rich text with empty text', [richText({ type: 'text', text: '' })], '/blocks/0/elements/0/elements/0/text'],
  ['rich text with an unknown element', [richText({ type: 'shout', text: 'a' })], '/blocks/0/elements/0/elements/0/type'],
  ['a user element without a user', [richText({ type: 'user', user_id: '' })], '/blocks/0/elements/0/elements/0/user_id'],
  ['text directly in rich_text', [{ type: 'rich_text', elements: [{ type: 'text', text: 'a' }] }], '/blocks/0/elements/0/type'],
  [
    'a list of text without sections',
    [{ type: 'rich_text', elements: [{ type: 'rich_text_list', style: 'bullet', elements: [{ type: 'text', text: 'a' }] }] }],
    '/blocks/0/elements/0/elements/0/type',
  ],
  ['a date without a timestamp', [richText({ type: 'date', format: '{date}' })], '/blocks/0/elements/0/elements/0'],
  ['two tables', [table([[cell()]]), table([[cell()]])], '/blocks/1'],
  ['101 table rows', [table(times(101, () => [cell()]))], '/blocks/0/rows'],
  ['21 table cells in a row', [table([times(21, () => cell())])], '/blocks/0/rows/0'],
  ['an empty table cell', [table([[cell('')]])], '/blocks/0/rows/0/0/text'],
  ['10,001 characters in a table', [table([[cell(long(10_001))]])], '/blocks/0/rows'],
  [
    'markdown over 12,000 in two blocks',
    [
      { type: 'markdown', text: long(6001) },
      { type: 'markdown', text: long(6000) },
    ],
    '/blocks/1/text',
  ],
  ['an alert in a message', [{ type: 'alert', text: text('a') }], '/blocks/0/type'],
  ['an image without alt text', [{ type: 'image', image_url: 'https://contoso.example/a.png' }], '/blocks/0'],
  ['an input without a label', [{ type: 'input', element: { type: 'plain_text_input' } }], '/blocks/0'],
  ['an input of a button', [input(button())], '/blocks/0/element/type'],
  ['min_length over max_length', [input({ type: 'plain_text_input', min_length: 9, max_length: 3 })], '/blocks/0/element'],
  ['max_length of 3001', [input({ type: 'plain_text_input', max_length: 3001 })], '/blocks/0/element/max_length'],
];

export const modal = (more: Json = {}): Json => ({
  type: 'modal',
  title: text('Undo'),
  submit: text('Undo'),
  blocks: [{ block_id: 'why', ...input() }],
  ...more,
});

export const BROKEN_VIEWS: [string, Json, string][] = [
  ['a title of 25', modal({ title: text(long(25)) }), '/view/title/text'],
  ['a submit of 25', modal({ submit: text(long(25)) }), '/view/submit/text'],
  ['a close of 25', modal({ close: text(long(25)) }), '/view/close/text'],
  ['a title in mrkdwn', modal({ title: mrkdwn('a') }), '/view/title/type'],
  ['no title', modal({ title: undefined }), '/view'],
  ['inputs without submit', modal({ submit: undefined }), '/view/submit'],
  ['private metadata of 3001', modal({ private_metadata: long(3001) }), '/view/private_metadata'],
  ['a callback id of 256', modal({ callback_id: long(256) }), '/view/callback_id'],
  ['101 blocks', modal({ blocks: times(101, () => ({ type: 'divider' })) }), '/view/blocks'],
  ['a table in a modal', modal({ blocks: [table([[cell()]])] }), '/view/blocks/0/type'],
  ['an alert of 201', modal({ blocks: [{ type: 'alert', text: text(long(201)) }] }), '/view/blocks/0/text/text'],
  ['a view that is no modal', modal({ type: 'poster' }), '/view/type'],
];
