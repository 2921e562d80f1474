// rich_text: https://docs.slack.dev/reference/block-kit/blocks/rich-text-block

import { boolean, byType, list, number, object, type Rule, string, url } from './rules.ts';

const type = string();
const MANY = 1000; // Slack names no limit; the message budget is what ends it

const style = object(
  {},
  {
    bold: boolean,
    italic: boolean,
    strike: boolean,
    code: boolean,
    underline: boolean,
    highlight: boolean,
    client_highlight: boolean,
    unlink: boolean,
  },
);

const text = object({ type, text: string() }, { style });
const link = object({ type, url }, { text: string(), unsafe: boolean, style });

const inline = byType({
  text,
  link,
  user: object({ type, user_id: string({ pattern: /^[UW]/ }) }, { style }),
  usergroup: object({ type, usergroup_id: string() }, { style }),
  team: object({ type, team_id: string() }, { style }),
  channel: object({ type, channel_id: string({ pattern: /^[CDG]/ }) }, { style }),
  emoji: object({ type, name: string() }, { unicode: string(), url, skin_tone: number(), style }),
  color: object({ type, value: string() }, { style }),
  broadcast: object({ type, range: string({ oneOf: ['here', 'channel', 'everyone'] }) }, { style }),
  date: object({ type, timestamp: number({ min: 0 }), format: string({ pattern: /\{[a-z_]+\}/ }) }, { url, fallback: string(), style }),
});

const border = number({ min: 0, max: 1 });
const section = object({ type, elements: list(inline, { max: MANY }) });

const part = byType({
  rich_text_section: section,
  rich_text_list: object(
    { type, style: string({ oneOf: ['bullet', 'ordered'] }), elements: list(byType({ rich_text_section: section }), { max: MANY }) },
    { indent: number({ min: 0, max: 8 }), offset: number({ min: 0 }), border },
  ),
  rich_text_quote: object({ type, elements: list(inline, { max: MANY }) }, { border }),
  rich_text_preformatted: object({ type, elements: list(byType({ text, link }), { max: MANY }) }, { border, language: string() }),
});

export const richTextElements: Rule = list(part, { max: MANY });
/** rich_text as a table cell. */
export const richTextCell: Rule = object({ type, elements: richTextElements }, { block_id: string({ max: 255 }) });
