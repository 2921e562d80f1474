// How the Bot Connector hands an activity to the bot, and what it makes of the bot's silence.

import { transmit as send } from '../transmit.ts';
import { addProblem, RECORDED, remember, type TeamsState } from './state.ts';
import type { Ack, RecordedRequest } from './types.ts';
import { type Fields, fieldsOf, textOf } from './values.ts';

const ANSWER_MAX_BYTES = 4 * 1_048_576;
const GIVE_UP_MS = 15_000;
const RESEND_AFTER_MS = 10_000;
/** A person likes an answer within this time; more is noted in `slow`. */
const SLOW_MS = 2_000;
const SLOW_NOTED = 1_000;

export type Delivery = {
  activity: Fields;
  /** For the problem list: `the press of "Approve" by 29:alice`. */
  what: string;
  url?: string | undefined;
  /** Asked by a client, not by a person: a bot that is just stopping is asked again another time. */
  automatic?: boolean;
};

const giveUpMs = ({ options }: TeamsState): number => options.giveUpAfterMs ?? GIVE_UP_MS;

export const NOT_SENT: Ack = { status: 0, body: undefined, ms: 0, timedOut: false };

function nextUrl(state: TeamsState): string | undefined {
  state.turn += 1;
  return state.messagesUrls[state.turn % Math.max(1, state.messagesUrls.length)];
}

/** The request as Teams would make it. `token` null: none is shown. */
export async function requestFor(
  state: TeamsState,
  p: { url: string; body: string; activity: unknown; token?: string | null | undefined; headers?: Record<string, string> | undefined },
): Promise<RecordedRequest> {
  const token = p.token === undefined && state.options.appId !== '' ? await state.keys.mint() : p.token;
  const conversation = textOf(fieldsOf(fieldsOf(p.activity)['conversation'])['id']);
  return {
    url: p.url,
    body: p.body,
    at: state.now(),
    headers: {
      'User-Agent': 'Microsoft-SkypeBotApi (Microsoft-BotFramework/3.0)',
      'Content-Type': 'application/json; charset=utf-8',
      'x-ms-tenant-id': state.options.tenantId,
      ...(/^[\x21-\x7e]+$/.test(conversation) ? { 'x-ms-conversation-id': conversation } : {}),
      ...(typeof token === 'string' ? { Authorization: `Bearer ${token}` } : {}),
      ...p.headers,
    },
  };
}

/** Nothing is shown of the answer to these; only a bot that breaks is noted. */
export async function deliverEvent(state: TeamsState, delivery: Delivery): Promise<Ack> {
  const recorded = await prepare(state, delivery);
  if (recorded === undefined) return NOT_SENT;
  const ack = await transmit(state, recorded);
  if (ack.timedOut || ack.status === 0 || ack.status >= 500) addProblem(state, `${delivery.what}: ${troubleOf(state, ack)}`);
  return ack;
}

/** Sent again, byte for byte, when nothing is heard; the first answer counts. */
export async function deliverInvoke(state: TeamsState, delivery: Delivery): Promise<Ack> {
  const recorded = await prepare(state, delivery);
  if (recorded === undefined) return NOT_SENT;
  const ack = await insist(state, recorded, delivery.url);
  if (ack.status > 0 && ack.ms > SLOW_MS) remember(state.slow, { ms: ack.ms, what: delivery.what }, SLOW_NOTED);
  const isUndelivered = ack.status === 0 && !ack.timedOut;
  if (!isGood(ack) && !(isUndelivered && delivery.automatic)) addProblem(state, `${delivery.what}: ${troubleOf(state, ack)}`);
  return ack;
}

export const isGood = ({ status }: Ack): boolean => status >= 200 && status < 300;

function troubleOf(state: TeamsState, ack: Ack): string {
  if (ack.timedOut) return `no answer in ${giveUpMs(state) / 1000} s`;
  return ack.status === 0 ? `not delivered (${String(ack.body)})` : `answered with status ${ack.status}`;
}

async function prepare(state: TeamsState, { activity, what, url, automatic }: Delivery): Promise<RecordedRequest | undefined> {
  const to = url ?? nextUrl(state);
  if (to !== undefined) return requestFor(state, { url: to, body: JSON.stringify(activity), activity });
  if (!automatic) addProblem(state, `${what}: the bot has no messages URL`);
  return undefined;
}

function insist(state: TeamsState, recorded: RecordedRequest, url: string | undefined): Promise<Ack> {
  const after = state.options.resendAfterMs ?? RESEND_AFTER_MS;
  const started = performance.now();
  return new Promise((resolve) => {
    let under = 0;
    const attempt = async (to: string, leftMs: number): Promise<void> => {
      under += 1;
      const ack = await transmit(state, { ...recorded, url: to }, leftMs);
      under -= 1;
      // A broken connection counts only when no other attempt can still be answered.
      if (ack.status === 0 && under > 0) return;
      clearTimeout(again);
      resolve({ ...ack, ms: performance.now() - started });
    };
    const again =
      after > 0 && after < giveUpMs(state)
        ? setTimeout(() => void attempt(url ?? nextUrl(state) ?? recorded.url, giveUpMs(state) - after), after)
        : undefined;
    void attempt(recorded.url, giveUpMs(state));
  });
}

export function transmit(state: TeamsState, recorded: RecordedRequest, waitMs = giveUpMs(state)): Promise<Ack> {
  remember(state.recorded, { ...recorded, at: state.now() }, RECORDED);
  return send(recorded, { waitMs, maxAnswerBytes: ANSWER_MAX_BYTES, signal: state.closing.signal });
}
