import { createEventHub, type EventHub } from '../event-hub.ts';
import { createFaults, type Faults } from './faults.ts';
import { createKeys, type Keys } from './keys.ts';
import { createWindows, type Windows } from './rates.ts';
import type {
  AdaptiveCard,
  ApiCall,
  PrivateMessage,
  RecordedRequest,
  SlowAnswer,
  TeamsConversation,
  TeamsDialog,
  TeamsEvents,
  TeamsMessage,
  TeamsOptions,
  TeamsPerson,
} from './types.ts';

const MESSAGES_PER_CONVERSATION = 20_000;
const PRIVATE_PER_PERSON = 2_000;
const CALLS = 20_000;
const PROBLEMS = 1_000;
const VIEWS = 20_000;
const INVOKED = 100_000;
const ASKED = 10_000;
export const RECORDED = 1_000;

export type Conversation = TeamsConversation & {
  botInstalled: boolean;
  /** By activity id, oldest first. */
  messages: Map<string, TeamsMessage>;
  /** What people sent to the bot alone, by id and who it was: only a targeted message can go below it. */
  asked: Map<string, string>;
};

export type Upload = { person: string; name: string; total: number | null; pieces: Buffer[]; size: number; isWhole: boolean };

/** One simulated organisation with one bot. */
export type TeamsState = {
  options: TeamsOptions;
  now: () => number;
  origin: string;
  bot: { id: string; name: string };
  messagesUrls: string[];
  turn: number;
  people: Map<string, TeamsPerson>;
  conversations: Map<string, Conversation>;
  privates: Map<string, PrivateMessage[]>;
  /** `conversation message` to person to what only that person sees there. */
  views: Map<string, Map<string, AdaptiveCard>>;
  dialogs: Map<string, TeamsDialog>;
  /** What goes into OneDrive, by the id in its address. */
  uploads: Map<string, Upload>;
  /** Bearer tokens that were handed out, and until when they are good. */
  tokens: Map<string, number>;
  /** Who looks at a conversation, and how many times over. */
  watchers: Map<string, Map<string, number>>;
  /** `conversation message person` to when that person's client last invoked that card. */
  invoked: Map<string, number>;
  keys: Keys;
  windows: Windows;
  faults: Faults;
  events: EventHub<TeamsEvents>;
  calls: ApiCall[];
  recorded: RecordedRequest[];
  problems: string[];
  slow: SlowAnswer[];
  closing: AbortController;
  /** A message's id: milliseconds, unique and growing even when the clock stands still. */
  nextId(): string;
};

const NO_APP = '00000000-0000-0000-0000-000000000000';
export const serviceUrlOf = (state: Pick<TeamsState, 'origin'>): string => `${state.origin}/amer/`;

export function createState(options: TeamsOptions): TeamsState {
  const now = options.now ?? Date.now;
  let lastId = 0;
  const state: TeamsState = {
    options,
    now,
    origin: '',
    bot: { id: `28:${options.appId || NO_APP}`, name: 'Countersign' },
    messagesUrls: options.messagesUrl === undefined ? [] : [options.messagesUrl],
    turn: -1,
    people: new Map(options.people.map((person) => [person.id, person])),
    conversations: new Map(options.conversations.map((it) => [it.id, newConversation(it)])),
    privates: new Map(),
    views: new Map(),
    dialogs: new Map(),
    uploads: new Map(),
    tokens: new Map(),
    watchers: new Map(),
    invoked: new Map(),
    keys: createKeys({ appId: options.appId, serviceUrl: () => serviceUrlOf(state), now }),
    windows: createWindows(now),
    faults: createFaults(),
    events: createEventHub('Teams'),
    calls: [],
    recorded: [],
    problems: [],
    slow: [],
    closing: new AbortController(),
    nextId() {
      lastId = Math.max(Math.round(now()), lastId + 1);
      return String(lastId);
    },
  };
  return state;
}

export const newConversation = (it: TeamsConversation): Conversation => ({
  ...it,
  botInstalled: it.botInstalled ?? true,
  messages: new Map(),
  asked: new Map(),
});

export function remember<T>(list: T[], entry: T, bound: number): void {
  list.push(entry);
  if (list.length > bound) list.splice(0, list.length - bound);
}

/** The same for what is looked up by a key. */
export function keep<V>(map: Map<string, V>, key: string, value: V, bound: number): void {
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > bound && oldest !== undefined) map.delete(oldest);
}

/** What goes wrong because the world is being closed is nobody's breach. */
export function addProblem(state: TeamsState, problem: string): void {
  if (!state.closing.signal.aborted) remember(state.problems, problem, PROBLEMS);
}
export const addCall = (state: TeamsState, call: ApiCall): void => remember(state.calls, call, CALLS);

export function personOf(state: TeamsState, id: string): TeamsPerson {
  const person = state.people.get(id);
  if (person === undefined) throw new Error(`The simulated Teams knows no person ${id}; it has ${[...state.people.keys()].join(', ')}`);
  return person;
}

export function conversationOf(state: TeamsState, id: string): Conversation {
  const conversation = state.conversations.get(id);
  if (conversation === undefined)
    throw new Error(`The simulated Teams has no conversation ${id}; it has ${[...state.conversations.keys()].join(', ')}`);
  return conversation;
}

export const isMember = ({ members }: TeamsConversation, person: string): boolean => members === undefined || members.includes(person);

export const membersOf = (state: TeamsState, conversation: TeamsConversation): TeamsPerson[] =>
  [...state.people.values()].filter(({ id }) => isMember(conversation, id));

export function personalChatOf(state: TeamsState, person: string): Conversation | undefined {
  return [...state.conversations.values()].find((it) => it.type === 'personal' && it.members?.includes(person) === true);
}

export type Content = Pick<TeamsMessage, 'text' | 'summary' | 'card' | 'offer'>;

export function postMessage(
  state: TeamsState,
  conversation: Conversation,
  fields: Content & Pick<TeamsMessage, 'from' | 'parentId'>,
): TeamsMessage {
  const message: TeamsMessage = { id: state.nextId(), conversation: conversation.id, ...fields, at: state.now(), edits: 0 };
  keep(conversation.messages, message.id, message, MESSAGES_PER_CONVERSATION);
  state.events.emit(message.parentId === null ? 'message' : 'thread', message);
  const [reader] = conversation.type === 'personal' && message.from === 'bot' ? (conversation.members ?? []) : [];
  if (reader !== undefined) {
    const { id, text, card } = message;
    addPrivate(state, { person: reader, via: 'personal', conversation: conversation.id, text, card, id });
  }
  return message;
}

export function editMessage(state: TeamsState, message: TeamsMessage, content: Content): void {
  Object.assign(message, content, { edits: message.edits + 1 });
  state.views.delete(messageKey(message.conversation, message.id));
  const personal = isPersonal(state, message) ? privateMessage(state, message.conversation, message.id) : undefined;
  if (personal !== undefined) Object.assign(personal, { text: content.text, card: content.card });
  state.events.emit('update', message);
}

export function removeMessage(state: TeamsState, message: TeamsMessage): void {
  state.conversations.get(message.conversation)?.messages.delete(message.id);
  state.views.delete(messageKey(message.conversation, message.id));
  if (isPersonal(state, message)) removePrivate(state, message.conversation, message.id);
  state.events.emit('delete', message);
}

const isPersonal = (state: TeamsState, { conversation }: TeamsMessage): boolean =>
  state.conversations.get(conversation)?.type === 'personal';

export const messageKey = (conversation: string, id: string): string => `${conversation} ${id}`;

export function addPrivate(state: TeamsState, fields: Omit<PrivateMessage, 'at'>): PrivateMessage {
  const message: PrivateMessage = { ...fields, at: state.now() };
  const inbox = state.privates.get(message.person) ?? [];
  state.privates.set(message.person, inbox);
  remember(inbox, message, PRIVATE_PER_PERSON);
  state.events.emit('private', message);
  return message;
}

export function privateMessage(state: TeamsState, conversation: string, id: string): PrivateMessage | undefined {
  for (const inbox of state.privates.values()) {
    const found = inbox.find((it) => it.id === id && it.conversation === conversation);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function removePrivate(state: TeamsState, conversation: string, id: string): void {
  for (const [person, inbox] of state.privates)
    state.privates.set(
      person,
      inbox.filter((it) => it.id !== id || it.conversation !== conversation),
    );
}

export function setView(state: TeamsState, p: { person: string; conversation: string; messageId: string; card: AdaptiveCard }): void {
  const key = messageKey(p.conversation, p.messageId);
  const views = state.views.get(key) ?? new Map<string, AdaptiveCard>();
  keep(state.views, key, views.set(p.person, p.card), VIEWS);
  state.events.emit('view', { person: p.person, messageId: p.messageId });
}

export const noteInvoked = (state: TeamsState, key: string): void => keep(state.invoked, key, state.now(), INVOKED);
export const noteAsked = (conversation: Conversation, id: string, person: string): void => keep(conversation.asked, id, person, ASKED);

/** The card as this person sees it, or null when there is none. */
export function cardShownTo(state: TeamsState, person: string, conversation: string, messageId: string): AdaptiveCard | null {
  const own = state.views.get(messageKey(conversation, messageId))?.get(person);
  if (own !== undefined) return own;
  const posted = state.conversations.get(conversation)?.messages.get(messageId);
  if (posted !== undefined) return posted.card;
  const inPrivate = privateMessage(state, conversation, messageId);
  return inPrivate?.person === person ? inPrivate.card : null;
}
