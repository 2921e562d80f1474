/** Commands on every platform: parsed, looked up, answered. Who asked hears it, and nobody else; that is the platform's part. */
import type { ActionId, Platform } from '../action-center/action.ts';
import type { Delegating } from '../action-center/delegation.ts';
import { UpstreamError } from '../action-center/errors.ts';
import type { Cursor } from '../action-center/history.ts';
import type { AskingPerson } from '../action-center/identify.ts';
import { isOpen, type RemediationAction } from '../action-center/intake.ts';
import type { Linking } from '../action-center/link.ts';
import type { Look, Looked, LookRefusal } from '../action-center/look.ts';
import type { AskedAt } from '../action-center/look-up.ts';
import type { Log } from '../action-center/ports.ts';
import type { Result } from '../action-center/refusal.ts';
import type { ActionCard, AskCard } from './card.ts';
import { type Command, parseCommand } from './command.ts';
import { commandBugText, helpText, lookFailed, lookRefusalText, problemText, storyOf } from './command-words.ts';
import { answerDelegate, type DelegateAsk } from './delegate-command.ts';
import { delegateFailed } from './delegation-words.ts';
import type { DigestCard } from './digest-card.ts';
import { answerDigest, type DigestFlows } from './digest-command.ts';
import type { Courier, ExportJobs } from './export-jobs.ts';
import { answerHistory, type HistoryAnswer, type HistoryFlows } from './history-answers.ts';
import type { HistoryCard } from './history-card.ts';
import type { HuntJobs } from './hunt-jobs.ts';
import type { InboxCard } from './inbox-card.ts';
import type { InboxAsked } from './inbox-command.ts';
import { answerLink, type LinkAsk, type LinkCommand } from './link-command.ts';
import { linkFailed } from './link-words.ts';
import { bulkQuestion, type ManyDeps, undoQuestion } from './many.ts';
import { within } from './press.ts';
import type { Line } from './show.ts';
import { newTroubleId } from './trouble-id.ts';

/** `place`: where it was asked, and where others can see what comes of it. `name`: how the account calls itself. `cursor` and `share`: pressed on an answer, not typed. */
export type Asked = Omit<Look, 'actionId'> & {
  text: string;
  place: AskedAt;
  name?: string | null;
  /** What the platform calls whoever asks, so that something can be sent to them later. */
  account?: string | null;
  cursor?: Cursor | null;
  share?: boolean;
  /** How what takes longer reaches whoever asks; left out where nothing does. */
  courier?: Courier;
  /** Who is meant by the mention of an account. */
  mentioned?: (account: string) => AskingPerson;
};
/** `posted`: where cards of the shown action stand on this platform; each platform knows how to lead there. */
export type CommandAnswer = Omit<HistoryAnswer, 'card'> & {
  card: ActionCard | AskCard | HistoryCard | null;
  inbox?: InboxCard;
  digest?: DigestCard;
  posted?: PostedAt[];
};
export type PostedAt = { conversation: string; ref: string };
export type AnswerCommand = (asked: Asked) => Promise<CommandAnswer>;

export type CommandDeps = {
  look: (asked: Look) => Promise<Result<Looked, LookRefusal>>;
  draw: (action: RemediationAction) => ActionCard | Promise<ActionCard>;
  /** Null: accounts are not connected from chat. */
  linking?: Linking | null;
  many: ManyDeps;
  history: HistoryFlows;
  places: (actionId: ActionId, platform: Platform) => Promise<PostedAt[]>;
  /** Never rejects. */
  inbox: (asked: InboxAsked) => Promise<InboxCard>;
  exports: Pick<ExportJobs, 'start'>;
  /** Null: nobody may name a stand-in. */
  delegating?: Delegating | null;
  hunts: Pick<HuntJobs, 'start'>;
  digest: DigestFlows;
  log: Log;
};

const said = (...lines: Line[]): CommandAnswer => ({ lines, card: null });

/** After this nobody waits for a look-up any more. */
const giveUpMs = 60_000;

/** Never rejects, and always ends. */
export function answerCommand(deps: CommandDeps, asked: Asked): Promise<CommandAnswer> {
  return within(answered(deps, asked), giveUpMs, said(lookFailed));
}

async function answered(deps: CommandDeps, asked: Asked): Promise<CommandAnswer> {
  const { text, place, name = null, account: _account, cursor: _cursor, share: _share, courier, mentioned, ...asker } = asked;
  const conversation = place.conversation === '' ? null : place.conversation;
  const { platform, clickId } = asker;
  const parsed = parseCommand(text);
  if ('problem' in parsed) return said(...problemText(parsed.problem, platform));
  const { command } = parsed;
  if (command.name === 'help') return said(...helpText(platform));
  if (command.name === 'inbox') return { lines: [], card: null, inbox: await deps.inbox(asker) };
  if (command.name === 'link') return answeredLink(deps, { ...asker, name }, command.ask);
  if (command.name === 'delegate') return answeredDelegate(deps, { ...asker, mentioned }, command.ask);
  if (command.name === 'hunt') return hunted(deps, { ...asker, actionId: command.id }, courier);
  if (command.name === 'undo') return question(await undoQuestion(deps.many, command.ids, { ...asker, conversation }));
  if (command.name === 'bulk') return question(await bulkQuestion(deps.many, { ...asker, conversation }));
  try {
    return await answeredFromRecord(deps, asked, command);
  } catch (error) {
    return troubled(deps.log, clickId, error, lookFailed);
  }
}

/** `noAnswer`: what is said when a service did not answer; anything else is a bug. */
function troubled(log: Log, clickId: string, error: unknown, noAnswer: Line): CommandAnswer {
  if (error instanceof UpstreamError) {
    log.error({ clickId, service: error.service, err: error }, 'a command got no answer');
    return said(noAnswer);
  }
  const troubleId = newTroubleId();
  log.error({ clickId, troubleId, err: error }, 'a command failed');
  return said(commandBugText(troubleId));
}

async function shown(deps: CommandDeps, asked: Look): Promise<CommandAnswer> {
  const looked = await deps.look(asked);
  if (!looked.ok) return said(lookRefusalText(looked.refusal, asked.platform));
  const { action, history } = looked.value;
  const posted = await deps.places(action.id, asked.platform);
  return { lines: storyOf(history, { isOpen: isOpen(action) }), card: readOnly(await deps.draw(action)), posted };
}

async function hunted({ hunts }: CommandDeps, asked: Look, courier: Courier | undefined): Promise<CommandAnswer> {
  return courier === undefined ? said(...helpText(asked.platform)) : said(await hunts.start({ ...asked, courier }));
}

type FromRecord = Extract<Command, { name: 'history' | 'digest' | 'export' | 'show' }>;

async function answeredFromRecord(deps: CommandDeps, asked: Asked, command: FromRecord): Promise<CommandAnswer> {
  const { text: _text, name: _name, place, account = null, cursor = null, share = false, courier, mentioned: _mentioned, ...asker } = asked;
  const { platform } = asker;
  switch (command.name) {
    case 'history':
      return answerHistory(deps.history, { ...asker, place, cursor, share }, command.ask);
    case 'digest':
      return answerDigest(deps.digest, { ...asker, place, account }, command.ask);
    case 'export':
      if (courier === undefined) return said(...helpText(platform));
      return said(...(await deps.exports.start({ ...asker, place, courier }, command.ask)));
    case 'show':
      return shown(deps, { ...asker, actionId: command.id });
  }
}

const question = (answer: AskCard | { line: Line }): CommandAnswer => ('line' in answer ? said(answer.line) : { lines: [], card: answer });

async function answeredLink({ linking = null, log }: CommandDeps, asked: LinkCommand & { clickId: string }, ask: LinkAsk) {
  try {
    return said(...(await answerLink(linking, asked, ask)));
  } catch (error) {
    return troubled(log, asked.clickId, error, linkFailed);
  }
}

type DelegateAsked = Parameters<typeof answerDelegate>[1] & { clickId: string };

async function answeredDelegate({ delegating = null, log }: CommandDeps, asked: DelegateAsked, ask: DelegateAsk): Promise<CommandAnswer> {
  try {
    return said(...(await answerDelegate(delegating, asked, ask)));
  } catch (error) {
    return troubled(log, asked.clickId, error, delegateFailed);
  }
}

/** A copy that only one person sees must not be decided on: it is never kept up to date. */
const readOnly = (card: ActionCard): ActionCard => ({
  ...card,
  heading: card.heading.replace(/\?$/, ''),
  buttons: card.buttons.filter(({ kind }) => kind === 'hunt' || kind === 'run' || kind === 'portal'),
});
