/** Draws the card of a group in Block Kit. Pure; everything in it is bounded, so it fits into a message. Read from top to bottom it makes sense aloud. */
import type { Button, KnownBlock } from '@slack/types';
import { z } from 'zod';
import { ActionType, Severity } from '../../action-center/action.ts';
import type { GroupPress, MemberChoice } from '../../action-center/plan-group.ts';
import type { Fact, GroupButton, GroupCard } from '../card.ts';
import { plain, showText } from '../show.ts';
import { limits, plainText, richText, type SlackContent, section } from './render.ts';
import { spokenText } from './spoken.ts';

const partLength = 80;

export function renderGroup(card: GroupCard): SlackContent {
  const [review, ...decisions] = card.buttons;
  const rows = Map.groupBy(decisions, (button) => (button.kind === 'decideGroup' ? button.type : ''));
  const version = `v${card.version}`;
  // The version in the ids makes Slack forget what it knew about the old buttons.
  const actions = (row: readonly GroupButton[], index: number): KnownBlock => ({
    type: 'actions',
    block_id: `ac|${card.groupId}|${version}|${index}`,
    elements: row.map(drawButton),
  });
  const blocks: KnownBlock[] = [
    { type: 'header', text: plainText(card.heading, limits.header) },
    richText([section([{ kind: 'words', text: plain(card.standing), strong: true }], 400)]),
    richText([...card.facts, ...card.top].map(factSection)),
    ...(review === undefined ? [] : [actions([review], 0), ...[...rows.values()].map((row, index) => actions(row, index + 1))]),
    { type: 'context', elements: [plainText(card.footnotes.map(plain).join(' '), 1000)] },
  ];
  return { text: spokenText(card.fallback, blocks), blocks };
}

const factSection = ({ label, value }: Fact) => section([{ kind: 'words', text: `${label}: `, strong: true }, ...value], partLength);

function drawButton(button: GroupButton): Button {
  const { groupId, version } = button.pressed;
  const common = {
    type: 'button' as const,
    text: plainText(button.label, limits.label),
    accessibility_label: showText(`${button.label}: ${button.describes}`, limits.label),
  };
  if (button.kind === 'reviewGroup') return { ...common, action_id: 'ac.group.review', value: `${groupId}|${version}` };
  const value = `${groupId}|${version}|${button.type}|${button.verb}`;
  return { ...common, action_id: `ac.group.${button.verb}.${button.type}`, value };
}

const Press = z.object({ groupId: z.string().min(1).max(64), version: z.coerce.number().int().min(1) });
const Decide = Press.extend({ type: ActionType, verb: z.enum(['approve', 'reject']) });
const Choice = Press.extend({ type: ActionType, severity: Severity });

export type ReadGroupPress =
  | { kind: 'review'; press: GroupPress }
  | { kind: 'decide'; press: z.infer<typeof Decide> }
  | { kind: 'members'; choice: MemberChoice };

/** Null: not about a group, or from an older version of this app. */
export function readGroupPress(actionId: string, value: string): ReadGroupPress | null {
  const [groupId, version, type, last] = value.split('|');
  if (actionId === 'ac.group.review') {
    const press = Press.safeParse({ groupId, version }).data;
    return press ? { kind: 'review', press } : null;
  }
  if (actionId.startsWith('ac.members.')) {
    const choice = Choice.safeParse({ groupId, version, type, severity: last }).data;
    return choice ? { kind: 'members', choice } : null;
  }
  if (!actionId.startsWith('ac.group.')) return null;
  const press = Decide.safeParse({ groupId, version, type, verb: last }).data;
  return press ? { kind: 'decide', press } : null;
}
