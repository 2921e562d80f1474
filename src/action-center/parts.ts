/**
 * One decision can be several calls: fifty devices, three hundred messages. Each part is stored before it is called and its answer after, so that
 * whoever goes on after a crash repeats nothing that was done.
 */
import type { ActionId } from './action.ts';

/** `called`: it was sent, and no answer is stored. `submitted`: accepted; its end is awaited. The others are ends. */
export type PartState = 'planned' | 'called' | 'submitted' | 'succeeded' | 'failed' | 'timedOut' | 'cancelled';

export type PartVerb = 'approve' | 'undo';

export type Part = {
  decisionId: string;
  number: number;
  actionId: ActionId;
  verb: PartVerb;
  /** Names what it acts on: the same text for the same thing. */
  target: string;
  /** What is to be done, as the backend understands it. */
  request: unknown;
  state: PartState;
  /** How often it was sent. */
  attempts: number;
  /** How many things it acts on, and on how many that succeeded. */
  total: number;
  done: number;
  /** When it was first about to be sent. */
  calledAt: string | null;
  /** Not before this it is looked at again. */
  dueAt: string | null;
  /** What the backend calls it. */
  external: Record<string, string> | null;
  message: string | null;
};

export type NewPart = Pick<Part, 'target' | 'request' | 'total'> & Partial<Pick<Part, 'state' | 'done' | 'external' | 'message'>>;
export type PartChange = Partial<Pick<Part, 'state' | 'attempts' | 'done' | 'calledAt' | 'dueAt' | 'external' | 'message'>>;

export interface PartStore {
  /** Writes the parts of a decision, all or none. Those that are there already stay; answers what is there then. */
  plan(of: Pick<Part, 'decisionId' | 'actionId' | 'verb'>, parts: readonly NewPart[]): Promise<Part[]>;
  /** In their order. */
  of(decisionId: string): Promise<Part[]>;
  /** Of all decisions about this action, the oldest decision first. */
  ofAction(actionId: ActionId): Promise<Part[]>;
  /** Applies it only while the part stands as it was seen (state and attempts). Null: it does not. */
  change(seen: Part, change: PartChange): Promise<Part | null>;
}

export const isFinal = ({ state }: Pick<Part, 'state'>): boolean => state !== 'planned' && state !== 'called' && state !== 'submitted';
