/** What a benchmark needs of a chat platform: the simulated one, who presses on it, and what a press is made of. */
import type { Platform } from '../../src/action-center/action.ts';
import type { RemediationAction } from '../../src/action-center/intake.ts';
import { crowd } from '../../test/features/people.ts';
import type { Presser } from './press.ts';

export const platforms = ['slack', 'teams'] as const satisfies readonly Platform[];
export type ChatPlatform = (typeof platforms)[number];

/** A shift of analysts; they press in turn. */
export const people = crowd(20);

/** The message that stands for the cards of all seeded actions. */
export type PostedCard = { platform: ChatPlatform; conversation: string; ref: string };

export type Learned = {
  card: PostedCard;
  /** Asked before each round, so that its proof is never too old. `forged`: proven with a key that is not the platform's. */
  presser(proof: 'good' | 'forged'): Promise<Presser>;
};

export type ChatSide = {
  platform: ChatPlatform;
  /** What a bot needs to know of this platform, ours and a bare one. */
  env: Record<string, string>;
  /** The policy's route of every action. */
  route: string;
  /** Lets the bot at `url` post the card of this action, and a person press it: what the platform sends is the template of all presses. */
  learn(url: string, announceOne: () => Promise<RemediationAction>): Promise<Learned>;
  /** Asks by command at the bot at `url`, people in turn: how long until the answer is on the platform, in ms. */
  asker(url: string): Promise<(words: string) => Promise<number>>;
  /** Private answers, and the connections they came through; null where the answer to a press carries them. */
  answersTaken(): { answers: number; connections: number } | null;
  close(): Promise<void>;
};
