/** The picture of a group: how many actions of what kind one card stands for, on what they act, and what became of them so far. Pure. */
import type { ActionType, Severity } from '../action-center/action.ts';
import { type BackendName, mayBeCarriedOut } from '../action-center/catalogue.ts';
import type { GroupPicture, OpenKind, Tally, TopNamed } from '../action-center/group.ts';
import type { AskButton, AskCard, Fact, GroupButton, GroupCard } from './card.ts';
import { groupTexts, standingOf } from './group-words.ts';
import { disarm, exact, indicator, type Line, plain, showText, time, words } from './show.ts';

/** More rows of buttons than this nobody reads; the types with the most open actions come first. */
const typesMost = 4;
const nameLength = 80;
const kindsMost = 20;

export function groupCardFor(group: GroupPicture, { backend }: { backend: BackendName }): GroupCard {
  const { tallies, id: groupId, version } = group;
  const open = tallies.filter(({ status }) => standingOf(status) === 'open');
  const isOpen = open.length > 0;
  const byType = summed(tallies, ({ type }) => type);
  const total = sumOf(tallies);
  const heading = total === 0 ? groupTexts.empty : groupTexts.heading(total, [...byType.keys()], isOpen);
  const standing = groupTexts.standing(summed(tallies, ({ status }) => standingOf(status)));
  return {
    kind: 'group',
    groupId,
    version,
    heading,
    standing: [words(standing)],
    facts: factsOf(group, byType, open),
    top: group.top.map(topOf),
    footnotes: footnotesOf(group, open, backend),
    buttons: buttonsOf(group, open, backend),
    isOpen,
    fallback: showText(groupTexts.fallback(heading, standing), 300),
  };
}

const sumOf = (tallies: readonly Tally[]): number => tallies.reduce((sum, { count }) => sum + count, 0);

/** Largest first. */
function summed<K>(tallies: readonly Tally[], keyOf: (tally: Tally) => K): Map<K, number> {
  const sums = new Map<K, number>();
  for (const tally of tallies) sums.set(keyOf(tally), (sums.get(keyOf(tally)) ?? 0) + tally.count);
  return new Map([...sums].sort(([, a], [, b]) => b - a));
}

function factsOf({ key, oldest, nearest }: GroupPicture, byType: ReadonlyMap<ActionType, number>, open: readonly Tally[]): Fact[] {
  const { labels } = groupTexts;
  const types = [...byType].slice(0, typesMost * 2).map(([type, n]) => groupTexts.type(type, n));
  const left = byType.size - types.length;
  const order: Severity[] = ['high', 'medium', 'low', 'informational'];
  const bySeverity = summed(open, ({ severity }) => severity);
  const severities = order.flatMap((severity) => {
    const count = bySeverity.get(severity);
    return count === undefined ? [] : [groupTexts.severity({ severity, count })];
  });
  return [
    { label: labels.why, value: groupTexts.why(key) },
    ...(types.length === 0
      ? []
      : [{ label: labels.types, value: [words([...types, ...(left > 0 ? [groupTexts.moreTypes(left)] : [])].join(', '))] }]),
    ...(severities.length === 0 ? [] : [{ label: labels.severities, value: [words(severities.join(', '))] }]),
    ...(nearest === null ? [] : [{ label: labels.nearest, value: [time(nearest)] }]),
    ...(oldest === null ? [] : [{ label: labels.oldest, value: [time(oldest)] }]),
  ];
}

/** A sender may be the attacker. */
function topOf({ kind, total, names }: TopNamed): Fact {
  const draw = kind === 'sender' ? indicator : (text: string, max: number) => exact(disarm(text), max);
  const shown = names.flatMap(({ name, count }, index): Line => {
    return [...(index === 0 ? [] : [words(', ')]), draw(name, nameLength), words(groupTexts.inActions(count))];
  });
  const left = total - names.length;
  return { label: groupTexts.top[kind], value: left > 0 ? [...shown, words(` ${groupTexts.moreNames(left)}`)] : shown };
}

function footnotesOf({ id, isTaking }: GroupPicture, open: readonly Tally[], backend: BackendName): Line[] {
  const isMore = open.some(({ type }) => !mayBeCarriedOut(type, backend));
  return [
    ...(open.length > 0 ? [[words(groupTexts.single)], [words(groupTexts.each)]] : []),
    ...(isMore ? [[words(groupTexts.inDefender)]] : []),
    [words(isTaking ? groupTexts.taking : groupTexts.closed)],
    [words(groupTexts.group), exact(id, 64)],
  ];
}

function buttonsOf({ id: groupId, version }: GroupPicture, open: readonly Tally[], backend: BackendName): GroupButton[] {
  const decidable = summed(
    open.filter(({ type }) => mayBeCarriedOut(type, backend)),
    ({ type }) => type,
  );
  if (decidable.size === 0) return [];
  const isMixed = summed(open, ({ type }) => type).size > 1;
  const decide = ([type, n]: [ActionType, number]): GroupButton[] =>
    (['approve', 'reject'] as const).map((verb) => ({
      kind: 'decideGroup',
      label: groupTexts.decide(verb, n, type, isMixed),
      describes: groupTexts.decideDescribes(type),
      pressed: { groupId, version },
      type,
      verb,
    }));
  return [
    { kind: 'reviewGroup', label: groupTexts.review, describes: groupTexts.reviewDescribes, pressed: { groupId, version } },
    ...[...decidable].slice(0, typesMost).flatMap(decide),
  ];
}

/** Which of the members somebody wants to look at: a button for each type and severity. */
export function reviewCard(pressed: { groupId: string; version: number }, kinds: readonly OpenKind[]): AskCard {
  const total = kinds.reduce((sum, { count }) => sum + count, 0);
  const buttons = kinds.slice(0, kindsMost).map((kind): AskButton => {
    const { type, severity } = kind;
    return { kind: 'members', label: groupTexts.kindButton(kind), choice: { ...pressed, type, severity } };
  });
  const lines = [groupTexts.ask(total)];
  return { kind: 'ask', lines, buttons, fallback: lines.map(plain).join(' ') };
}
