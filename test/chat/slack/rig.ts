/** The Slack edge between a simulated workspace and flows a test hands in: real HTTP, real Bolt, nothing of ours replaced. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';
import { startSlack as startWorkspace } from '../../../sandbox/slack/server.ts';
import type { SlackMessage, SlackOptions, SlackPerson, SlackWorld } from '../../../sandbox/slack/types.ts';
import type { Click } from '../../../src/action-center/decide.ts';
import type { RemediationAction } from '../../../src/action-center/intake.ts';
import { ok, refuse } from '../../../src/action-center/refusal.ts';
import { cardFor } from '../../../src/chat/card.ts';
import type { Flows } from '../../../src/chat/press.ts';
import { words } from '../../../src/chat/show.ts';
import { type SlackChat, type SlackDeps, startSlack } from '../../../src/chat/slack/app.ts';
import { openLog } from '../../../src/log.ts';
import { aDecision, anAction } from '../../setup/builders.ts';
import { plainContext } from '../hostile.ts';
import { noHunts } from '../no-hunts.ts';
import { noMany } from '../no-many.ts';

export const channel = 'C0SOC';
export const signingSecret = 'signing-secret-for-tests';
export const botToken = 'xoxb-for-tests';
export const appToken = 'xapp-for-tests';

const person = (id: string, over: Partial<SlackPerson> = {}): SlackPerson => {
  const name = id.slice(2).toLowerCase();
  return { id, name, realName: name, email: `${name}@contoso.example`, ...over };
};
export const people = [
  person('U0ALICE'),
  person('U0GUEST', { isRestricted: true }),
  person('U0ONECHANNEL', { isUltraRestricted: true }),
  person('U0STRANGER', { isStranger: true }),
  person('U0ELSEWHERE', { teamId: 'T000000009' }),
  person('U0GONE', { deleted: true }),
  person('U0BOT', { isBot: true }),
  person('U0UNCONFIRMED', { isEmailConfirmed: false }),
];

/** Decides without a store: whoever Slack vouches for may do everything. Remembers what it was asked. */
export function recordingFlows(action: RemediationAction): Flows & { clicks: Click[] } {
  const clicks: Click[] = [];
  return {
    clicks,
    check: async (click) => {
      const claim = await click.person({ fresh: false });
      return claim.ok ? ok({ action }) : claim;
    },
    decide: async (click) => {
      const claim = await click.person({ fresh: true });
      if (!claim.ok) return claim;
      clicks.push(click);
      const decision = aDecision({ verb: click.verb, comment: click.comment });
      return ok({ action: anAction({ status: click.verb === 'approve' ? 'queued' : 'rejected', decision }), decision });
    },
    undo: async () => refuse({ kind: 'not-found' }),
    cancel: async () => refuse({ kind: 'not-found' }),
    retry: async () => refuse({ kind: 'not-found' }),
  };
}

export const noCommands: SlackDeps['commands'] = async () => ({ lines: [], card: null });

export type Rig = {
  world: SlackWorld;
  chat: SlackChat;
  url: string;
  log: string[];
  post(action?: RemediationAction): Promise<SlackMessage>;
};
type RigOptions = { flows: Flows; socketMode?: boolean; slack?: Partial<SlackOptions>; bot?: Partial<SlackDeps> };

const open: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

export async function openWorkspace(over: Partial<SlackOptions> = {}): Promise<SlackWorld> {
  const channels = [{ id: channel, name: 'soc' }];
  const world = await startWorkspace({ signingSecret, botToken, appToken, people, channels, enforceRates: false, ...over });
  open.push(() => world.close());
  return world;
}

export async function openRig({ flows, socketMode = false, slack = {}, bot = {} }: RigOptions): Promise<Rig> {
  const world = await openWorkspace(slack);
  const log: string[] = [];
  const chat = await startSlack({
    botToken,
    ...(socketMode ? { appToken } : { signingSecret }),
    apiUrl: world.apiUrl,
    identityMode: 'linked',
    channels: [channel],
    log: openLog('debug', { write: (line) => void log.push(line) }),
    now: Date.now,
    flows,
    many: noMany,
    hunts: noHunts,
    backend: 'simulator',
    commands: async ({ text }) => ({ lines: [[words(`You asked: ${text}`)]], card: null }),
    ...bot,
  });
  const server = createServer((req, res) => chat.handle(req, res));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`;
  open.push(async () => {
    await chat.stop(100);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  if (!socketMode) world.setRequestUrls([url]);
  const post = async (action: RemediationAction = anAction()) => {
    const ref = await chat.surface.post({ conversation: channel, parentRef: null }, 'card-1', cardFor(action, plainContext));
    const message = world.messages(channel).find((it) => it.ts === ref);
    if (!message) throw new Error('the card is not in the channel');
    return message;
  };
  return { world, chat, url, log, post };
}
