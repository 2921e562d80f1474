/** What the platforms themselves say was posted: every message, when, and the beginning of what it says. */
import type { SlackWorld } from '../../sandbox/slack/types.ts';
import type { TeamsWorld } from '../../sandbox/teams/types.ts';
import { textOf } from '../../test/features/platforms.ts';
import { textOfCard } from '../../test/features/teams-world.ts';

export type Platform = 'slack' | 'teams';
export type Message = { platform: Platform; conversation: string; ref: string; at: number; text: string };
export type Ledger = {
  messages(): Message[];
  size(): number;
  /** Calls that the platforms turned away because there were too many, outages left out. */
  throttled(): number;
};

const kept = 400;

export function openLedger(slack: SlackWorld, teams: TeamsWorld): Ledger {
  const messages = new Map<string, Message>();
  const add = (message: Message) => void messages.set(`${message.platform} ${message.ref}`, message);
  for (const event of ['message', 'thread'] as const) {
    slack.on(event, ({ channel, ts, text, blocks }) =>
      add({
        platform: 'slack',
        conversation: channel,
        ref: ts,
        at: Math.floor(Number(ts) * 1000),
        text: `${text}\n${textOf(blocks)}`.slice(0, kept),
      }),
    );
    teams.on(event, ({ conversation, id, at, text, card, from }) => {
      if (from === 'bot')
        add({ platform: 'teams', conversation, ref: id, at, text: [text, textOfCard(card)].filter(Boolean).join('\n').slice(0, kept) });
    });
  }
  teams.on('delete', ({ id }) => void messages.delete(`teams ${id}`));
  let throttled = 0;
  const seen = { slack: 0, teams: 0 };
  const countNew = (platform: Platform, calls: readonly { at: number; status: number }[]) => {
    for (const { at, status } of calls) if (at > seen[platform] && status === 429) throttled += 1;
    seen[platform] = Math.max(seen[platform], calls.at(-1)?.at ?? 0);
  };
  return {
    messages: () => [...messages.values()],
    size: () => messages.size,
    throttled: () => {
      countNew('slack', slack.calls);
      countNew('teams', teams.calls);
      return throttled;
    },
  };
}
