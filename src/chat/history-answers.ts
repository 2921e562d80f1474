/** Look-ups as commands: asked, answered in private, kept as somebody's default, shared where policy allows. */
import type { Cursor, Tab } from '../action-center/history.ts';
import type { AskedAt, AskedDefault, AskedLookUp, Asker, LookedUp, LookUp, LookUpRefusal } from '../action-center/look-up.ts';
import type { Result } from '../action-center/refusal.ts';
import { type HistoryCard, historyCard, mistakeCard, sharedCard, type Visibility } from './history-card.ts';
import type { HistoryAsk } from './history-command.ts';
import { lookUpRefusalText, notShared, resetText, savedText, saveWhatText, sharedText, tooLongText } from './history-words.ts';
import type { Line } from './show.ts';

export type HistoryFlows = {
  lookUp: (asked: AskedLookUp) => Promise<Result<LookedUp, LookUpRefusal>>;
  keepDefault: (asked: AskedDefault) => Promise<Result<boolean, LookUpRefusal>>;
  noteShared: (asked: AskedLookUp, looked: LookedUp) => Promise<void>;
  visibility: Visibility;
};

export type AskedHistory = Asker & { place: AskedAt; cursor: Cursor | null; share: boolean };
/** `share`: to be posted for everybody in the conversation before the lines are said. */
export type HistoryAnswer = { lines: Line[]; card: HistoryCard | null; share?: HistoryCard };

const said = (...lines: Line[]): HistoryAnswer => ({ lines, card: null });

/** Throws UpstreamError when the record does not answer. */
export async function answerHistory(flows: HistoryFlows, asked: AskedHistory, ask: HistoryAsk): Promise<HistoryAnswer> {
  const { platform } = asked;
  switch (ask.kind) {
    case 'too-long':
      return said(tooLongText(platform));
    case 'save-what':
      return said(saveWhatText(ask.tab, platform));
    case 'reset':
      return kept(flows, asked, ask.tab, null);
    case 'usual':
      return found(flows, asked, ask.tab, null);
    default: {
      const { lookUp, mistakes } = ask;
      if (mistakes.length > 0) return { lines: [], card: mistakeCard(lookUp, mistakes, platform, ask.kind === 'save') };
      return ask.kind === 'save' ? kept(flows, asked, lookUp.tab, lookUp) : found(flows, asked, lookUp.tab, lookUp);
    }
  }
}

async function kept(flows: HistoryFlows, asked: AskedHistory, tab: Tab, lookUp: LookUp | null): Promise<HistoryAnswer> {
  const { platform } = asked;
  const done = await flows.keepDefault({ ...asked, tab, lookUp });
  if (!done.ok) return said(lookUpRefusalText(done.refusal, platform));
  return said(lookUp === null ? resetText(tab, platform, done.value) : savedText(tab, platform));
}

async function found(flows: HistoryFlows, asked: AskedHistory, tab: Tab, lookUp: LookUp | null): Promise<HistoryAnswer> {
  const { visibility } = flows;
  // Nothing is looked up for a conversation in which it would not be shown.
  if (asked.share && visibility === 'never') return said(notShared);
  const wanted = { ...asked, tab, lookUp };
  const looked = await flows.lookUp(wanted);
  if (!looked.ok) return said(lookUpRefusalText(looked.refusal, asked.platform));
  const { value } = looked;
  const everywhere = asked.place.isPersonal || value.lookUp.scope === 'all';
  const shown = { visibility: asked.place.isPersonal ? ('never' as const) : visibility, everywhere, cursor: asked.cursor };
  if (asked.share) {
    await flows.noteShared(wanted, value);
    return { ...said(sharedText), share: sharedCard(value, shown) };
  }
  return { lines: [], card: historyCard(value, shown) };
}
