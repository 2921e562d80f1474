// The words of the simulated Slack. Field names of messages and views are Slack's own, so that a test reads what the bot would read.

export type SlackOptions = {
  port?: number;
  signingSecret: string;
  botToken: string;
  appToken?: string;
  teamId?: string;
  /** The bot's `POST /slack/events`; can be set later with `setRequestUrls`. */
  requestUrl?: string;
  people: SlackPerson[];
  channels: SlackChannel[];
  now?: () => number;
  enforceRates?: boolean;
  /** False: `conversations.history` and `.replies` answer `missing_scope`. */
  historyForBot?: boolean;
  /** What the bot token was granted; left out means everything. */
  scopes?: string[];
};

export type SlackPerson = {
  id: string;
  name: string;
  realName: string;
  email: string;
  teamId?: string;
  deleted?: boolean;
  isBot?: boolean;
  isRestricted?: boolean;
  isUltraRestricted?: boolean;
  isStranger?: boolean;
  isEmailConfirmed?: boolean;
};

export type SlackChannel = { id: string; name: string; isExtShared?: boolean; botIsMember?: boolean; isArchived?: boolean };

export type SlackBlock = { type: string; block_id?: string; [field: string]: unknown };
export type SlackMetadata = { event_type: string; event_payload: Record<string, unknown> };

/** A file as its readers see it. */
export type SlackFile = { id: string; name: string; title: string; size: number; bytes: Buffer };

export type SlackMessage = {
  /** Files that were shared with this message. */
  files?: SlackFile[];
  type: 'message';
  channel: string;
  ts: string;
  user: string;
  bot_id?: string;
  app_id?: string;
  team: string;
  text: string;
  blocks: SlackBlock[];
  thread_ts?: string;
  edited?: { user: string; ts: string };
  metadata?: SlackMetadata;
};

export type Ephemeral = {
  user: string;
  channel: string;
  ts: string;
  thread_ts?: string;
  text: string;
  blocks: SlackBlock[];
  /** `ack` is the answer to a slash command itself. */
  via: 'response_url' | 'chat.postEphemeral' | 'ack';
  at: number;
};

export type TextObject = { type: string; text: string; emoji?: boolean };
export type FormState = Record<string, Record<string, Record<string, unknown>>>;

export type SlackView = {
  id: string;
  team_id: string;
  app_id: string;
  bot_id: string;
  type: 'modal';
  title: TextObject;
  submit: TextObject | null;
  close: TextObject | null;
  blocks: SlackBlock[];
  private_metadata: string;
  callback_id: string;
  external_id: string;
  state: { values: FormState };
  hash: string;
  clear_on_close: boolean;
  notify_on_close: boolean;
  root_view_id: string;
  previous_view_id: string | null;
  /** What the person sees under the fields after `response_action: errors`; not part of Slack's own view. */
  errors?: Record<string, string>;
};

export type SlackHome = Omit<SlackView, 'type'> & { type: 'home' };

export type Ack = { status: number; body: unknown; ms: number; timedOut: boolean };
export type RecordedRequest = { url: string; headers: Record<string, string>; body: string; at: number };
export type Args = Record<string, unknown>;
export type ApiCall = { method: string; args: Args; token: string | undefined; at: number; ok: boolean; error?: string; status: number };
export type ApiAnswer = { ok: boolean; error?: string; [field: string]: unknown };
export type HttpAnswer = { status: number; body: ApiAnswer; headers?: Record<string, string> };

export type Fault = {
  /** A Web API method, `upload` (of a file) or `response_url`; left out means any. */
  method?: string;
  kind: 'ratelimit' | 'http500' | 'error' | 'hang' | 'lostAnswer' | 'slow' | 'reset';
  retryAfterSeconds?: number;
  error?: string;
  ms?: number;
  times?: number;
  when?: (args: Args) => boolean;
};

export type UpdateEvent = { channel: string; ts: string; kind: 'update' | 'delete'; via: string; message?: SlackMessage };
export type SlackEvents = {
  message: SlackMessage;
  thread: SlackMessage;
  update: UpdateEvent;
  ephemeral: Ephemeral;
  view: { user: string; view: SlackView | undefined };
  home: { user: string; view: SlackHome };
};

export type Click = {
  user: string;
  channel: string;
  ts: string;
  /** The visible text of a button, or of an option in a menu or a list of checkboxes. */
  button: string;
  /** Tells apart two buttons of the same text: a text in the same block or in those above it. */
  near?: string;
  confirm?: 'accept' | 'deny';
  message?: SlackMessage;
  url?: string;
  headers?: Record<string, string>;
};

export type SlackWorld = {
  url: string;
  apiUrl: string;
  requestUrls: string[];
  setRequestUrls(urls: string[]): void;
  messages(channel: string): SlackMessage[];
  thread(channel: string, ts: string): SlackMessage[];
  ephemerals(userId: string): Ephemeral[];
  view(userId: string): SlackView | undefined;
  /** The app's Home tab as this person sees it. */
  home(userId: string): SlackHome | undefined;
  /** The person opens the app's Home tab. */
  openHome(p: { user: string; tab?: 'home' | 'messages'; url?: string }): Promise<Ack>;
  clickInHome(p: { user: string; button: string; near?: string; url?: string }): Promise<Ack>;
  /** What was shared with this person in their own chat with the app, oldest first. */
  filesOf(userId: string): SlackFile[];
  /** One that a message shows by its id. */
  file(id: string): SlackFile | undefined;
  click(p: Click): Promise<Ack>;
  clickInView(p: { user: string; button: string; near?: string; confirm?: 'accept' | 'deny'; url?: string }): Promise<Ack>;
  submit(p: { user: string; values: Record<string, string>; url?: string }): Promise<Ack>;
  closeView(p: { user: string }): Promise<Ack | undefined>;
  command(p: { user: string; channel: string; command: string; text: string; url?: string }): Promise<Ack>;
  event(event: { type: string; [field: string]: unknown }, p?: { url?: string; headers?: Record<string, string> }): Promise<Ack>;
  replay(recorded: RecordedRequest): Promise<Ack>;
  recorded: RecordedRequest[];
  send(p: { body: string; timestamp?: number; signature?: string; contentType?: string; url?: string }): Promise<Ack>;
  faults: { add(fault: Fault): void; clear(): void };
  calls: ApiCall[];
  problems: string[];
  on<E extends keyof SlackEvents>(event: E, listener: (e: SlackEvents[E]) => void): () => void;
  next<E extends keyof SlackEvents>(event: E, where?: (e: SlackEvents[E]) => boolean, timeoutMs?: number): Promise<SlackEvents[E]>;
  /** Socket Mode as Slack's side of it sees it: who is connected, and the two ways Slack lets go. */
  socketMode: { connections(): number; disconnect(reason: 'warning' | 'refresh_requested'): void; cut(): void };
  close(): Promise<void>;
};
