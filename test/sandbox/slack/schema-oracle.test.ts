// A second opinion on our hand-written block rules: a JSON Schema made from Slack's own @slack/types, with the limits that its
// documentation comments state in prose. It may not refuse what we take; what it cannot know is listed by name.
import { fileURLToPath } from 'node:url';
import { createGenerator } from 'ts-json-schema-generator';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { validateBlocks } from '../../../sandbox/slack/blocks.ts';
import { BROKEN, VALID } from './block-fixtures.ts';

type Node = {
  $ref?: string;
  type?: string;
  description?: string;
  properties?: Record<string, Node>;
  anyOf?: Node[];
  maxLength?: number;
  maxItems?: number;
  maximum?: number;
};
type Definitions = Record<string, Node>;

const PROSE_LIMIT = /(?:\bmax(?:imum)?\b|\bup to\b)[^.\d]*([\d,]+)/i;

/** Writes each stated maximum into the schema; returns what it wrote, as `Definition.property: limit`. */
function writeLimits(definitions: Definitions): Record<string, number> {
  const found: Record<string, number> = {};
  for (const [name, definition] of Object.entries(definitions)) {
    for (const variant of [definition, ...(definition.anyOf ?? [])]) {
      for (const [property, node] of Object.entries(variant.properties ?? {})) {
        const limit = Number(PROSE_LIMIT.exec(node.description ?? '')?.[1]?.replaceAll(',', ''));
        if (!(limit > 0) || variant.properties === undefined) continue;
        variant.properties[property] = limited(node, limit, definitions);
        found[`${name}.${property}`] = limit;
      }
    }
  }
  return found;
}

/** A string, list or number with this maximum; for a text object, a copy of it whose `text` has the maximum. */
function limited(node: Node, limit: number, definitions: Definitions): Node {
  if (node.type === 'string') return { ...node, maxLength: limit };
  if (node.type === 'array') return { ...node, maxItems: limit };
  if (node.type === 'number') return { ...node, maximum: limit };
  if (node.anyOf !== undefined) return { anyOf: node.anyOf.map((it) => limited(it, limit, definitions)) };
  const target = definitions[node.$ref?.replace('#/definitions/', '') ?? ''];
  const text = target?.properties?.['text'];
  if (target?.anyOf !== undefined) return limited({ anyOf: target.anyOf }, limit, definitions);
  return text === undefined ? node : { ...target, properties: { ...target?.properties, text: { ...text, maxLength: limit } } };
}

const schema = createGenerator({
  path: fileURLToPath(import.meta.resolve('@slack/types')).replace(/\.js$/, '.d.ts'),
  type: 'KnownBlock',
  skipTypeCheck: true,
  additionalProperties: false,
}).createSchema('KnownBlock');
const limits = writeLimits(schema.definitions as Definitions);
const knownBlock = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
const takes = (blocks: unknown[]): boolean => blocks.every((block) => knownBlock.safeParse(block).success);

/** Minimum lengths, and rules over several fields, over the whole message, over a surface or on a list within a list. */
const ONLY_OURS = [
  '51 blocks',
  'a section with neither text nor fields',
  'an empty section text',
  'a field of 2001',
  'an empty context',
  'empty actions',
  'an empty button value',
  'a script as button url',
  'one action id twice in a block',
  'one block id twice',
  'a select without options',
  'rich text with empty text',
  'a user element without a user',
  'two tables',
  '21 table cells in a row',
  'an empty table cell',
  '10,001 characters in a table',
  'markdown over 12,000 in two blocks',
  'an alert in a message',
  'min_length over max_length',
  'max_length of 3001',
];

test('the limits are still found in the comments of @slack/types', () => {
  expect(Object.keys(limits).length).toBeGreaterThanOrEqual(100);
  expect(limits).toMatchObject({
    'ActionsBlock.elements': 25,
    'Button.text': 75,
    'Button.value': 2000,
    'Button.url': 3000,
    'HeaderBlock.text': 150,
    'SectionBlock.text': 3000,
    'SectionBlock.fields': 10,
    'ContextBlock.elements': 10,
    'ConfirmationDialog.title': 100,
    'ConfirmationDialog.text': 300,
    'PlainTextOption.value': 75,
    'Overflow.options': 5,
    'TableBlock.rows': 100,
  });
});

test.each(Object.entries(VALID))('the schema takes %s, as we do', (_name, blocks) => {
  expect([takes(blocks), validateBlocks(blocks)]).toEqual([true, []]);
});

test('the schema refuses what we refuse, except for what a schema cannot know', () => {
  const onlyOurs = BROKEN.filter(([, blocks]) => takes(blocks)).map(([name]) => name);
  expect(onlyOurs).toEqual(ONLY_OURS);
});
