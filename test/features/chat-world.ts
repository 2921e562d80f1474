/** A chat platform as the feature tests see it: one body of tests, run on each platform. */
import type { Platform } from '../../src/action-center/action.ts';
import type { DirectoryPerson } from './people.ts';
import type { Pictured } from './pictures.ts';

export type FaultKind = 'ratelimit' | 'unnamedPause' | 'conflict' | 'http500' | 'http502' | 'hang' | 'lostAnswer' | 'reset' | 'slow';

export type PressOptions = {
  older?: CardCopy;
  bot?: number;
  confirm?: 'accept' | 'deny';
  /** The answer is a message of its own. In Slack it always is; in Teams for old clients, others get it as the answer to the press. */
  answeredByMessage?: true;
};

/** What a feature needs of a platform: press as a person would, see what a person would see. */
export type ChatWorld = {
  platform: Platform;
  env: Record<string, string>;
  policy: string;
  connect(botUrls: string[]): void;
  /** The visible text of the card's copy, or null while there is none. */
  card(title: string): string | null;
  /** The texts said under the card, oldest first. */
  thread(title: string): string[];
  /** The pictures under the card, oldest first. */
  pictures(title: string): Pictured[];
  /** How many copies of the card there are. */
  copies(title: string): number;
  /** Presses a button by its visible text. `older` presses on the copy as it was then. */
  press(who: DirectoryPerson, title: string, button: string | RegExp, options?: PressOptions): Promise<number>;
  /** The card as it is now, to be pressed on later. */
  remember(title: string): CardCopy;
  /** Presses Reject, gives the reason and submits. */
  reject(who: DirectoryPerson, title: string, reason: string, options?: { older?: CardCopy; bot?: number }): Promise<void>;
  /** Asks by command, as a person would: in Slack `/actions ...`, in Teams as a slash command. `inPerson`: in the own chat with the bot, for those whom `open` was given. */
  command(who: DirectoryPerson, text: string, options?: { inPerson?: boolean }): Promise<number>;
  /** How a mention of this person stands in the text of a command. */
  mention(who: DirectoryPerson): string;
  /** Presses a button that asks why, gives the reason and submits. */
  giveReason(who: DirectoryPerson, title: string, button: string | RegExp, reason: string): Promise<void>;
  /** Presses a button on the newest private answer that has one of this name. */
  pressPrivate(who: DirectoryPerson, button: string | RegExp, options?: { bot?: number }): Promise<number>;
  /** Fills in the dialog that is open for that person, by the labels of its fields, and sends it. */
  submit(who: DirectoryPerson, values: Record<string, string>): Promise<number>;
  /** Where presses go, in the order of `bot`. */
  botUrls(): string[];
  /** What only that person was told, oldest first; without the first `after`. */
  told(who: DirectoryPerson, after?: number): string[];
  /** What stands in the dialog that is open for that person, or null. */
  dialog(who: DirectoryPerson): string | null;
  closeDialog(who: DirectoryPerson): Promise<void>;
  /** Sends the last signed request again, byte for byte; returns the HTTP status. */
  replayLast(): Promise<number>;
  /** The platform misbehaves: on the next post, update, private answer or look-up of a person. */
  fault(where: 'post' | 'update' | 'answer' | 'person', kind: FaultKind, times?: number): void;
  /** Every way in which the platform can misbehave and recover. */
  weather: readonly FaultKind[];
  /** The operators' own conversation: as `alarms` in the policy, and what stands in it. */
  operators: { policy: string; messages(): string[] };
  /** The texts of all messages that nobody answered under: a stray would be among them. */
  everything(): string[];
  /** From now on nobody has the channel open; with `true` somebody has again. */
  onlooker(looks: boolean): void;
  heal(): void;
  /** Breaches of the platform's own rules by the bot. */
  problems(): string[];
  close(): Promise<void>;
};

/** A card as it was at some moment; only its own world knows what is in it. */
export type CardCopy = { title: string; message: unknown };
