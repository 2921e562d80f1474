/** Commands on every platform: parsed, looked up, answered. Who asked hears it, and nobody else; that is the platform's part. */
import { UpstreamError } from '../action-center/errors.ts';
import { isOpen, type RemediationAction } from '../action-center/intake.ts';
import type { Look, Looked, LookRefusal } from '../action-center/look.ts';
import type { AskedAt } from '../action-center/look-up.ts';
import type { Log } from '../action-center/ports.ts';
import type { Result } from '../action-center/refusal.ts';
import type { ActionCard } from './card.ts';
import { parseCommand } from './command.ts';
import { commandBugText, helpText, lookFailed, lookRefusalText, problemText, storyOf } from './command-words.ts';
import type { Courier, ExportJobs } from './export-jobs.ts';
import { within } from './press.ts';
import type { Line } from './show.ts';
import { newTroubleId } from './trouble-id.ts';

export type Asked = Omit<Look, 'actionId'> & {
  text: string;
  place: AskedAt;
  /** How what takes longer reaches whoever asks. */
  courier: Courier;
};
export type CommandAnswer = { lines: Line[]; card: ActionCard | null };
export type AnswerCommand = (asked: Asked) => Promise<CommandAnswer>;

export type CommandDeps = {
  look: (asked: Look) => Promise<Result<Looked, LookRefusal>>;
  draw: (action: RemediationAction) => ActionCard;
  exports: Pick<ExportJobs, 'start'>;
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
  const { text, place, courier, ...asker } = asked;
  const { platform, clickId } = asker;
  const parsed = parseCommand(text);
  if ('problem' in parsed) return said(...problemText(parsed.problem, platform));
  if (parsed.command.name === 'help') return said(...helpText(platform));
  const { command } = parsed;
  try {
    if (command.name === 'export') return said(...(await deps.exports.start({ ...asker, place, courier }, command.ask)));
    const looked = await deps.look({ ...asker, actionId: command.id });
    if (!looked.ok) return said(lookRefusalText(looked.refusal, platform));
    const { action, history } = looked.value;
    return { lines: storyOf(history, { isOpen: isOpen(action) }), card: readOnly(deps.draw(action)) };
  } catch (error) {
    if (error instanceof UpstreamError) {
      deps.log.error({ clickId, service: error.service, err: error }, 'a command got no answer from the record');
      return said(lookFailed);
    }
    const troubleId = newTroubleId();
    deps.log.error({ clickId, troubleId, err: error }, 'a command failed');
    return said(commandBugText(troubleId));
  }
}

/** A copy that only one person sees must not be decided on: it is never kept up to date. */
const readOnly = (card: ActionCard): ActionCard => ({
  ...card,
  heading: card.heading.replace(/\?$/, ''),
  buttons: card.buttons.filter(({ kind }) => kind === 'hunt' || kind === 'portal'),
});
