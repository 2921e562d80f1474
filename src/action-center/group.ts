/**
 * Groups: one card for many actions that have no card of their own. A conversation takes only so many messages; in a storm, or when many actions
 * are alike, one card stands for those whose own card is not posted yet. Which ones is decided here by rules alone; the record keeps who belongs.
 */
import type { ActionStatus, ActionType, Platform, Severity } from './action.ts';
import type { Entity } from './entity.ts';
import type { RemediationAction } from './intake.ts';

/** As many as one confirmation can decide: a group can always be decided at once. A full group is followed by another. */
export const groupMost = 1000;
/** What is decided this soon is never left to a list. */
export const urgentMs = 3_600_000;

type Grouped = Pick<RemediationAction, 'severity' | 'isProtected' | 'expiresAt' | 'createdAt'>;

/** Keeps a card of its own whatever happens, and goes first. */
export function standsApart({ severity, isProtected, expiresAt, createdAt }: Grouped): boolean {
  return severity === 'high' || isProtected || Date.parse(expiresAt) - Date.parse(createdAt) <= urgentMs;
}

type Compared = Pick<RemediationAction, 'type' | 'entities' | 'investigationId' | 'incidentId'>;
/** A key is looked up in an index: an odd id must not become a long one. */
const keyLength = 200;

/** What makes two actions alike, the closest first: the same type, and the same file, investigation or incident. */
export function alikeKeys({ type, entities, investigationId, incidentId }: Compared): string[] {
  const files = entities.flatMap((entity) => fileHash(entity) ?? []);
  const named: [string, string | undefined][] = [
    ['file', files.length === 1 ? files[0] : undefined],
    ['investigation', investigationId],
    ['incident', incidentId],
  ];
  return named.flatMap(([what, id]) => (id === undefined ? [] : [`${type} ${what} ${id}`.slice(0, keyLength)]));
}

const fileHash = (entity: Entity): string | null =>
  entity.type === 'file' ? ((entity.sha256 ?? entity.sha1)?.toLowerCase() ?? null) : null;

/** What the members have in common, from the key of their group; null: a storm, nothing. */
export function commonOf(key: string): { what: 'file' | 'investigation' | 'incident'; id: string } | null {
  const [, what, ...rest] = key.split(' ');
  const id = rest.join(' ');
  return what === 'file' || what === 'investigation' || what === 'incident' ? { what, id } : null;
}

export type Tally = { type: ActionType; severity: Severity; status: ActionStatus; count: number };
export type NamedKind = 'device' | 'file' | 'sender';
/** `total`: how many different ones there are; the most frequent are named. */
export type TopNamed = { kind: NamedKind; total: number; names: { name: string; count: number }[] };

/** A group as it stands at one moment: `version` is what presses on this picture are bound to. */
export type GroupPicture = {
  id: string;
  platform: Platform;
  conversation: string;
  /** Empty: a storm. */
  key: string;
  /** New ones may still join. */
  isTaking: boolean;
  version: number;
  createdAt: string;
  tallies: Tally[];
  top: TopNamed[];
  /** Of those that wait for a decision. */
  oldest: string | null;
  nearest: string | null;
};

/** Open members of one type that were there when the card was drawn with this version. */
export type MemberQuery = { groupId: string; version: number; type: ActionType; severity: Severity | null; limit: number };
/** `later`: how many more joined after that. */
export type Members = { actions: RemediationAction[]; total: number; later: number };
export type OpenKind = { type: ActionType; severity: Severity; count: number };

/** Throws UpstreamError{service:'store'} without an answer. */
export interface GroupStore {
  /**
   * Takes waiting cards into groups where there are too many or where they are alike, and looks after the groups there are. `roomIn`: how many
   * new cards the conversation can take soon. Bots take turns. Answers how many cards joined a group.
   */
  gather(ask: { platform: Platform; now: number; roomIn: (conversation: string) => number }): Promise<number>;
  picture(id: string): Promise<GroupPicture | null>;
  /** Open members by type and severity, as they were when the card was drawn with this version; most first. */
  openKinds(id: string, version: number): Promise<OpenKind[]>;
  /** Nearest deadline first. */
  members(query: MemberQuery): Promise<Members>;
}
