// How Slack hands something to the app: a signed HTTP request, or an envelope over Socket Mode when no URL is known.

import { transmit as send } from '../transmit.ts';
import { sign } from './signing.ts';
import type { SocketMode } from './socket-mode.ts';
import { addProblem, RECORDED, remember, type SlackState } from './state.ts';
import { ACK_TIMEOUT_MS } from './tickets.ts';
import type { Ack, RecordedRequest } from './types.ts';

const ANSWER_MAX_BYTES = 1_048_576;

export type Delivery = {
  kind: 'interactive' | 'slash_commands' | 'events_api';
  payload: Record<string, unknown>;
  /** For the problem list: "the click on "Approve" by U1". */
  what: string;
  url?: string | undefined;
  headers?: Record<string, string> | undefined;
};

export async function deliver(state: SlackState, sockets: SocketMode, delivery: Delivery): Promise<Ack> {
  const url = delivery.url ?? nextUrl(state);
  if (url === undefined && sockets.connections() > 0)
    return expectAck(state, await sockets.send(delivery.kind, delivery.payload), delivery.what);
  if (url === undefined) {
    addProblem(state, `${delivery.what}: no request URL is set and nothing is connected over Socket Mode`);
    return { status: 0, body: undefined, ms: 0, timedOut: false };
  }
  const json = delivery.kind === 'events_api';
  const signed = signedRequest(state, {
    url,
    body: bodyOf(delivery),
    contentType: json ? 'application/json' : FORM,
    headers: delivery.headers,
  });
  return expectAck(state, await transmit(state, signed), delivery.what);
}

const FORM = 'application/x-www-form-urlencoded';

function nextUrl(state: SlackState): string | undefined {
  state.turn += 1;
  return state.requestUrls[state.turn % Math.max(1, state.requestUrls.length)];
}

function bodyOf({ kind, payload }: Delivery): string {
  if (kind === 'events_api') return JSON.stringify(payload);
  const fields = kind === 'interactive' ? { payload: JSON.stringify(payload) } : (payload as Record<string, string>);
  return new URLSearchParams(fields).toString();
}

type Unsigned = {
  url: string;
  body: string;
  contentType?: string | undefined;
  timestamp?: number | undefined;
  signature?: string | undefined;
  headers?: Record<string, string> | undefined;
};

export function signedRequest(
  state: SlackState,
  { url, body, contentType = FORM, timestamp, signature, headers }: Unsigned,
): RecordedRequest {
  const stamp = timestamp ?? Math.floor(state.now() / 1000);
  return {
    url,
    body,
    at: state.now(),
    headers: {
      'User-Agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
      'Content-Type': contentType,
      'X-Slack-Request-Timestamp': String(stamp),
      'X-Slack-Signature': signature ?? sign(state.options.signingSecret, stamp, body),
      ...headers,
    },
  };
}

/** Notes what a test must fail on; a person would see a warning triangle. */
function expectAck(state: SlackState, ack: Ack, what: string): Ack {
  if (ack.timedOut) addProblem(state, `${what}: not acked in 3 s`);
  else if (ack.status === 0) addProblem(state, `${what}: not delivered (${String(ack.body)})`);
  else if (ack.status === 404) addProblem(state, `${what}: listener missing (404)`);
  else if (ack.status !== 200) addProblem(state, `${what}: answered with status ${ack.status}`);
  return ack;
}

export function transmit(state: SlackState, recorded: RecordedRequest): Promise<Ack> {
  remember(state.recorded, recorded, RECORDED);
  return send(recorded, { waitMs: ACK_TIMEOUT_MS, maxAnswerBytes: ANSWER_MAX_BYTES, signal: state.closing.signal });
}
