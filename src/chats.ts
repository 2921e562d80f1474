/** The chat platforms of this process: each with its surface, its loop that keeps cards equal to the store, and its way in. No product logic. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Platform } from './action-center/action.ts';
import { checkClick, type DecideDeps, decide } from './action-center/decide.ts';
import type { ExportDeps } from './action-center/export.ts';
import type { AskingPerson } from './action-center/identify.ts';
import type { RemediationAction } from './action-center/intake.ts';
import { type Look, look } from './action-center/look.ts';
import { keepDefault, lookUp, noteShared } from './action-center/look-up.ts';
import type { CardRow, Lanes } from './action-center/ports.ts';
import { cancel, retry } from './action-center/press-again.ts';
import { isReminder } from './action-center/reminders.ts';
import { checkUndo, undo } from './action-center/undo.ts';
import { noticeFor } from './chat/alarm-words.ts';
import { type ActionCard, type Card, cardFor, noteFor } from './chat/card.ts';
import { type AnswerCommand, answerCommand } from './chat/commands.ts';
import { type ExportJobs, openExportJobs } from './chat/export-jobs.ts';
import type { HistoryFlows } from './chat/history-answers.ts';
import type { HuntJobs } from './chat/hunt-jobs.ts';
import { answerInbox, type InboxAsked } from './chat/inbox-command.ts';
import type { ManyFlows } from './chat/many.ts';
import type { Flows } from './chat/press.ts';
import { type ReconcileEvent, reconcile } from './chat/reconcile.ts';
import type { Surface } from './chat/surface.ts';
import type { TeamsDeps } from './chat/teams/app.ts';
import { huntLink, portalLinks } from './defender/links.ts';
import { digestFlows, digestLoop, drawDigest } from './digests.ts';
import type { Foundation } from './foundation.ts';
import { drawGroup, gatherCards } from './groups.ts';
import { drawHunt, openHuntWork } from './hunts.ts';
import type { Loop } from './loop.ts';
import { batchLoop, drawBatch, manyFlows } from './many.ts';
import { delegatingOf, drawReminder, inboxStandIn, type LinkTo } from './reminding.ts';
import { inboxStore } from './store/inbox.ts';

type Chat = {
  surface: Surface;
  linkTo: LinkTo;
  path: string;
  personAt(conversation: string): AskingPerson | null;
  handle(req: IncomingMessage, res: ServerResponse): void;
  stop(deadlineMs: number): Promise<void>;
};

export type Chats = {
  platforms: string[];
  /** What the platforms post to, by path. */
  ways: Record<string, Chat['handle']>;
  pokeCards(): void;
  /** Waits for presses that are being answered, at most this long; then ends the loops. */
  stop(deadlineMs: number): Promise<void>;
};

const beatMs = 1000;
/** Under a rush of presses many changes of cards become one pass. */
const cardsRestMs = 100;

export async function openChats(ground: Foundation, deps: DecideDeps, poke: () => void): Promise<Chats> {
  const { config } = ground;
  const flowsOf = (changed: DecideDeps) => chatFlows(ground, changed);
  const flows = flowsOf(deps);
  let batchWork: Loop | null = null;
  const many = manyFlows(ground, deps, () => {
    batchWork?.poke();
    poke();
  });
  const exports = exportJobs(ground);
  let pokeOwnCards = () => {};
  const hunts = openHuntWork(ground, exports, () => pokeOwnCards());
  const all = { flows, many, exports, hunts: hunts.jobs, poke };
  const chats: Chat[] = [];
  const stopAll = async (deadlineMs: number) => {
    await Promise.all([hunts.stop(deadlineMs), ...chats.map((chat) => chat.stop(deadlineMs))]);
  };
  try {
    // Loaded only where it is on: each platform's SDK costs half a second and a hundred megabytes.
    if (config.teams) {
      const { startTeams } = await import('./chat/teams/app.ts');
      const linkTo: LinkTo = (place) => chats.find(({ surface }) => surface.platform === 'teams')?.linkTo(place) ?? null;
      const forTeams = { flows: all, poke, settings: config.teams, linkTo };
      chats.push({ path: '/api/messages', ...(await startTeams(teamsDeps(ground, forTeams))) });
    }
    if (config.slack) {
      const { startSlack } = await import('./chat/slack/app.ts');
      chats.push({ path: '/slack/events', ...(await startSlack({ ...slackDeps(ground, all), ...config.slack })) });
    }
  } catch (error) {
    await stopAll(0);
    throw error;
  }
  const loops = chats.map((chat) => cardLoop(ground, chat, hunts.poke));
  pokeOwnCards = () => {
    for (const loop of loops) loop.poke();
  };
  const batches = batchLoop(ground, deps, flowsOf, poke);
  batchWork = batches;
  const nobody = () => null;
  const personAt = (platform: Platform) => chats.find(({ surface }) => surface.platform === platform)?.personAt ?? nobody;
  const digests = digestLoop(ground, { slack: personAt('slack'), teams: personAt('teams') }, poke);
  return {
    platforms: chats.map(({ surface }) => surface.platform),
    ways: Object.fromEntries(chats.map(({ path, handle }) => [path, handle])),
    pokeCards: pokeOwnCards,
    stop: async (deadlineMs) => {
      // Whoever waits for a file is told while there is still a way to.
      await exports.stop(deadlineMs);
      await stopAll(deadlineMs);
      await Promise.all([...loops, batches, digests].map((loop) => loop.stop()));
    },
  };
}

/** The flows, counted and watched. */
function chatFlows(ground: Foundation, deps: DecideDeps): Flows {
  const { metrics } = ground;
  const watched = async (verb: string, flow: () => ReturnType<Flows['decide']>): ReturnType<Flows['decide']> => {
    const done = metrics.pressSeconds.startTimer({ verb });
    const decided = await flow();
    done();
    if (!decided.ok) {
      metrics.refusals.inc({ kind: decided.refusal.kind });
      return decided;
    }
    const { action, decision } = decided.value;
    metrics.decisions.inc({ verb: decision.verb, platform: decision.platform });
    // The first of two approvals decides nothing yet.
    if (action.decision) {
      const { decisionId, decidedAt } = action.decision;
      ground.watch({ stage: 'decided', actionId: action.id, decisionId, at: decidedAt, detail: action.decision.verb });
    }
    return decided;
  };
  return {
    check: (click) => (click.verb === 'undo' ? checkUndo({ ...deps, undoing: ground.undoing }, click) : checkClick(deps, click)),
    decide: (click) => watched(click.verb, () => decide(deps, click)),
    undo: (click) => watched('undo', () => undo({ ...deps, undoing: ground.undoing }, click)),
    cancel: (click) => watched('cancel', () => cancel(deps, click)),
    retry: (click) => watched('retry', () => retry(deps, click)),
  };
}

type AllFlows = { flows: Flows; many: ManyFlows; exports: ExportJobs; hunts: HuntJobs; poke: () => void };

const common = ({ log, settings, platformNow }: Foundation, { flows, many, exports, hunts }: AllFlows) => ({
  log,
  flows,
  many,
  exports,
  hunts,
  backend: settings.backend,
  now: platformNow,
});

function slackDeps(ground: Foundation, flows: AllFlows) {
  return {
    ...common(ground, flows),
    commands: commandsOf(ground, flows),
    homeEveryMs: ground.timing.homeEveryMs,
    identityMode: ground.config.identityMode,
    channels: ground.policy.conversations('slack'),
  };
}

type ForTeams = { flows: AllFlows; linkTo: LinkTo } & Pick<TeamsDeps, 'poke' | 'settings'>;

function teamsDeps(ground: Foundation, { flows, poke, settings, linkTo }: ForTeams): TeamsDeps {
  const { cards, conversations, lanes, metrics, policy, store } = ground;
  return {
    ...common(ground, flows),
    settings,
    conversations,
    cards,
    lanes,
    poke,
    routed: policy.conversations('teams'),
    commands: commandsOf(ground, flows),
    redraw: (row) => redraw(ground, row, linkTo),
    refused: (reason, facts) =>
      store.note(null, {
        kind: 'refused',
        at: new Date().toISOString(),
        actorId: null,
        data: { refusal: 'request', platform: 'teams', reason, ...facts },
      }),
    lost: (standing) => metrics.outOfReach.inc({ platform: 'teams', standing }),
  };
}

export function exportDepsOf({ history, hunts, stories, store, directory, now, config }: Foundation): ExportDeps {
  return { history, hunts, stories, store, directory, now, maxRows: config.exportMaxRows };
}

function exportJobs(ground: Foundation): ExportJobs {
  const { waitingExports: waiting, config, log, timing } = ground;
  const progressEveryMs = timing.exportProgressEveryMs;
  const paced = progressEveryMs === undefined ? {} : { progressEveryMs };
  return openExportJobs({ ...exportDepsOf(ground), waiting, publicUrl: config.publicUrl, log, ...paced });
}

function commandsOf(ground: Foundation, { many, exports, hunts, poke }: AllFlows): AnswerCommand {
  const { store, directory, settings, now, log } = ground;
  const isBarred = (action: RemediationAction) => ground.policy.barred({ ...action, id: action.key }) !== null;
  const standIn = inboxStandIn(ground);
  const inboxDeps = {
    standIn: standIn ?? undefined,
    inboxStore: inboxStore(ground.db, ground.config.tenantId),
    directory,
    settings,
    now,
    log,
    isBarred,
  };
  const deps = {
    look: (asked: Look) => look({ store, directory, settings, now }, asked),
    draw: (action: RemediationAction) => drawAction(ground, action),
    linking: ground.linking,
    many: { many, backend: settings.backend, log },
    history: historyFlows(ground),
    places: ground.cardPlaces,
    inbox: (asked: InboxAsked) => answerInbox(inboxDeps, asked),
    exports,
    delegating: delegatingOf(ground, poke),
    hunts,
    digest: digestFlows(ground, poke),
    log,
  };
  return (asked) => answerCommand(deps, asked);
}

function historyFlows({ history, preferences, store, directory, policy, now }: Foundation): HistoryFlows {
  const deps = { history, preferences, store, directory, now };
  return {
    lookUp: (asked) => lookUp(deps, asked),
    keepDefault: (asked) => keepDefault(deps, asked),
    noteShared: (asked, looked) => noteShared(deps, asked, looked),
    visibility: policy.historyInChannel,
  };
}

function cardLoop(ground: Foundation, { surface, linkTo }: Chat, posted: () => void): Loop {
  const { log, platformNow, startLoop } = ground;
  const resting = new Map<string, number>();
  const draw = (row: CardRow, action: RemediationAction | null) => drawCard(ground, row, action);
  const deps = {
    surface,
    draw,
    drawBatch: (id: string) => drawBatch(ground, id),
    drawReminder: (row: CardRow) => drawReminder(ground, row, linkTo),
    drawGroup: (id: string) => drawGroup(ground, id),
    drawDigest: (id: string) => drawDigest(ground, id),
    resting,
    now: () => ground.now().getTime(),
    tell: (event: ReconcileEvent) => {
      tell(ground, event);
      if (event.kind === 'shown' && event.what === 'post' && event.row.kind === 'action') posted();
    },
  };
  return startLoop({
    everyMs: beatMs,
    restMs: cardsRestMs,
    run: async () => {
      const { cards, store, holder } = ground;
      // A platform counts by the real clock, whatever this deployment is told the time is.
      const lanes: Lanes = {
        take: (lane, limit) => ground.lanes.take(lane, limit, platformNow()),
        block: (lane, until) => ground.lanes.block(lane, platformNow() + until - ground.now().getTime()),
      };
      // What is in no group is posted by itself: a grouping that fails holds nothing up.
      const failed = (error: unknown) =>
        log.error({ err: error, platform: surface.platform }, 'cards could not be grouped; it is tried again');
      await gatherCards(ground, surface).catch(failed);
      return (await reconcile({ ...deps, cards, lanes, store, holder })).nextInMs;
    },
    onError: (error) => log.error({ err: error, platform: surface.platform }, 'the reconciler failed; it is tried again'),
  });
}

function tell({ metrics, log, watch }: Foundation, event: ReconcileEvent): void {
  const { row } = event;
  if (event.kind === 'shown') {
    metrics.cards.inc({ platform: row.platform, what: event.what });
    if (row.actionId === null) return;
    watch({
      stage: 'shown',
      actionId: row.actionId,
      decisionId: null,
      at: new Date().toISOString(),
      detail: row.kind,
      platform: row.platform,
    });
    return;
  }
  const { cardId, actionId, conversation, platform } = row;
  if (event.kind === 'broken') {
    metrics.cardFailures.inc({ platform, trouble: 'broken' });
    log.error({ cardId, actionId, platform, conversation, err: event.error }, 'a card could not be drawn or written; it is tried again');
    return;
  }
  metrics.cardFailures.inc({ platform, trouble: event.trouble });
  const facts = { cardId, actionId, platform, conversation, trouble: event.trouble, reason: event.error.message };
  log.warn(facts, 'a card could not be shown; it is tried again');
}

/** What a message shows now; null: what it was about is gone. */
async function redraw(ground: Foundation, row: CardRow, linkTo: LinkTo): Promise<Card | null> {
  const { actionId, kind } = row;
  if (isReminder(row.note)) return (await drawReminder(ground, row, linkTo)).card;
  if (kind === 'digest') return drawDigest(ground, row.cardId);
  if (actionId !== null && kind === 'batch') return (await drawBatch(ground, actionId))?.card ?? null;
  if (actionId !== null && kind === 'group') return (await drawGroup(ground, actionId))?.card ?? null;
  const action = actionId === null ? null : await ground.store.get(actionId);
  return action || kind === 'notice' ? drawCard(ground, row, action) : null;
}

async function drawCard(ground: Foundation, row: CardRow, action: RemediationAction | null): Promise<Card> {
  if (row.kind === 'notice' && row.note) return noticeFor(row.note, action);
  if (action === null) throw new Error(`card ${row.cardId} belongs to no action`);
  if (row.note?.kind === 'hunted') return drawHunt(ground, { ...row, note: row.note }, action);
  return row.kind === 'note' && row.note ? noteFor(row.note, action) : drawAction(ground, action);
}

async function drawAction(ground: Foundation, action: RemediationAction): Promise<ActionCard> {
  const { config, now, settings, policy, hunting } = ground;
  const links = {
    portalUrl: config.portalUrl,
    tenantId: config.portalTenantId ?? undefined,
    investigationUrlTemplate: config.portalPages.investigation ?? undefined,
    emailPage: config.portalPages.email,
  };
  const huntUrl = huntLink(action, { ...links, now: now() });
  const intake = { ...action, id: action.key };
  const rules = {
    barred: policy.barred(intake),
    approvalNeedsReason: policy.reasonNeeded(intake, 'approve'),
    undoNeedsReason: policy.reasonNeeded(intake, 'undo'),
  };
  const evidence = hunting === null ? null : await ground.evidence.get(action.id);
  const known = { runHere: hunting?.isOn() ?? false, evidence, portal: portalLinks(action, links) };
  return cardFor(action, { now: now(), huntUrl, ...known, ...settings, ...rules });
}
