/**
 * What both platforms do when somebody asks for many at once: hand it to the flows, and turn whatever comes of it into lines, buttons and lists.
 * Nothing about deciding lives here, and nothing about how a platform says things.
 */
import type { ActionType } from '../action-center/action.ts';
import type { Asker, Batch, Confirmation } from '../action-center/batch.ts';
import type { BulkPlan, OpenType } from '../action-center/bulk.ts';
import type { BackendName } from '../action-center/catalogue.ts';
import type { OpenKind } from '../action-center/group.ts';
import type { RemediationAction } from '../action-center/intake.ts';
import type { GroupList, GroupPress, MemberChoice } from '../action-center/plan-group.ts';
import type { LeftOut, UndoPlan } from '../action-center/plan-undo.ts';
import type { Log } from '../action-center/ports.ts';
import type { Result } from '../action-center/refusal.ts';
import { begunText, bulkTexts, fallbackOf, namedMost, undoTexts } from './batch-words.ts';
import type { AskButton, AskCard, Pressed } from './card.ts';
import { subjectOf } from './evidence.ts';
import { reviewCard } from './group-card.ts';
import { troubleLine } from './press.ts';
import { exact, foreign, type Line, words } from './show.ts';
import { refusalText } from './words.ts';

export type ManyFlows = {
  planUndo(ids: readonly string[], asker: Asker): Promise<Result<UndoPlan>>;
  confirm(confirmation: Confirmation): Promise<Result<Batch>>;
  bulkTypes(asker: Asker): Promise<Result<OpenType[]>>;
  bulkChoices(type: ActionType, asker: Asker): Promise<Result<RemediationAction[]>>;
  planBulk(ids: readonly string[], asker: Asker): Promise<Result<BulkPlan>>;
  reviewGroup(press: GroupPress, asker: Asker): Promise<Result<OpenKind[]>>;
  listGroup(choice: MemberChoice, asker: Asker): Promise<Result<GroupList>>;
  planGroup(choice: GroupPress & { type: ActionType }, asker: Asker): Promise<Result<BulkPlan>>;
};

export type ManyDeps = { many: ManyFlows; backend: BackendName; log: Log };
/** A line instead of what was asked for. */
type Said = { line: Line };
/** `total`: how many there are, if that is more than the list holds. */
export type Choices = { type: ActionType; actions: RemediationAction[]; total?: number };

/** Never rejects: whatever happens becomes a sentence. */
async function answering<T, A>(
  deps: ManyDeps,
  asked: Pick<Asker, 'platform' | 'clickId'>,
  work: () => Promise<Result<T>>,
  show: (value: T) => A,
): Promise<A | Said> {
  try {
    const result = await work();
    return result.ok ? show(result.value) : { line: refusalText(result.refusal, { platform: asked.platform }) };
  } catch (error) {
    return { line: troubleLine(deps.log, { clickId: asked.clickId }, error) };
  }
}

const ask = (lines: Line[], buttons: AskButton[]): AskCard => ({ kind: 'ask', lines, buttons, fallback: fallbackOf(lines) });

/** What would be undone, with a button that does it. */
export async function undoQuestion(deps: ManyDeps, ids: readonly string[], asker: Asker): Promise<AskCard | Said> {
  return answering(
    deps,
    asker,
    () => deps.many.planUndo(ids, asker),
    (plan) => undoCard(deps, plan, asker),
  );
}

function undoCard({ backend }: ManyDeps, { actions, leftOut, batchId, more }: UndoPlan, { platform }: Asker): AskCard {
  const [action] = actions;
  const left = leftOutLines(leftOut, platform);
  if (batchId !== null) {
    const button: AskButton = { kind: 'begin', name: 'undo', label: undoTexts.manyButton(actions.length), batchId, verb: 'undo' };
    return ask([...undoTexts.many(actions, action.type, backend), ...left], [button]);
  }
  const one: AskButton = { kind: 'undo', label: undoTexts.one, pressed: pressedOf(action) };
  const lines = [...undoTexts.single(action, backend), ...left];
  if (more === null) return ask(action.type === 'stopAndQuarantineFile' ? [...lines, undoTexts.noMore] : lines, [one]);
  const all: AskButton = {
    kind: 'begin',
    name: 'more',
    label: undoTexts.moreButton(more.actions.length),
    batchId: more.batchId,
    verb: 'undo',
  };
  return ask([...lines, undoTexts.more(more.actions)], [one, all]);
}

const pressedOf = (action: RemediationAction): Pressed => ({ actionId: action.id, digest: action.scopeDigest, version: action.version });

function leftOutLines(leftOut: readonly LeftOut[], platform: Asker['platform']): Line[] {
  if (leftOut.length === 0) return [];
  const shown = leftOut.slice(0, namedMost).map(({ id, action, refusal }): Line => {
    const what: Line = action === null ? [exact(id, 64)] : [foreign(subjectOf(action), 100), words(' '), exact(id, 64)];
    return [...what, words(': '), ...refusalText(refusal, { platform })];
  });
  const more = leftOut.length - shown.length;
  return [undoTexts.leftOut(leftOut.length), ...shown, ...(more > 0 ? [undoTexts.leftOutMore(more)] : [])];
}

/** What the person hears who pressed the button that begins. */
export async function beginLine(deps: ManyDeps, confirmation: Confirmation): Promise<Line> {
  const answer = await answering(
    deps,
    confirmation,
    () => deps.many.confirm(confirmation),
    (batch) => ({ line: begunText(batch) }),
  );
  return answer.line;
}

/** Which types can be decided at once here, a button each. */
export async function bulkQuestion(deps: ManyDeps, asker: Asker): Promise<AskCard | Said> {
  return answering(
    deps,
    asker,
    () => deps.many.bulkTypes(asker),
    (types) => {
      const buttons = types
        .slice(0, typesMost)
        .map((one): AskButton => ({ kind: 'bulk', label: bulkTexts.typeButton(one), type: one.type }));
      return ask([buttons.length === 0 ? bulkTexts.none : bulkTexts.intro], buttons);
    },
  );
}

/** More buttons than this nobody reads; the types with the most actions come first. */
const typesMost = 10;

export async function bulkList(deps: ManyDeps, type: ActionType, asker: Asker): Promise<Choices | Said> {
  return answering(
    deps,
    asker,
    () => deps.many.bulkChoices(type, asker),
    (actions) => (actions.length === 0 ? { line: bulkTexts.none } : { type, actions }),
  );
}

export async function bulkRadius(deps: ManyDeps, ids: readonly string[], asker: Asker): Promise<BulkPlan | Said> {
  return answering(
    deps,
    asker,
    () => deps.many.planBulk(ids, asker),
    (plan) => plan,
  );
}

/** Which members of a group somebody wants to look at, a button for each kind. */
export async function groupQuestion(deps: ManyDeps, press: GroupPress, asker: Asker): Promise<AskCard | Said> {
  return answering(
    deps,
    asker,
    () => deps.many.reviewGroup(press, asker),
    (kinds) => reviewCard(press, kinds),
  );
}

export async function groupMembers(deps: ManyDeps, choice: MemberChoice, asker: Asker): Promise<Choices | Said> {
  return answering(
    deps,
    asker,
    () => deps.many.listGroup(choice, asker),
    (list) => list,
  );
}

export async function groupRadius(deps: ManyDeps, choice: GroupPress & { type: ActionType }, asker: Asker): Promise<BulkPlan | Said> {
  return answering(
    deps,
    asker,
    () => deps.many.planGroup(choice, asker),
    (plan) => plan,
  );
}
