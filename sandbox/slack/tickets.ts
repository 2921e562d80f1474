// How long an interaction stays open: its ack, and the two permissions Slack hands out with it, trigger id and response_url.
// Limits from https://docs.slack.dev/interactivity/handling-user-interaction

import { randomBytes } from 'node:crypto';

export const ACK_TIMEOUT_MS = 3_000;
const TRIGGER_LIFE_MS = 3_000;
const RESPONSE_URL_LIFE_MS = 30 * 60_000;
const RESPONSE_URL_USES = 5;
const BOUND = 20_000;

/** Where an interaction came from: what a response_url can change. */
export type Origin = { user: string; channel: string; messageTs?: string; ephemeral?: boolean };

export type Tickets = {
  newTrigger(user: string): string;
  spendTrigger(id: string): { user: string } | { error: 'invalid_trigger_id' | 'expired_trigger_id' | 'exchanged_trigger_id' };
  newResponsePath(kind: 'actions' | 'commands', teamId: string, origin: Origin): string;
  spendResponsePath(path: string): Origin | undefined;
};

export function createTickets(now: () => number): Tickets {
  const triggers = new Map<string, { user: string; at: number; used: boolean }>();
  const responses = new Map<string, { origin: Origin; at: number; uses: number }>();
  return {
    newTrigger(user) {
      const id = `${now()}.${triggers.size}.${randomBytes(16).toString('hex')}`;
      add(triggers, id, { user, at: now(), used: false });
      return id;
    },
    spendTrigger(id) {
      const trigger = triggers.get(id);
      if (trigger === undefined) return { error: 'invalid_trigger_id' };
      if (trigger.used) return { error: 'exchanged_trigger_id' };
      if (now() - trigger.at > TRIGGER_LIFE_MS) return { error: 'expired_trigger_id' };
      trigger.used = true;
      return { user: trigger.user };
    },
    newResponsePath(kind, teamId, origin) {
      const path = `/${kind}/${teamId}/${now()}/${randomBytes(12).toString('base64url')}`;
      add(responses, path, { origin, at: now(), uses: 0 });
      return path;
    },
    spendResponsePath(path) {
      const response = responses.get(path);
      if (response === undefined || response.uses >= RESPONSE_URL_USES || now() - response.at > RESPONSE_URL_LIFE_MS) return undefined;
      response.uses += 1;
      return response.origin;
    },
  };
}

function add<T>(map: Map<string, T>, key: string, value: T): void {
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > BOUND && oldest !== undefined) map.delete(oldest);
}
