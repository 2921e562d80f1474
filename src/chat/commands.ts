/** Commands, as both platforms hand them in and say the answer. */
import type { Platform } from '../action-center/action.ts';
import type { PersonClaim } from '../action-center/ports.ts';
import type { PersonRefusal, Result } from '../action-center/refusal.ts';
import type { ActionCard } from './card.ts';
import type { Line } from './show.ts';

export type Asked = {
  text: string;
  platform: Platform;
  by: string;
  person: (options: { fresh: boolean }) => Promise<Result<PersonClaim, PersonRefusal>>;
  clickId: string;
};
export type CommandAnswer = { lines: Line[]; card: ActionCard | null };
export type AnswerCommand = (asked: Asked) => Promise<CommandAnswer>;
