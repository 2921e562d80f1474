/** What reading Defender needs from the record: how far it was read, and what is open here that somebody may have dealt with there. */
import type { ActionType } from './action.ts';
import type { RemediationAction } from './intake.ts';

/** How far a source was read. */
export type Mark = {
  source: string;
  /** The first start looked back to here. */
  since: string;
  /** Everything before this is stored. */
  through: string;
  /** The stretch that is being read: its end (null: open), its next page, and the newest time that was seen in it. Null: none is. */
  reading: { until: string | null; next: string; newest: string | null } | null;
  /** When everything there was at the first start had been read. */
  caughtUpAt: string | null;
};

export interface IngestStore {
  /** The right to read a source, for so long. Null: another process has it. Where nothing was read yet, it begins at `since`. */
  hold(source: string, holder: string, since: string, leaseMs: number): Promise<Mark | null>;
  /** Keeps how far it is and the right to go on. False: another process has taken over. */
  move(mark: Mark, holder: string, leaseMs: number): Promise<boolean>;
  release(holder: string): Promise<void>;
  /** Open actions by what their producer calls them. */
  openByKeys(producer: string, keys: readonly string[]): Promise<RemediationAction[]>;
  /** Open actions of these types that name one of these devices. */
  openOnDevices(types: readonly ActionType[], deviceIds: readonly string[], limit: number): Promise<RemediationAction[]>;
}

/** What is looked for: by its key, by its investigation, or by what it acts on (in lower case). */
export type Sought = {
  types: readonly ActionType[];
  keys: readonly string[];
  investigationIds: readonly string[];
  names: readonly string[];
};

/** What is known here of one producer's actions of the last days, decided or not; those that a newer revision replaced are left out. */
export interface RelatedActions {
  related(producer: string, sought: Sought, since: string): Promise<RemediationAction[]>;
}

/** How one process asks all of them to look now. */
export interface WakeUps {
  wake(what: string): Promise<void>;
  /** When it was last asked for; null: never. */
  wokenAt(what: string): Promise<string | null>;
}
