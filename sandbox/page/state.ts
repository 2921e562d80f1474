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

export type PagePerson = { id: string; name: string; role: string; may: string; isGuest: boolean };
export type PageExample = { id: string; label: string; group: string; decidedInDefender: boolean };
export type PageAction = { id: string; label: string; title: string; stages: Stage[] };
export type LogLine = {
  number: number;
  at: string;
  who: 'slack' | 'bot' | 'worker' | 'backend' | 'demo';
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
  /** Newest last. */
  actions: PageAction[];
  log: LogLine[];
  /** What the simulated Slack found wrong with the bot; empty on a good day. */
  problems: string[];
};

/** The page's requests. Their answers are `{ ok: true, ... }` or `{ ok: false, error }`. */
export type PressRequest = { user: string; channel: string; ts: string; button: string; confirm?: 'accept' | 'deny' };
export type SubmitRequest = { user: string; values: Record<string, string> };
export type RaiseRequest = { type: string; ending?: string };
export type Answer = { ok: boolean; error?: string; status?: number; ms?: number };
