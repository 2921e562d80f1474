/** What somebody gets who does not see a card: everything in it, in its order, told by words and never by a colour alone. */
import { describe, expect, test } from 'vitest';
import { ActionStatus } from '../../src/action-center/action.ts';
import type { Line } from '../../src/chat/show.ts';
import { bulkChooseView } from '../../src/chat/slack/bulk-dialog.ts';
import { reasonDialog } from '../../src/chat/slack/dialog.ts';
import { renderCard as inSlack } from '../../src/chat/slack/render.ts';
import { renderDigest as digestInSlack } from '../../src/chat/slack/render-digest.ts';
import { renderGroup as groupInSlack } from '../../src/chat/slack/render-group.ts';
import { renderHistory as historyInSlack } from '../../src/chat/slack/render-history.ts';
import { permalinks, renderInboxMessage } from '../../src/chat/slack/render-inbox.ts';
import { noPictures } from '../../src/chat/slack/render-picture.ts';
import { renderCard as inTeams } from '../../src/chat/teams/render.ts';
import { renderBulkChoose } from '../../src/chat/teams/render-bulk.ts';
import { renderDigest as digestInTeams } from '../../src/chat/teams/render-digest.ts';
import { renderGroup as groupInTeams } from '../../src/chat/teams/render-group.ts';
import { renderHistory as historyInTeams } from '../../src/chat/teams/render-history.ts';
import { deepLinks, renderInbox } from '../../src/chat/teams/render-inbox.ts';
import { renderReasonDialog } from '../../src/chat/teams/render-reason.ts';
import { anAction } from '../setup/builders.ts';
import * as pictures from './accessible-pictures.ts';
import { moment } from './teams/moment.ts';

const files = new Map(pictures.digest.pictures.map(({ name }, index) => [name, `F012345678${index}`]));
const slackLinks = permalinks('https://contoso-example.slack.com/');
const teamsLinks = deepLinks('global', '11111111-2222-4333-8444-555555555555');

type Told = { text: string; blocks: readonly object[] };
const slack: [string, Told][] = [
  ...pictures.actionCards.map(([status, card]): [string, Told] => [`action ${status}`, inSlack(card)]),
  ['note', inSlack(pictures.note)],
  ['batch', inSlack(pictures.batch)],
  ['ask', inSlack(pictures.ask)],
  ['group', groupInSlack(pictures.group)],
  ['digest', digestInSlack(pictures.digest, files)],
  ['digest without pictures', digestInSlack(pictures.digest, noPictures)],
  ['history', historyInSlack(pictures.history)],
  ['inbox', renderInboxMessage(pictures.inbox, slackLinks)],
];
const action = anAction();
const pressed = { actionId: action.id, digest: action.scopeDigest, version: action.version };
const choices = { type: action.type, actions: [action], total: 1 };
const teams: [string, object][] = [
  ...pictures.actionCards.map(([status, card]): [string, object] => [`action ${status}`, inTeams(card).card]),
  ['note', inTeams(pictures.note).card],
  ['batch', inTeams(pictures.batch).card],
  ['ask', inTeams(pictures.ask).card],
  ['group', groupInTeams(pictures.group).card],
  ['digest', digestInTeams(pictures.digest).card],
  ['history', historyInTeams(pictures.history).card],
  ['inbox', renderInbox(pictures.inbox, teamsLinks).card],
  ['dialog', renderReasonDialog(action, { pressed, verb: 'reject' }).card],
  ['bulk dialog', renderBulkChoose(choices).card],
];

type Bag = Record<string, unknown>;
function objectsIn(value: unknown): Bag[] {
  if (typeof value !== 'object' || value === null) return [];
  return [...(Array.isArray(value) ? [] : [value as Bag]), ...Object.values(value).flatMap(objectsIn)];
}
const isTold = (value: unknown): boolean => typeof value === 'string' && value.trim() !== '';

/** Our own words of each line in order, without what a renderer may cut or draw in its own way. */
const wordsIn = (lines: readonly Line[]): string[][] =>
  lines.map((line) =>
    line.flatMap((part) => (part.kind === 'words' ? part.text.split(/[^\p{L}]+/u).filter((word) => word.length > 2) : [])),
  );

const slackWords = (text: string): string[] => text.replace(/<!date[^>]*>/g, ' ').split(/[^\p{L}]+/u);
const teamsWords = (card: object): string[] =>
  objectsIn(card)
    .flatMap((it) => (it['type'] === 'TextRun' || it['type'] === 'TextBlock' ? [String(it['text'])] : []))
    .join(' ')
    .split(/[^\p{L}]+/u);

/** What of `wanted` is not said in this order. */
function missing(wanted: readonly string[], said: readonly string[]): string[] {
  let place = 0;
  return wanted.filter((word) => {
    const found = said.indexOf(word, place);
    if (found >= 0) place = found + 1;
    return found < 0;
  });
}

type Cells = (typeof history.rows)[number]['cells'];
const isTime = ({ value }: Cells[number]) => value.every(({ kind }) => kind === 'time');
const historyWords = (inOrder: (cells: Cells) => Cells) =>
  wordsIn([
    label(history.heading),
    ...history.lines,
    ...history.rows.flatMap((row) => [row.lead, ...inOrder(row.cells).flatMap((cell) => [label(cell.label), cell.value])]),
  ]);

const { group, digest, inbox, history, batch, note, ask } = pictures;
const label = (text: string): Line => [{ kind: 'words', text }];
/** What each card says, in its order. */
const neutral: Record<string, string[][]> = {
  ...Object.fromEntries(
    pictures.actionCards.map(([status, card]) => [
      `action ${status}`,
      wordsIn([
        label(card.heading),
        card.standing,
        ...card.facts.filter(({ onlyLinks }) => !onlyLinks).flatMap((fact) => [label(fact.label), fact.value]),
        ...card.evidence.flatMap((one) => [label(one.label), ...one.values]),
        ...card.footnotes,
      ]),
    ]),
  ),
  note: wordsIn(note.lines),
  ask: wordsIn(ask.lines),
  batch: wordsIn([
    label(batch.heading),
    batch.standing,
    ...batch.facts.flatMap((fact) => [label(fact.label), fact.value]),
    ...batch.footnotes,
  ]),
  group: wordsIn([
    label(group.heading),
    group.standing,
    ...[...group.facts, ...group.top].flatMap((fact) => [label(fact.label), fact.value]),
    ...group.footnotes,
  ]),
  digest: wordsIn([
    label(digest.heading),
    ...digest.lines,
    ...digest.sections.flatMap((one) => [label(one.heading), ...one.lines, ...one.rows]),
    ...digest.footnotes,
  ]),
  inbox: wordsIn([label(inbox.heading), ...inbox.intro, ...inbox.rows.flatMap((row) => [row.heading, ...row.lines]), ...inbox.footnotes]),
  history: historyWords((cells) => cells),
};
/** Among plain text Slack fills in no times, so in a row of a look-up they come last. */
const neutralInSlack: typeof neutral = {
  ...neutral,
  history: historyWords((cells) => cells.toSorted((a, b) => Number(isTime(a)) - Number(isTime(b)))),
};

describe('read aloud', () => {
  test.each(slack)('the text of %s in Slack says what the card says, in its order, and then its buttons', (name, { text, blocks }) => {
    // What the first sentence says is not said twice.
    const first = slackWords(text.split('\n')[0] ?? '');
    const unsaid = (neutralInSlack[name.replace(/ without.*/, '')] ?? []).filter((line) => missing(line, first).length > 0);
    expect(missing(unsaid.flat(), slackWords(text))).toEqual([]);
    const buttons = objectsIn(blocks).flatMap((it) =>
      it['type'] === 'button' && !isAccessory(it, blocks) ? [String((it['text'] as Bag)['text'])] : [],
    );
    expect(buttons.filter((one) => !text.includes(one.replaceAll('&', '&amp;')))).toEqual([]);
  });

  test.each(teams)('%s in Teams has its elements in the order of the card, and says in short what it is about', (name, card) => {
    expect(missing((neutral[name] ?? []).flat(), teamsWords(card))).toEqual([]);
    const { fallbackText, speak } = card as Bag;
    expect([isTold(fallbackText), isTold(speak)]).toEqual([true, true]);
  });
});

const isAccessory = (button: Bag, blocks: readonly object[]): boolean => objectsIn(blocks).some((it) => it['accessory'] === button);

describe('pictures, fields and buttons', () => {
  test.each(slack)('all have words in %s in Slack, and buttons that look alike name what they are about', (_, { blocks }) => {
    const all = objectsIn(blocks);
    expect(all.filter((it) => it['type'] === 'image' && !isTold(it['alt_text']))).toEqual([]);
    const buttons = all.filter((it) => it['type'] === 'button');
    expect(buttons.filter((it) => !isTold((it['text'] as Bag)['text']))).toEqual([]);
    const said = buttons.map((it) => String(it['accessibility_label'] ?? (it['text'] as Bag)['text']));
    expect(said.length).toBe(new Set(said).size);
  });

  test('the pictures of a digest are there to be told about', () => {
    expect(objectsIn(digestInSlack(digest, files).blocks).filter((it) => it['type'] === 'image')).toHaveLength(2);
    expect(objectsIn(digestInTeams(digest).card).filter((it) => it['type'] === 'Image')).toHaveLength(2);
  });

  test.each(teams)('all have words in %s in Teams', (_, card) => {
    const all = objectsIn(card);
    const of = (type: RegExp) => all.filter((it) => type.test(String(it['type'])));
    expect(of(/^Image$/).filter((it) => !isTold(it['altText']))).toEqual([]);
    expect(of(/^Input\./).filter((it) => !isTold(it['label']))).toEqual([]);
    expect(of(/^Action\./).filter((it) => !isTold(it['title']))).toEqual([]);
  });

  test('every field of a dialog in Slack has a label', () => {
    const views = [reasonDialog({ action, verb: 'reject', pressed, channel: null }), bulkChooseView(choices, null)];
    const inputs = views.flatMap(({ blocks }) => objectsIn(blocks).filter((it) => it['type'] === 'input'));
    expect(inputs).toHaveLength(2);
    expect(inputs.filter((it) => !isTold((it['label'] as Bag)['text']))).toEqual([]);
  });
});

describe('a colour', () => {
  test('is never the only thing that tells where an action stands', () => {
    const standings = pictures.actionCards.map(([, card]) => JSON.stringify(card.standing));
    // One approval of two is told with its numbers; here both wait for one.
    expect(new Set(standings).size).toBe(ActionStatus.options.length - 1);
  });

  test.each(teams)('says nothing in %s that its words do not say', (name, card) => {
    const plainCard = JSON.parse(JSON.stringify(card), (key, value: unknown) =>
      /^(color|style|weight|size|isSubtle)$/.test(key) ? undefined : value,
    );
    expect(missing((neutral[name] ?? []).flat(), teamsWords(plainCard))).toEqual([]);
  });

  test('of a button stands beside a word that says what it does', () => {
    const styled = [...slack.flatMap(([, { blocks }]) => objectsIn(blocks)), ...teams.flatMap(([, card]) => objectsIn(card))].filter((it) =>
      /^(primary|danger|positive|destructive)$/.test(String(it['style'])),
    );
    const labels = styled.map((it) => String(it['title'] ?? (it['text'] as Bag)['text']));
    expect(labels.length).toBeGreaterThan(0);
    expect(labels.filter((text) => !/^(Approve|Reject|Yes|Send)/.test(text))).toEqual([]);
  });
});

const absolute = /\d{4}-\d\d-\d\d|\d\d:\d\d|UTC/;

describe('a time', () => {
  const filledIn = /<!date[^>]*>/g;

  test.each(slack)('is in the zone of the reader in %s in Slack', (_, { blocks, text }) => {
    const shown = objectsIn(blocks).flatMap((it) => (it['type'] !== 'date' && typeof it['text'] === 'string' ? [it] : []));
    const fixed = shown.map(({ type, text: own }) => (type === 'mrkdwn' ? String(own).replace(filledIn, '') : String(own)));
    expect(fixed.filter((one) => absolute.test(one))).toEqual([]);
    // The first sentence is for notifications, which fill nothing in.
    const [, ...rest] = text.split('\n');
    expect(rest.filter((line) => absolute.test(line.replace(filledIn, '')))).toEqual([]);
  });

  test.each(teams)('is in the zone of the reader in %s in Teams', (_, card) => {
    const texts = objectsIn(card).filter((it) => it['type'] === 'TextRun' || it['type'] === 'TextBlock');
    const fixed = texts.map((it) => String(it['text'])).filter((text) => absolute.test(text) && !moment.test(text));
    expect(fixed).toEqual([]);
  });
});
