/** What the simulated month stands on, what it remembers, and what is still to come from outside. */
import type pg from 'pg';
import type { SlackWorld } from '../../sandbox/slack/types.ts';
import type { TeamsWorld } from '../../sandbox/teams/types.ts';
import type { Bot, Bots } from './month-bots.ts';
import type { Ledger } from './month-ledger.ts';
import type { Happening, MonthPlan } from './month-plan.ts';
import type { VirtualClock } from './virtual-time.ts';

export type Stage = {
  plan: MonthPlan;
  clock: VirtualClock;
  bots: Bots;
  slack: SlackWorld;
  teams: TeamsWorld;
  ledger: Ledger;
  record: pg.Pool;
};

export type Played = {
  announced: number;
  decided: { approve: number; reject: number };
  /** Tries that came too late, by why. */
  refused: Record<string, number>;
  kills: number;
  looks: number;
  /** When no bot was there, however short. */
  noBot: { from: number; to: number }[];
};

export type Task = (bot: Bot) => Promise<void>;
/** `slots`: what is due in each. `away`: platforms that are. */
export type Run = Stage & { played: Played; slots: Map<number, Task[]>; turn: number; away: Set<Happening> };

export const slotOf = ({ plan }: Pick<Run, 'plan'>, at: number): number => Math.ceil((at - plan.from) / plan.slotMs);
export const momentOf = ({ plan }: Pick<Run, 'plan'>, slot: number): number => plan.from + slot * plan.slotMs;

/** Nothing is put into a slot that has begun. */
export function put(run: Run, at: number, task: Task): void {
  const slot = Math.max(slotOf(run, at), slotOf(run, run.clock.now()) + 1);
  run.slots.set(slot, [...(run.slots.get(slot) ?? []), task]);
}
