/** Teams, joined together: botbuilder for the protocol, the guard behind it, teams-ai to route, and our surface, clicks and conversations. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Application } from '@microsoft/teams-ai/lib/Application.js';
import type { TurnContext } from 'botbuilder';
import type { BackendName } from '../../action-center/catalogue.ts';
import { UpstreamError } from '../../action-center/errors.ts';
import type { AskingPerson } from '../../action-center/identify.ts';
import type { CardRow, CardStore, Conversations, Lanes, Log, Sighting } from '../../action-center/ports.ts';
import { ok, refuse } from '../../action-center/refusal.ts';
import type { Card } from '../card.ts';
import type { AnswerCommand, CommandAnswer } from '../commands.ts';
import type { ExportJobs } from '../export-jobs.ts';
import type { HuntJobs } from '../hunt-jobs.ts';
import type { ManyFlows } from '../many.ts';
import { type Flows, within } from '../press.ts';
import { type Surface, SurfaceError } from '../surface.ts';
import type { Arrival } from './activity.ts';
import { openAnswers, type PrivateAnswersDeps, privateAnswers } from './answers.ts';
import { type ClickDeps, isRefresh, onInvoke, onSubmittedPress } from './clicks.ts';
import { type CommandDeps, onCommand, sayAnswer } from './commands.ts';
import { type Connector, openConnector } from './connector.ts';
import { openAuthentication, Turns } from './credentials.ts';
import { type Admitted, type Door, openDoor } from './door.ts';
import { type FileConsentDeps, fileOffers, isFileConsent, onFileConsent } from './files.ts';
import type { GuardRefusal } from './guard.ts';
import { isInboxRefresh, onInboxPress } from './inbox.ts';
import { type Installs, installs } from './installs.ts';
import type { InvokeAnswer } from './invoke.ts';
import { deepLinks, type LinkTo } from './render-inbox.ts';
import { repeats } from './repeats.ts';
import { type Seen, secondLooks } from './second-looks.ts';
import type { TeamsSettings } from './settings.ts';
import { entraIdOf, lanesOf, removeStray, type Sightings, type TeamsSurfaceDeps, teamsSurface } from './surface.ts';

export type TeamsDeps = {
  settings: TeamsSettings;
  flows: Flows;
  many: ManyFlows;
  backend: BackendName;
  commands: AnswerCommand;
  exports: Pick<ExportJobs, 'accept'>;
  hunts: Pick<HuntJobs, 'start'>;
  conversations: Conversations;
  cards: Sightings & Pick<CardStore, 'wake'>;
  lanes: Pick<Lanes, 'take'>;
  /** The card of this row as it is now; null when its action is gone. */
  redraw: (row: CardRow) => Promise<Card | null>;
  /** Conversations that some route names. */
  routed: readonly string[];
  /** Cards can be shown where they could not be before. */
  poke: () => void;
  /** A refused request, for the audit record. Bounded here. */
  refused: (reason: GuardRefusal, facts: Record<string, string | null>) => Promise<void>;
  /** A conversation with a route is out of reach. */
  lost: (standing: 'removed' | 'deleted') => void;
  log: Log;
  now: () => number;
};

export type TeamsChat = {
  surface: Surface;
  /** The address of a message, where there is one. */
  linkTo: LinkTo;
  /** Who a card goes to in private by the policy; null: it goes to a conversation. */
  personAt(conversation: string): AskingPerson | null;
  /** Answers `POST /api/messages`. */
  handle(req: IncomingMessage, res: ServerResponse): void;
  inFlight(): number;
  /** Waits for requests that are being answered, at most this long. */
  stop(deadlineMs: number): Promise<void>;
};

/** Nobody waits for these calls; the reconciler's lease is longer. */
const bulkDeadlineMs = 10_000;
const interactiveDeadlineMs = 5000;
/** Until the record knows how a post ended. */
const postMarginMs = 2000;

/** Asks nobody and throws ConfigError for credentials that cannot be used: wrong ones show at the first card. */
export async function startTeams(deps: TeamsDeps): Promise<TeamsChat> {
  const { settings, conversations, cards, log } = deps;
  const authentication = openAuthentication(settings);
  const connector = (deadlineMs: number) => openConnector({ authentication, appId: settings.appId, deadlineMs });
  const surfaceDeps: TeamsSurfaceDeps = {
    connector: connector(bulkDeadlineMs),
    conversations,
    sightings: cards,
    settings,
    routed: deps.routed,
    log,
  };
  const answersDeps = answersOf(deps, connector(interactiveDeadlineMs));
  const tell = privateAnswers(answersDeps);
  const offerFile = fileOffers(answersDeps);
  const linksIn = (organisation: string) => deepLinks(settings.cloud, organisation);
  const home = settings.appTenantId || (settings.allowedTenants[0] ?? '');
  await sayWhatIsOutOfReach(deps);

  const door = openDoor({ authentication, settings, refused: deps.refused, log, now: deps.now });
  const turns = new Turns(authentication);
  turns.onTurnError = async (_, error) => {
    throw error;
  };
  const { running, track } = tracked();
  const looks = openLooks(deps, surfaceDeps);
  const app = routes({
    clicks: {
      flows: deps.flows,
      many: deps.many,
      backend: deps.backend,
      tell,
      hunt: { hunts: deps.hunts, tell, offerFile },
      history: { answer: deps.commands, tell, share: openAnswers(answersDeps), linksIn, track, log },
      log,
      track,
      lookedAt: looks.lookedAt,
    },
    commands: { answer: deps.commands, tell, offerFile, linksIn, personMentioned: mentionedIn(answersDeps.connector), log, track },
    files: { exports: deps.exports, answers: answersDeps, settings, tell, log, track },
    places: installs({
      conversations,
      routed: new Set(deps.routed),
      lost: deps.lost,
      log,
      now: deps.now,
      reached: async () => {
        if ((await cards.wake('teams', deps.now())) > 0) deps.poke();
      },
    }),
    log,
  });
  const take = repeats<InvokeAnswer>({ now: deps.now });
  // A refresh changes nothing and its answer is large: neither worth remembering.
  const answer = (admitted: Admitted) => {
    const work = () => turn(turns, app, admitted);
    return isRefresh(admitted.arrival) || isInboxRefresh(admitted.arrival) ? work() : take(admitted.arrival.requestKey, work);
  };
  return {
    surface: teamsSurface(surfaceDeps),
    linkTo: linksIn(home),
    personAt: (conversation) => personAt(conversation, home),
    handle: (req, res) => track(serve(door, answer, req, res, log)),
    inFlight: () => running.size,
    stop: async (deadlineMs) => {
      await within(Promise.allSettled(running), deadlineMs, null);
      // After the last request, which may have asked for one more.
      looks.stop();
    },
  };
}

function answersOf({ settings, lanes, log, now }: TeamsDeps, connector: Connector): PrivateAnswersDeps {
  return { connector, lanes, lanesOf: (conversation) => lanesOf(settings, conversation), log, now };
}

function personAt(conversation: string, tenantId: string): AskingPerson | null {
  const entraId = entraIdOf(conversation);
  return entraId === null ? null : async () => ok({ platform: 'teams', tenantId, entraId });
}

/** Work that goes on behind an answer, so that a stop can wait for it. */
function tracked() {
  const running = new Set<Promise<void>>();
  const track = (work: Promise<void>) => {
    const done = work.finally(() => running.delete(done));
    running.add(done);
  };
  return { running, track };
}

/** An id that is nobody's here is nobody. */
function mentionedIn(connector: Connector): CommandDeps['personMentioned'] {
  return async ({ serviceUrl, conversation, organisation }, account) => {
    try {
      const member = await connector.member({ serviceUrl, conversation }, account);
      return member?.entraId
        ? ok({ platform: 'teams', tenantId: organisation, entraId: member.entraId.toLowerCase() })
        : refuse({ kind: 'unknown-person' });
    } catch (error) {
      if (error instanceof SurfaceError)
        throw new UpstreamError('teams', 'who was mentioned could not be looked up', { retryable: true, cause: error });
      throw error;
    }
  };
}

async function sayWhatIsOutOfReach({ conversations, routed, log, lost }: TeamsDeps): Promise<void> {
  for (const { conversation, standing } of await conversations.outOfReach('teams', routed)) {
    if (standing !== 'installed') lost(standing);
    log.error(
      { conversation, standing },
      'ALARM: cards are routed to this Teams conversation and cannot be shown there; add the app again or change the routes',
    );
  }
}

type Answer = (admitted: Admitted) => Promise<InvokeAnswer>;

async function serve(door: Door, answer: Answer, req: IncomingMessage, res: ServerResponse, log: Log): Promise<void> {
  try {
    const admitted = await door(req);
    const { status, body } = 'arrival' in admitted ? await answer(admitted) : { status: admitted.status, body: undefined };
    if (res.destroyed) return;
    res.writeHead(status, {
      'cache-control': 'no-store',
      ...(body === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' }),
      ...(status === 413 ? { connection: 'close' } : {}),
    });
    res.end(body === undefined ? '' : JSON.stringify(body));
  } catch (error) {
    log.error({ err: error }, 'a request from Teams failed');
    if (res.headersSent) res.destroy();
    else res.writeHead(500).end();
  }
}

const arrivalKey = Symbol('arrival');
const arrivalOf = (context: TurnContext): Arrival => {
  const arrival: Arrival | undefined = context.turnState.get(arrivalKey);
  if (!arrival) throw new Error('a turn began without an arrival');
  return arrival;
};

/** One request as botbuilder's turn, routed by teams-ai. An invoke nobody answered is answered 501 by botbuilder; a route below prevents it. */
async function turn(turns: Turns, app: Application, { authenticated, raw, arrival }: Admitted): Promise<InvokeAnswer> {
  const response = await turns.take(authenticated, raw as never, async (context) => {
    context.turnState.set(arrivalKey, arrival);
    await app.run(context);
  });
  return response ?? { status: 200 };
}

type Routed = { clicks: ClickDeps; commands: CommandDeps; files: FileConsentDeps; places: Installs; log: Log };

/** Routing only: no storage, no typing timer, no answers of teams-ai's own. */
function routes({ clicks, commands, files, places, log }: Routed): Application {
  const inbox = { ...commands, say: (arrival: Arrival, answer: CommandAnswer) => sayAnswer(commands, arrival, answer) };
  const app = new Application({ startTypingTimer: false, removeRecipientMention: false });
  const of =
    (...types: string[]) =>
    async ({ activity }: TurnContext) =>
      types.includes(activity.type);
  app.addRoute(
    of('invoke'),
    async (context) => {
      const arrival = arrivalOf(context);
      noticed(places, arrival, log);
      const answer = isFileConsent(arrival)
        ? onFileConsent(files, arrival)
        : ((await onInboxPress(inbox, arrival)) ?? (await onInvoke(clicks, arrival)));
      await context.sendActivity({ type: 'invokeResponse', value: answer });
    },
    true,
  );
  app.addRoute(of('message'), async (context) => {
    const arrival = arrivalOf(context);
    noticed(places, arrival, log);
    if (!(await onSubmittedPress(clicks, arrival))) onCommand(commands, arrival);
  });
  app.addRoute(of('installationUpdate', 'conversationUpdate'), (context) => places.onEvent(arrivalOf(context)));
  return app;
}

/** Beside the press, not before it: an answer never waits for book-keeping. */
function noticed(places: Installs, arrival: Arrival, log: Log): void {
  places
    .noticed(arrival)
    .catch((error: unknown) => log.warn({ conversation: arrival.conversation, err: error }, 'a conversation could not be recorded'));
}

/** A second message of a card that has one is taken away; not waited for: the person looks at the card, whichever message it is on. */
function openLooks({ cards, redraw, now, log }: TeamsDeps, surface: TeamsSurfaceDeps): Pick<ClickDeps, 'lookedAt'> & { stop(): void } {
  const sight = async (seen: Seen): Promise<Sighting | null> => {
    const sighting = await cards.sighted({ ...seen, now: now() });
    if (sighting?.standing === 'stray') {
      const { conversation, parentRef, cardId } = sighting.row;
      void removeStray(surface, { conversation, parentRef, ref: seen.ref, cardId });
    }
    return sighting;
  };
  const again = secondLooks(sight, { afterMs: bulkDeadlineMs + postMarginMs, log });
  return {
    lookedAt: async (seen) => {
      const sighting = await sight(seen);
      if (sighting?.standing === 'kept') again.later(seen);
      return sighting === null ? null : redraw(sighting.row);
    },
    stop: again.stop,
  };
}
