/** Every sentence that answers a command. A refusal says what is missing and what to do now. */
import { Decision, Outcome, type Platform } from '../action-center/action.ts';
import type { LookRefusal } from '../action-center/look.ts';
import { historyRoles, roleLabels } from '../action-center/permissions.ts';
import type { AuditEvent } from '../action-center/ports.ts';
import type { CommandProblem } from './command.ts';
import { linkUnclear } from './link-words.ts';
import { foreign, type Line, listed, strong, time, words } from './show.ts';
import { connectText, outcomeText, platformLabels, serviceText } from './words.ts';

const say = (text: string): Line => [words(text)];

/** How a command is written on each platform. */
export const written: Record<Platform, (command: string) => string> = {
  slack: (command) => `/actions ${command}`,
  teams: (command) => `@Countersign ${command}`,
};
const exampleId = 'A-01JD6Q00000000000000000001';

export function helpText(platform: Platform): Line[] {
  const how = written[platform];
  return [
    [strong('Countersign'), words(' shows remediation actions of Microsoft Defender and records who decided them.')],
    [strong(how('help')), words(' shows this.')],
    [
      strong(how(`show ${exampleId}`)),
      words(
        ' shows one action as it stands now: who decided, when, in which role, and what became of it. The id is at the foot of every card.',
      ),
    ],
    [
      strong(how(`hunt ${exampleId}`)),
      words(' runs the hunting query of an action and answers in the thread of its card, as Run here does.'),
    ],
    [strong(how('inbox')), words(' lists what awaits your decision, the most urgent first, and what you decided lately.')],
    [strong(how('pending')), words(' shows what waits for a decision here; add in:all for everything.')],
    [
      strong(how('history week status:failed')),
      words(
        ' shows what became of past actions. Periods: day, week, 30d, 6m. Filters: type, source, status, severity, entity, asset, decision, by, investigation, platform, event, from, to, expires. Also free words, sort:, columns:, page-size: and in:all.',
      ),
    ],
    [strong(how('history save week')), words(' keeps that as your own default; '), strong(how('history reset')), words(' forgets it.')],
    [
      strong(how(`undo ${exampleId}`)),
      words(' shows what undoing a completed action would do, with a button that does it. Several ids of one action type can be given.'),
    ],
    [strong(how('bulk')), words(' lets you approve or reject several open actions of one type at once.')],
    [
      strong(how('delegate to bob@contoso.example until 2026-12-14')),
      words(' names a stand-in who is told what you would be told; '),
      strong(how('delegate')),
      words(' shows how it stands, '),
      strong(how('delegate off')),
      words(' ends it.'),
    ],
    ...(platform === 'slack'
      ? [[strong(how('link')), words(' connects your Slack account to you; '), strong(how('link list')), words(' shows to whom.')] as Line]
      : []),
    [
      strong(how('export 30d in:all')),
      words(' puts every action of a look-up into a file for you: CSV, or JSON Lines with format:jsonl. Filters as in history.'),
    ],
    [
      strong(how('digest on 08:00 Europe/Berlin weekdays')),
      words(' sends you what waits and what was decided, each day at that time; '),
      strong(how('digest')),
      words(' says how it stands, also: off, now, preview.'),
    ],
    say('To decide, use the buttons on a card. Answers to commands are for your eyes only.'),
    ...(platform === 'teams' ? [say('In Teams you can also type / and choose a command.')] : []),
  ];
}

export function problemText(problem: CommandProblem, platform: Platform): Line[] {
  const how = written[platform];
  switch (problem.kind) {
    case 'needs-id': {
      const given: Line = problem.given === null ? [] : [words('“'), foreign(problem.given, 60), words('” is not the id of an action. ')];
      return [
        [
          ...given,
          words(
            `${problem.command} needs an id, which is at the foot of every card, for example: ${how(`${problem.command} ${exampleId}`)}`,
          ),
        ],
      ];
    }
    case 'link-unclear':
      return linkUnclear(problem.given, how);
    case 'undo-needs-ids': {
      const given: Line = problem.given === null ? [] : [words('“'), foreign(problem.given, 60), words('” is not the id of an action. ')];
      return [
        [
          ...given,
          words(
            `Nothing was undone. undo needs one id or several, which are at the foot of every card, for example: ${how(`undo ${exampleId}`)}`,
          ),
        ],
      ];
    }
    case 'unknown': {
      const line: Line = [words('“'), foreign(problem.word, 60), words('” is not a command. ')];
      if (problem.suggestion === null) return [[...line, words(`${how('help')} lists what works here.`)]];
      return [[...line, words('Did you mean: '), foreign(how(problem.suggestion), 120), words('?')]];
    }
  }
}

const readers = listed(
  historyRoles.map((role) => roleLabels[role]),
  'or',
);

export function lookRefusalText(refusal: LookRefusal, platform: Platform): Line {
  const account = `${platformLabels[platform]} account`;
  switch (refusal.kind) {
    // The same words whether nobody or nobody suitable was found: an answer here must not tell which addresses exist.
    case 'unknown-person':
      if (refusal.connect !== undefined) return say(connectText(refusal.connect, account, 'Nothing is shown'));
      return say(`Your ${account} is not connected to a person who may read here. Ask your Countersign administrators to connect it.`);
    case 'ambiguous-person':
      return say(`Your ${account} cannot be matched to exactly one person. Ask your Countersign administrators to connect it.`);
    case 'disabled-person':
      return say('Your account is disabled in the directory. Ask your identity administrators about it.');
    case 'guest':
      return say('Guest accounts cannot look actions up. Please ask a member of your organisation.');
    case 'external-person':
      return say('Your account belongs to another organisation, so nothing is shown.');
    case 'bot':
      return say('Apps and bots cannot look actions up.');
    case 'identity-unavailable':
      return say(`Who you are could not be checked, because ${serviceText(refusal.service)} did not answer. Please try again in a minute.`);
    case 'may-not-read':
      return say(`To look actions up you need ${readers}, or a role that lets you decide that action. Ask your administrators for it.`);
    case 'not-found':
      return say('There is no action with this id. Copy it from the foot of a card, all 28 characters.');
  }
}

/** To the posted cards, under which the thread is. Empty: there is none to go to. `linkTo`: the address of a message, where there is one. */
export function threadLines<Place>(posted: readonly Place[] | undefined, linkTo: (place: Place) => string | null): Line[] {
  return threadLine((posted ?? []).flatMap((place) => linkTo(place) ?? []));
}

const threadLine = (urls: readonly string[]): Line[] =>
  urls.length === 0
    ? []
    : [
        [
          words('Card and thread: '),
          ...urls.flatMap((url, index): Line => [...(index === 0 ? [] : [words(', ')]), link(url, index, urls.length)]),
        ],
      ];
const link = (url: string, index: number, all: number) => ({ kind: 'link' as const, text: all === 1 ? 'open' : `open ${index + 1}`, url });

export const lookFailed: Line = say('The record did not answer. Please try again in a minute.');

/** For what should never happen; the id finds it in the log. */
export const commandBugText = (id: string): Line =>
  say(`Something went wrong on our side (${id}). Please try again, and tell your administrators if it stays.`);

/** Five approvals, their outcome and more; with comments and reports of full length this still fits into one message of either platform. */
const longestStory = 8;

/** What happened to an action, one line each, oldest first. */
export function storyOf(history: readonly AuditEvent[], { isOpen }: { isOpen: boolean }): Line[] {
  const lines = history.flatMap(storyLine);
  if (lines.length === 0) return [say(isOpen ? 'Nobody has decided it yet.' : 'Nobody decided it here.')];
  const earlier = lines.length - longestStory;
  const left: Line[] = earlier > 0 ? [say(`${earlier} earlier ${earlier === 1 ? 'step is' : 'steps are'} not shown here.`)] : [];
  return [[strong('What happened')], ...left, ...lines.slice(-longestStory)];
}

const done = { approve: 'approved', reject: 'rejected', undo: 'undid', cancel: 'cancelled' } as const;

function storyLine({ kind, at, data }: AuditEvent): Line[] {
  const decision = Decision.safeParse(data).data;
  if (decision && (kind === 'decided' || kind === 'approved')) {
    const { actor, verb, platform, comment } = decision;
    const roles = listed(
      actor.rolesUsed.map((role) => roleLabels[role]),
      'and',
    );
    const reason: Line = comment === null ? [] : [words(': “'), foreign(comment, 300), words('”')];
    return [
      [
        time(at),
        words(' '),
        foreign(actor.displayName, 100),
        words(` ${done[verb]} it in ${platformLabels[platform]}, ${roles === '' ? 'with no role recorded' : `as ${roles}`}`),
        ...reason,
      ],
    ];
  }
  const outcome = Outcome.safeParse(data).data;
  if (!outcome) return [];
  const message: Line = outcome.message ? [words(' '), foreign(outcome.message, 300)] : [];
  return [[time(at), words(` ${outcomeText(outcome.status, data['verb'])}`), ...message]];
}
