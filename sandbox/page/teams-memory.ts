/**
 * What the simulated Teams does not keep, and the page wants to know: which card somebody pressed before they got a bar (Teams tells only the client
 * that pressed), and which action a card is about (said by its buttons, which are gone once it is decided).
 */
import type { PrivateMessage, TeamsMessage, TeamsWorld } from '../teams/types.ts';

const mostPresses = 200;
const mostCards = 500;

export type TeamsMemory = {
  pressed(person: string, messageId: string): void;
  /** Under each message the answer to that person's last press on it. */
  place(person: string, bars: readonly PrivateMessage[]): Record<string, PrivateMessage>;
  actionOf(messageId: string): string | null;
};

export function openTeamsMemory(teams: Pick<TeamsWorld, 'on'>, now: () => number = Date.now): TeamsMemory {
  const presses: { person: string; messageId: string; at: number }[] = [];
  const actions = new Map<string, string>();
  const learn = ({ id, card }: TeamsMessage) => {
    const actionId = /"actionId":"([^"\\]{1,200})"/.exec(JSON.stringify(card))?.[1];
    if (actionId === undefined) return;
    actions.set(id, actionId);
    for (const oldest of [...actions.keys()].slice(0, Math.max(0, actions.size - mostCards))) actions.delete(oldest);
  };
  teams.on('message', learn);
  teams.on('update', learn);

  return {
    pressed: (person, messageId) => {
      presses.push({ person, messageId, at: now() });
      if (presses.length > mostPresses) presses.splice(0, presses.length - mostPresses);
    },
    place: (person, bars) => {
      const placed: Record<string, PrivateMessage> = {};
      const theirs = presses.filter((press) => press.person === person);
      for (const [index, { messageId, at }] of theirs.entries()) {
        const until = theirs[index + 1]?.at ?? Number.POSITIVE_INFINITY;
        const bar = bars.findLast((candidate) => candidate.at >= at && candidate.at < until);
        delete placed[messageId];
        if (bar) placed[messageId] = bar;
      }
      return placed;
    },
    actionOf: (messageId) => actions.get(messageId) ?? null,
  };
}
