/** What the page shows: one picture of the whole world, sent anew whenever something changed. Shared by the server and the browser. */
import type { Stage } from '../stage.ts';

export type Block = { type: string; block_id?: string; [field: string]: unknown };

export type PageMessage = {
  ts: string;
  /** A Slack user id; the bot's own for cards. */
  user: string;
  text: string;
  blocks: Block[];
  edited: boolean;
  /** Which remediation action this message is about, as far as its metadata says. */
  actionId: string | null;
  replies: PageMessage[];
};

/** A message that one person alone sees. */
export type PageEphemeral = { ts: string; at: number; threadTs: string | null; text: string; blocks: Block[] };

export type PageView = {
  id: string;
  hash: string;
  title: string;
  submit: string | null;
  close: string;
  blocks: Block[];
  /** By block id. */
  errors: Record<string, string>;
};

/** An Adaptive Card as the bot sent it. */
export type PageCard = { type: 'AdaptiveCard'; version: string; body: unknown[]; [field: string]: unknown };

export type PageTeamsMessage = {
  id: string;
  from: string;
  isBot: boolean;
  text: string;
  /** As everybody sees it who has no view of their own. */
  card: PageCard | null;
  at: number;
  edited: boolean;
  actionId: string | null;
  replies: PageTeamsMessage[];
};

/** `thread`: the message it was sent under, or null. */
export type PageTeamsPrivate = { id: string; thread: string | null; text: string; card: PageCard | null; at: number };
/** `text` is empty when there is only a card. */
export type PageTeamsBar = { text: string; card: PageCard | null; at: number };
export type PageTeamsDialog = { title: string; card: PageCard };

/** What one person alone has before them. */
export type PageTeamsSelf = {
  /** Their own view of a card in the channel, by message, where it is not the posted one. */
  cards: Record<string, PageCard>;
  /** The answer to the last press on a card, by message. */
  bars: Record<string, PageTeamsBar>;
  targeted: PageTeamsPrivate[];
  /** Their own chat with the bot. */
  personal: PageTeamsPrivate[];
  dialog: PageTeamsDialog | null;
  /** The last thing a dialog said in the end. */
  said: PageTeamsBar | null;
};

export type PageTeams = {
  channel: { id: string; name: string; team: string };
  messages: PageTeamsMessage[];
  /** By page person. */
  selves: Record<string, PageTeamsSelf>;
};

export type PagePerson = { id: string; name: string; role: string; may: string; isGuest: boolean };
export type PageExample = { id: string; label: string; group: string; decidedInDefender: boolean };
export type PageAction = { id: string; label: string; title: string; stages: Stage[] };
export type LogLine = {
  number: number;
  at: string;
  who: 'slack' | 'teams' | 'bot' | 'worker' | 'backend' | 'demo';
  text: string;
  actionId: string | null;
};

export type PageState = {
  channel: { id: string; name: string };
  people: PagePerson[];
  examples: PageExample[];
  endings: { id: string; label: string }[];
  messages: PageMessage[];
  /** How many cards were raised before anybody came. */
  openingCards: number;
  ephemerals: Record<string, PageEphemeral[]>;
  views: Record<string, PageView | null>;
  teams: PageTeams;
  /** Newest last. */
  actions: PageAction[];
  log: LogLine[];
  /** What the simulated Slack and Teams found wrong with the bot; empty on a good day. */
  problems: string[];
};

/** The page's requests, by path; `user` is a page person. Their answers are `{ ok: true, ... }` or `{ ok: false, error }`. */
export type Requests = {
  '/raise': { type: string; ending?: string };
  /** Many of one type at once. */
  '/storm': { type: string };
  /** Whom the person at the page is from now on: their Teams is open, and refreshes cards by itself. */
  '/play': { user: string };
  '/press': { user: string; channel: string; ts: string; button: string; confirm?: 'accept' | 'deny' };
  '/submit': { user: string; values: Record<string, string> };
  '/close-view': { user: string };
  /** A slash command in Slack, as it was typed. */
  '/command': { user: string; text: string };
  '/teams/press': { user: string; messageId: string; button: string; inputs: Record<string, string> };
  '/teams/submit': { user: string; button: string; values: Record<string, string> };
  '/teams/close-dialog': { user: string };
  /** Typed in the channel: behind a `/` a slash command, behind `@Countersign` a mention. */
  '/teams/say': { user: string; text: string };
};
export type Answer = { ok: boolean; error?: string; status?: number; ms?: number };
