/** Our Teams side behind a real HTTP server, with a real record in the embedded database, against a simulated Teams. The flows record what they are asked. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { startTeams as startOrganisation } from '../../../sandbox/teams/server.ts';
import { settingsFor } from '../../../sandbox/teams/settings.ts';
import type { TeamsMessage, TeamsOptions, TeamsPerson, TeamsWorld } from '../../../sandbox/teams/types.ts';
import type { Click } from '../../../src/action-center/decide.ts';
import type { RemediationAction } from '../../../src/action-center/intake.ts';
import { ok, refuse } from '../../../src/action-center/refusal.ts';
import { cardFor } from '../../../src/chat/card.ts';
import type { Asked, CommandAnswer } from '../../../src/chat/commands.ts';
import type { Flows } from '../../../src/chat/press.ts';
import { words } from '../../../src/chat/show.ts';
import { startTeams, type TeamsChat, type TeamsDeps } from '../../../src/chat/teams/app.ts';
import { readConfig } from '../../../src/config.ts';
import { openLog } from '../../../src/log.ts';
import { cardStore } from '../../../src/store/cards.ts';
import { conversations } from '../../../src/store/conversations.ts';
import { type Database, migrate, openDatabase } from '../../../src/store/database.ts';
import { type Engine, openEngine } from '../../../src/store/engine.ts';
import { lanes } from '../../../src/store/lanes.ts';
import { aDecision, anAction } from '../../setup/builders.ts';
import { plainContext } from '../hostile.ts';
import { noHunts } from '../no-hunts.ts';
import { noMany } from '../no-many.ts';

const tenantId = '11111111-2222-4333-8444-555555555555';
const app = { appId: '99999999-8888-4777-8666-555555555555', appPassword: 'teams-app-password-for-tests', tenantId };
export const channel = '19:soc@thread.tacv2';
export const chat = '19:duty@thread.v2';

const person = (number: number, name: string, over: Partial<TeamsPerson> = {}): TeamsPerson => {
  const short = name.toLowerCase();
  return { id: `29:${short}`, aadObjectId: `7f0c0000-0000-4000-8000-00000000000${number}`, name, upn: `${short}@contoso.example`, ...over };
};
export const alice = person(1, 'Alice');
export const bob = person(2, 'Bob');
const { aadObjectId: _none, ...nobody } = person(3, 'Anonymous');
export const anonymous: TeamsPerson = nobody;
export const stranger = person(4, 'Stranger', { tenantId: '22222222-2222-4333-8444-555555555555' });

/** Decides without a store: whoever Teams vouches for may do everything. Remembers what it was asked. */
export function recordingFlows(action: RemediationAction = anAction()): Flows & { clicks: Click[] } {
  const clicks: Click[] = [];
  return {
    clicks,
    check: async () => ok({ action }),
    decide: async (click) => {
      clicks.push(click);
      const decision = aDecision({ verb: click.verb, comment: click.comment });
      return ok({ action: anAction({ status: click.verb === 'approve' ? 'queued' : 'rejected', decision }), decision });
    },
    undo: async () => refuse({ kind: 'not-found' }),
    cancel: async () => refuse({ kind: 'not-found' }),
    retry: async () => refuse({ kind: 'not-found' }),
  };
}

let engine: Engine;
let db: Database;
let folder: string;
const open: (() => Promise<void>)[] = [];

/** Call once in a test file: its record lives as long as the file. */
export function withRecord(): void {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-teams-'));
    engine = await openEngine({ dataDir: folder }, { onError: () => {} });
    db = openDatabase(engine.pool);
    await migrate(db);
  }, 60_000);
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
    await sql`delete from conversations`.execute(db);
    await sql`delete from cards`.execute(db);
    await sql`delete from lanes`.execute(db);
  });
  afterAll(async () => {
    await engine.close();
    await rm(folder, { recursive: true, force: true });
  });
}

export type Rig = {
  world: TeamsWorld;
  chat: TeamsChat;
  url: string;
  log: string[];
  refusals: { reason: string; facts: Record<string, string | null> }[];
  commands: Asked[];
  poked: () => number;
  lost: string[];
  /** Posts the card of an action as the reconciler would, with its row. */
  post(action?: RemediationAction, conversation?: string): Promise<TeamsMessage>;
  record: { conversations: ReturnType<typeof conversations>; cards: ReturnType<typeof cardStore> };
};
type RigOptions = { flows?: Flows; teams?: Partial<TeamsOptions>; bot?: Partial<TeamsDeps>; env?: Record<string, string> };

const needed = { POLICY_FILE: 'p', DIRECTORY_FILE: 'd', BACKEND: 'consumer' };

export async function openRig({ flows = recordingFlows(), teams = {}, bot = {}, env = {} }: RigOptions = {}): Promise<Rig> {
  const world = await startOrganisation({
    ...app,
    people: [alice, bob, anonymous, stranger],
    conversations: [
      { id: channel, type: 'channel', name: 'SOC', teamId: '19:team@thread.tacv2' },
      { id: chat, type: 'groupChat', name: 'On duty' },
    ],
    ...teams,
  });
  open.push(() => world.close());
  const settings = readConfig({ ...needed, HOST: '127.0.0.1', ...settingsFor(world, app), ...env }).teams;
  if (!settings) throw new Error('Teams is off');
  const [log, refusals, commands, lost]: [string[], Rig['refusals'], Asked[], string[]] = [[], [], [], []];
  let poked = 0;
  const record = { conversations: conversations(db, 'default'), cards: cardStore(db, 'default') };
  const side = await startTeams({
    settings,
    flows,
    many: noMany,
    backend: 'simulator',
    hunts: noHunts,
    exports: { accept: () => Promise.reject(new Error('no file was offered')) },
    commands: async (asked): Promise<CommandAnswer> => {
      commands.push(asked);
      return { lines: [[words(`You asked: ${asked.text.trim()}`)]], card: null };
    },
    conversations: record.conversations,
    cards: record.cards,
    lanes: lanes(db),
    redraw: async () => cardFor(anAction({ status: 'completed', version: 3 }), plainContext),
    routed: [channel],
    poke: () => {
      poked += 1;
    },
    refused: async (reason, facts) => {
      refusals.push({ reason, facts });
    },
    lost: (standing) => lost.push(standing),
    log: openLog('debug', { write: (line) => void log.push(line) }),
    now: Date.now,
    ...bot,
  });
  const server = createServer((req, res) => side.handle(req, res));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/messages`;
  open.push(async () => {
    await side.stop(100);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  world.setMessagesUrls([url]);
  let cards = 0;
  const post = async (action: RemediationAction = anAction(), conversation = channel): Promise<TeamsMessage> => {
    cards += 1;
    const cardId = `card-${cards}`;
    await aCardRow(cardId, conversation);
    const ref = await side.surface.post({ conversation, parentRef: null }, cardId, cardFor(action, plainContext));
    await record.cards.shown(cardId, 1, ref, Date.now());
    const message = world.messages(conversation).find(({ id }) => id === ref);
    if (!message) throw new Error('the card is not in the conversation');
    return message;
  };
  return { world, chat: side, url, log, refusals, commands, poked: () => poked, lost, post, record };
}

export async function aCardRow(cardId: string, conversation = channel): Promise<void> {
  await sql`insert into cards (card_id, tenant_id, action_id, platform, conversation, kind, wanted_version, next_try_at, created_at)
    values (${cardId}, 'default', ${anAction().id}, 'teams', ${conversation}, 'action', 1, now(), now())`.execute(db);
}
