/** The inbox in Slack: the Home tab and its presses. What is listed, and what Show shows, are answers to commands like any other. */
import type { KnownBlock, ModalView } from '@slack/types';
import { z } from 'zod';
import type { Log } from '../../action-center/ports.ts';
import type { AnswerCommand, CommandAnswer } from '../commands.ts';
import { emptyInbox } from '../inbox-card.ts';
import { inboxLate, inboxTexts, showLate } from '../inbox-words.ts';
import { soon, within } from '../press.ts';
import { stillChecking } from '../words.ts';
import type { Reader, TellPrivately } from './answers.ts';
import { placeOf } from './commands.ts';
import type { Arrival } from './guard.ts';
import { type Homes, homes } from './home.ts';
import type { Clicker, ClickingPerson } from './people.ts';
import { plainText, renderLine, renderLines } from './render.ts';
import { renderAnswer } from './render-history.ts';
import { inboxActions, type LinkTo, renderHome } from './render-inbox.ts';

export type InboxDeps = {
  answer: AnswerCommand;
  teamId: string;
  personBehind: (clicker: Clicker) => ClickingPerson;
  publishHome: (userId: string, blocks: KnownBlock[]) => Promise<void>;
  openView: (triggerId: string, view: ModalView) => Promise<void>;
  tell: TellPrivately;
  linkTo: LinkTo;
  everyMs?: number | undefined;
  log: Log;
  now: () => number;
};

export type SlackInbox = {
  /** `app_home_opened`. */
  opened(asked: { body: unknown; arrival: Arrival }): void;
  /** False: not a press of ours. */
  pressed(asked: { body: unknown; arrival: Arrival; ack: () => Promise<void> }): Promise<boolean>;
  /** A person did something by which their own tab may have changed. */
  acted(body: unknown): void;
  stop: Homes['stop'];
};

/** Slack forgets a trigger after 3 s. */
const showWithinMs = 2200;
/** Beyond this a tab says that it could not be read. */
const drawWithinMs = 10_000;

const Opened = z.object({ event: z.object({ user: z.string().min(1), tab: z.string() }) });
const Person = z.object({ id: z.string().min(1), team_id: z.string().min(1).nullish() });
const Press = z.object({
  user: Person,
  channel: z.object({ id: z.string() }).nullish(),
  response_url: z.url({ protocol: /^https?$/ }).nullish(),
  trigger_id: z.string().nullish(),
  actions: z.array(z.object({ action_id: z.string().startsWith('ac.inbox.'), value: z.string().max(100).nullish() })).min(1),
});
type Press = z.infer<typeof Press>;

export function slackInbox(deps: InboxDeps): SlackInbox {
  const { log, now, everyMs } = deps;
  const tabs = homes({ publish: (userId) => publish(deps, userId), log, now, everyMs });
  return {
    opened: ({ body, arrival }) => {
      const opened = Opened.safeParse(body).data;
      if (!opened) log.error({ clickId: arrival.requestKey }, 'a Home tab was opened in a shape that is not known');
      else if (opened.event.tab === 'home') tabs.open(opened.event.user);
    },
    pressed: async ({ body, arrival, ack }) => {
      const press = Press.safeParse(body).data;
      const [button] = press?.actions ?? [];
      if (!press || !button) return false;
      await ack();
      if (button.action_id === inboxActions.refresh) tabs.open(press.user.id);
      if (button.action_id === inboxActions.show) await show(deps, press, button.value ?? '', arrival);
      return true;
    },
    acted: (body) => {
      const actor = z.object({ user: Person }).safeParse(body).data;
      if (actor) tabs.touch(actor.user.id);
    },
    stop: tabs.stop,
  };
}

type Asking = { clicker: Clicker; text: string; clickId: string };

const ask = ({ answer, teamId, personBehind }: InboxDeps, { clicker, text, clickId }: Asking): Promise<CommandAnswer> =>
  answer({
    text,
    place: placeOf(null),
    platform: 'slack',
    by: `slack:${clicker.teamId ?? teamId}/${clicker.userId}`,
    person: personBehind(clicker),
    clickId,
  });

async function publish(deps: InboxDeps, userId: string): Promise<void> {
  // The event names no home team; the profile does.
  const work = ask(deps, { clicker: { userId, teamId: null }, text: 'inbox', clickId: `home-${userId}` });
  const answer = await within(work, drawWithinMs, null);
  await deps.publishHome(userId, renderHome(answer?.inbox ?? emptyInbox(answer?.lines[0] ?? inboxLate), deps.linkTo));
}

/** In a message the answer is a message, as to the command; the Home tab has no conversation, so there it is a dialog. */
async function show(deps: InboxDeps, press: Press, actionId: string, { requestKey: clickId, receivedAt }: Arrival): Promise<void> {
  const clicker = { userId: press.user.id, teamId: press.user.team_id ?? null };
  const work = ask(deps, { clicker, text: `show ${actionId}`, clickId });
  const inTime = await soon(work, { receivedAt, ms: showWithinMs });
  const reader: Reader = { userId: clicker.userId, channel: press.channel?.id ?? null, responseUrl: press.response_url ?? null };
  if (reader.channel !== null || reader.responseUrl !== null) {
    if (inTime === null) await deps.tell(reader, renderLine(stillChecking));
    const { card, lines } = inTime ?? (await work);
    if (card !== null) await deps.tell(reader, renderAnswer(card));
    if (lines.length > 0) await deps.tell(reader, renderLines(lines));
    return;
  }
  try {
    await deps.openView(press.trigger_id ?? '', showView(inTime ?? { card: null, lines: [showLate] }));
  } catch (error) {
    deps.log.warn({ clickId, err: error }, 'the dialog that shows an action could not be opened');
  }
}

function showView({ card, lines }: CommandAnswer): ModalView {
  return {
    type: 'modal',
    title: plainText(inboxTexts.showTitle, 24),
    close: plainText(inboxTexts.showClose, 24),
    blocks: [...(card === null ? [] : renderAnswer(card).blocks), ...(lines.length === 0 ? [] : renderLines(lines).blocks)],
  };
}
