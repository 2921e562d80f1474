/** What a press on an answer means: a command that is sent, as if it had been typed. It comes back as data and has no authority. Pure. */
import { z } from 'zod';
import { parseHistory, printHistory, type QuickKey, quickKeys, withPick } from './history-command.ts';
import { anyPeriod } from './history-labels.ts';

export type HistoryPress = { text: string; cursor: string | null; share: boolean };

const text = z.string().min(1).max(1000);
const Value = z.object({ text, cursor: z.string().max(400).nullish(), share: z.boolean().nullish() });

/** In one text, for platforms whose buttons carry no more. */
export const writePress = ({ text, cursor, share }: HistoryPress): string => [share ? 'share' : 'look', cursor ?? '', text].join('\n');

/** Null: not one of ours. */
export function readWrittenPress(written: string): HistoryPress | null {
  const [what, cursor, ...text] = written.split('\n');
  if (what !== 'look' && what !== 'share') return null;
  return readPress({ text: text.join('\n'), cursor: cursor || null, share: what === 'share' });
}

/** Null: not one of ours. */
export function readPress(value: unknown): HistoryPress | null {
  const read = Value.safeParse(value).data;
  return read ? { text: read.text, cursor: read.cursor ?? null, share: read.share ?? false } : null;
}

/** The look-up that is shown, with what was picked in its menus. Null: the text is none of ours. */
export function pressOfPicks(shown: string, picks: Partial<Record<QuickKey, string | null | undefined>>): HistoryPress | null {
  const [, tab = '', rest = ''] = /^(history|pending)\b(.*)$/s.exec(shown) ?? [];
  if (tab !== 'history' && tab !== 'pending') return null;
  const asked = parseHistory(tab, rest);
  if (asked.kind !== 'look-up') return null;
  let { lookUp } = asked;
  for (const key of quickKeys) {
    const pick = picks[key];
    if (typeof pick === 'string' && pick !== '') lookUp = withPick(lookUp, key, pick === anyPeriod ? null : pick);
  }
  return { text: printHistory(lookUp), cursor: null, share: false };
}

export const showPress = (actionId: string): HistoryPress => ({ text: `show ${actionId}`, cursor: null, share: false });
