import { randomBytes, randomUUID } from 'node:crypto';
import { createEventHub, type EventHub } from '../event-hub.ts';
import { createFaults, type Faults } from './faults.ts';
import { type Buckets, createBuckets } from './rates.ts';
import { createTickets, type Tickets } from './tickets.ts';
import type {
  ApiCall,
  Ephemeral,
  FormState,
  RecordedRequest,
  SlackChannel,
  SlackEvents,
  SlackFile,
  SlackHome,
  SlackMessage,
  SlackOptions,
  SlackPerson,
  SlackView,
} from './types.ts';

const MESSAGES_PER_CHANNEL = 20_000;
const EPHEMERALS_PER_PERSON = 2_000;
const CALLS = 20_000;
const PROBLEMS = 1_000;
export const RECORDED = 1_000;

export type Channel = SlackChannel & { /** The person on the other side of a direct message. */ dmWith?: string; messages: SlackMessage[] };

export type Upload = { id: string; secret: string; name: string; length: number; bytes: Buffer | null };

/** One simulated workspace with one app installed in it. */
export type SlackState = {
  options: SlackOptions;
  now: () => number;
  origin: string;
  team: { id: string; domain: string };
  app: { id: string; botId: string; botUser: string; verificationToken: string };
  requestUrls: string[];
  turn: number;
  people: Map<string, SlackPerson>;
  channels: Map<string, Channel>;
  ephemerals: Map<string, Ephemeral[]>;
  /** Open modals of each person, the top one last. */
  views: Map<string, SlackView[]>;
  /** The Home tab of each person, once it was published. */
  homes: Map<string, SlackHome>;
  /** What people ticked and picked in messages: `channel ts user` to values. */
  picked: Map<string, FormState>;
  /** By file id: what was announced, and what came. */
  uploads: Map<string, Upload>;
  /** Those that are whole, whether anybody sees them or not. */
  files: Map<string, SlackFile>;
  tickets: Tickets;
  buckets: Buckets;
  faults: Faults;
  events: EventHub<SlackEvents>;
  calls: ApiCall[];
  recorded: RecordedRequest[];
  problems: string[];
  closing: AbortController;
  nextTs(): string;
  newId(prefix?: string): string;
};

export function createState(options: SlackOptions): SlackState {
  const now = options.now ?? Date.now;
  let lastTs = 0;
  return {
    options,
    now,
    origin: '',
    team: { id: options.teamId ?? 'T000000001', domain: 'contoso-example' },
    app: { id: 'A000000001', botId: 'B000000001', botUser: 'U00000BOT', verificationToken: 'deprecated-verification-token' },
    requestUrls: options.requestUrl === undefined ? [] : [options.requestUrl],
    turn: 0,
    people: new Map(options.people.map((person) => [person.id, person])),
    channels: new Map(options.channels.map((channel) => [channel.id, { ...channel, messages: [] }])),
    ephemerals: new Map(),
    views: new Map(),
    homes: new Map(),
    picked: new Map(),
    uploads: new Map(),
    files: new Map(),
    tickets: createTickets(now),
    buckets: createBuckets(now),
    faults: createFaults(),
    events: createEventHub('Slack'),
    calls: [],
    recorded: [],
    problems: [],
    closing: new AbortController(),
    // A ts is the message's id: unique and growing even when the clock stands still.
    nextTs() {
      lastTs = Math.max(Math.round(now() * 1000), lastTs + 1);
      return `${Math.floor(lastTs / 1_000_000)}.${String(lastTs % 1_000_000).padStart(6, '0')}`;
    },
    newId: (prefix = '') =>
      prefix === '' ? randomBytes(4).toString('base64url') : prefix + randomUUID().replaceAll('-', '').slice(0, 10).toUpperCase(),
  };
}

export function remember<T>(list: T[], entry: T, bound: number): void {
  list.push(entry);
  if (list.length > bound) list.splice(0, list.length - bound);
}

export const addProblem = (state: SlackState, problem: string): void => remember(state.problems, problem, PROBLEMS);
export const addCall = (state: SlackState, call: ApiCall): void => remember(state.calls, call, CALLS);

export function findMessage(state: SlackState, channel: string, ts: string): SlackMessage | undefined {
  return state.channels.get(channel)?.messages.find((message) => message.ts === ts);
}

export const isReply = (message: SlackMessage): boolean => message.thread_ts !== undefined && message.thread_ts !== message.ts;

export function postMessage(
  state: SlackState,
  channel: Channel,
  fields: Pick<SlackMessage, 'text' | 'blocks' | 'thread_ts' | 'metadata' | 'files'>,
): SlackMessage {
  const { id: app_id, botId: bot_id, botUser: user } = state.app;
  const message: SlackMessage = {
    type: 'message',
    channel: channel.id,
    ts: state.nextTs(),
    user,
    bot_id,
    app_id,
    team: state.team.id,
    ...fields,
  };
  remember(channel.messages, message, MESSAGES_PER_CHANNEL);
  state.events.emit(isReply(message) ? 'thread' : 'message', message);
  return message;
}

export function updateMessage(
  state: SlackState,
  message: SlackMessage,
  change: Partial<Pick<SlackMessage, 'text' | 'blocks'>>,
  via: string,
): void {
  Object.assign(message, change, { edited: { user: state.app.botUser, ts: state.nextTs() } });
  state.events.emit('update', { channel: message.channel, ts: message.ts, kind: 'update', via, message });
}

export function deleteMessage(state: SlackState, message: SlackMessage, via: string): void {
  const channel = state.channels.get(message.channel);
  if (channel !== undefined) channel.messages = channel.messages.filter((it) => it !== message);
  state.events.emit('update', { channel: message.channel, ts: message.ts, kind: 'delete', via });
}

export function postEphemeral(
  state: SlackState,
  user: string,
  fields: Pick<Ephemeral, 'channel' | 'text' | 'blocks' | 'via' | 'thread_ts'>,
): Ephemeral {
  const ephemeral: Ephemeral = { user, ts: state.nextTs(), at: state.now(), ...fields };
  const inbox = state.ephemerals.get(user) ?? [];
  state.ephemerals.set(user, inbox);
  remember(inbox, ephemeral, EPHEMERALS_PER_PERSON);
  state.events.emit('ephemeral', ephemeral);
  return ephemeral;
}

export function openDirectMessage(state: SlackState, user: string): Channel {
  for (const channel of state.channels.values()) if (channel.dmWith === user) return channel;
  const channel: Channel = { id: `D${user.slice(1)}`, name: 'directmessage', dmWith: user, messages: [] };
  state.channels.set(channel.id, channel);
  return channel;
}
