/** Draws the card of a group as an Adaptive Card, and reads its buttons. Everything in it is bounded, so it fits. */
import { z } from 'zod';
import { ActionType, Severity } from '../../action-center/action.ts';
import type { GroupPress, MemberChoice } from '../../action-center/plan-group.ts';
import type { GroupCard } from '../card.ts';
import { plain, showText, words } from '../show.ts';
import { plainText } from './escape.ts';
import { drawFact, type TeamsContent, texts } from './render.ts';
import { runs } from './render-runs.ts';
import { expand } from './templates.ts';

const limits = { summary: 300, title: 75, heading: 200, standing: 400, footnote: 200 } as const;

export function renderGroup(card: GroupCard): TeamsContent {
  const summary = showText(plainText(card.fallback), limits.summary);
  const drawn = expand('group', {
    ...texts(card.fallback),
    heading: runs([words(showText(card.heading, limits.heading))], limits.heading, { size: 'Large', weight: 'Bolder' }),
    standingStyle: card.isOpen ? 'accent' : 'emphasis',
    standing: runs([words(plain(card.standing))], limits.standing, { weight: 'Bolder' }),
    facts: [...card.facts, ...card.top].map(drawFact),
    review: card.buttons.flatMap((button) => (button.kind === 'reviewGroup' ? [{ ...button.pressed, title: titleOf(button) }] : [])),
    rows: rowsOf(card),
    footnotes: card.footnotes.map((line) => ({ inlines: runs(line, limits.footnote, { isSubtle: true, size: 'Small' }) })),
  });
  return { card: drawn, summary, text: summary };
}

const titleOf = ({ label }: { label: string }): string => showText(label, limits.title);

/** A row for each type, so that what belongs together stands together. */
function rowsOf({ buttons }: GroupCard) {
  const decisions = buttons.flatMap((button) => (button.kind === 'decideGroup' ? [button] : []));
  const byType = Map.groupBy(decisions, ({ type }) => type);
  return [...byType.values()].map((row) => ({
    actions: row.map((button) => ({ ...button.pressed, type: button.type, decision: button.verb, title: titleOf(button) })),
  }));
}

const Press = z.object({ groupId: z.string().min(1).max(64), version: z.coerce.number().int().min(1) });
const Decide = Press.extend({ verb: z.literal('ac.group'), type: ActionType, decision: z.enum(['approve', 'reject']) });
const Choice = Press.extend({ verb: z.literal('ac.members'), type: ActionType, severity: Severity });

/** Null: not the Review of a group. */
export const readReview = (verb: unknown, data: unknown): GroupPress | null =>
  verb === 'ac.group.review' ? (Press.safeParse(data).data ?? null) : null;

export type GroupDialog = { kind: 'decide'; press: z.infer<typeof Decide> } | { kind: 'members'; choice: MemberChoice };

/** What dialog is asked for. Null: none of a group. */
export function readGroupDialog(data: unknown): GroupDialog | null {
  const press = Decide.safeParse(data).data;
  if (press) return { kind: 'decide', press };
  const choice = Choice.safeParse(data).data;
  return choice ? { kind: 'members', choice } : null;
}
