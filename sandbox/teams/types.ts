// The words of the simulated Teams: the Bot Connector, the login service behind it, and the people with their Teams clients.
// Activities and cards keep Microsoft's own field names, so that a test reads what the bot would read.

export type TeamsOptions = {
  port?: number;
  /** The bot's app id, a GUID. Empty: an emulator that neither sends nor wants tokens. */
  appId: string;
  appPassword: string;
  /** The organisation whose people and conversations these are. */
  tenantId: string;
  /** The bot's `POST /api/messages`; can be set later with `setMessagesUrls`. */
  messagesUrl?: string;
  people: TeamsPerson[];
  conversations: TeamsConversation[];
  now?: () => number;
  /** The login service's clock, where it is another one: bots keep a token by the time on their own wall. */
  loginNow?: () => number;
  enforceRates?: boolean;
  /** What the app's manifest says; default true. */
  supportsFiles?: boolean;
  /** Teams sends an invoke again when it hears nothing for this long; 0: never. Default 10,000. */
  resendAfterMs?: number;
  /** After this long Teams tells the person that something went wrong. Default 15,000. */
  giveUpAfterMs?: number;
};

export type TeamsPerson = {
  /** As this bot knows them: `29:...`. */
  id: string;
  /** Left out: somebody anonymous in a meeting. */
  aadObjectId?: string;
  name: string;
  upn: string;
  /** Another organisation than `TeamsOptions.tenantId`: somebody in a shared channel. */
  tenantId?: string;
};

export type TeamsConversation = {
  /** `19:...@thread.tacv2` for channels, `19:...@thread.v2` for group chats, `a:...` for personal ones. */
  id: string;
  type: 'channel' | 'groupChat' | 'personal';
  name: string;
  /** Channels only: the team's own thread id (its General channel). */
  teamId?: string;
  /** Ids of people; left out: everybody. */
  members?: string[];
  /** Default true. A bot that is not in the roster gets 403. */
  botInstalled?: boolean;
};

export type AdaptiveCard = { type: 'AdaptiveCard'; version: string; body: unknown[]; actions?: unknown[]; [field: string]: unknown };

export type TeamsMessage = {
  /** The activity id, which is also the number behind `;messageid=` of the thread it begins. */
  id: string;
  /** The bare conversation, without `;messageid=`. */
  conversation: string;
  /** The message this one answers, or null when it begins a thread. */
  parentId: string | null;
  /** `bot` or a person's id. */
  from: string;
  text: string;
  summary: string | null;
  card: AdaptiveCard | null;
  at: number;
  /** How often it was edited. */
  edits: number;
  /** A file the bot asks to put into the person's OneDrive. */
  offer?: FileOffer;
};

export type FileOffer = { name: string; description: string; size: number; acceptContext: unknown; declineContext: unknown };

/** What only one person got: `targeted` in the conversation, `personal` in their own chat with the bot, `bar` under a card or in a dialog as the answer to a press. */
export type PrivateMessage = {
  person: string;
  via: 'targeted' | 'personal' | 'bar' | 'dialog';
  conversation: string;
  text: string;
  card: AdaptiveCard | null;
  at: number;
  /** The activity id; left out for what is no message of its own (`bar`, `dialog`). */
  id?: string;
  /** The message that begins the thread it was sent into. */
  thread?: string;
};

export type TeamsDialog = {
  title: string;
  card: AdaptiveCard;
  /** Where it was opened from. */
  conversation: string;
  messageId: string;
};

/** The answer of the bot to a request of ours. */
export type Ack = { status: number; body: unknown; ms: number; timedOut: boolean };
export type RecordedRequest = { url: string; headers: Record<string, string>; body: string; at: number };

/** An answer after more than the 2 s a person likes to wait. */
export type SlowAnswer = { ms: number; what: string };

/** As in `Fault.where`: a new thread is a `post`, `createConversation` only opens a personal chat. */
export type ApiMethod = 'createConversation' | 'post' | 'update' | 'delete' | 'targeted' | 'members' | 'token' | 'openid' | 'upload';
export type ApiCall = { method: ApiMethod; path: string; body: unknown; at: number; status: number; error?: string };

/**
 * `where`: `post` is any creation of a message that others see (a new thread, a reply), `createConversation` only a personal chat.
 * `lostAnswer` does the work and then cuts the connection; `reset` cuts it without doing the work; `hang` does nothing and never answers;
 * `slow` does the work and answers after `ms`.
 */
export type Fault = {
  where?: 'post' | 'update' | 'delete' | 'targeted' | 'createConversation' | 'members' | 'token' | 'upload';
  kind: 'ratelimit' | 'http412' | 'http500' | 'http502' | 'http403' | 'http404' | 'hang' | 'lostAnswer' | 'reset' | 'slow';
  /** Only for `ratelimit`; left out: a 429 without Retry-After, which Teams also sends. */
  retryAfterSeconds?: number;
  ms?: number;
  /** How often; default 1. */
  times?: number;
};

/** The claims of a connector token; `key: 'foreign'` signs with a key that is not published, `issuedBy: 'emulator'` makes an emulator's token. */
export type TokenClaims = {
  iss?: string;
  aud?: string;
  serviceurl?: string | null;
  expiresInSeconds?: number;
  key?: 'ours' | 'foreign';
  issuedBy?: 'channel' | 'emulator';
  [claim: string]: unknown;
};

export type TeamsEvents = {
  message: TeamsMessage;
  /** A reply in a thread. */
  thread: TeamsMessage;
  update: TeamsMessage;
  delete: TeamsMessage;
  private: PrivateMessage;
  dialog: { person: string; dialog: TeamsDialog | null };
  /** Somebody's own view of a card changed (an answer with a card, or a refresh). */
  view: { person: string; messageId: string };
};

export type Press = {
  person: string;
  conversation: string;
  messageId: string;
  /** The visible title of the button, also inside an ActionSet or behind an Action.ShowCard. */
  button: string | RegExp;
  inputs?: Record<string, string>;
  /** Pressed on an older copy of the card. */
  card?: AdaptiveCard;
  /** Which bot; left out: round robin. */
  url?: string;
  /** A client that does not know Action.Execute and takes the Action.Submit behind `fallback`. */
  oldClient?: boolean;
};

export type TeamsWorld = {
  url: string;
  /** What activities carry and where the bot posts: `<origin>/amer/`. */
  serviceUrl: string;
  /** The token endpoint is `<loginUrl>/<tenantId>/oauth2/v2.0/token`. */
  loginUrl: string;
  openIdMetadataUrl: string;
  /** The issuer of connector tokens. */
  issuer: string;
  messagesUrls: string[];
  setMessagesUrls(urls: string[]): void;
  /** Messages that begin a thread, oldest first; deleted ones are not among them. */
  messages(conversation: string): TeamsMessage[];
  thread(conversation: string, messageId: string): TeamsMessage[];
  /** What only that person got, oldest first. */
  privateMessages(person: string): PrivateMessage[];
  /** The card as that person sees it: their own view of it, else the posted one. */
  shownTo(person: string, conversation: string, messageId: string): AdaptiveCard | null;
  dialog(person: string): TeamsDialog | null;
  /** Adds the app (again), as an installationUpdate and a conversationUpdate tell the bot; to a whole team, so to all its channels. `by`: a person's id. */
  install(conversation: string, by: string): Promise<Ack>;
  uninstall(conversation: string, by: string): Promise<Ack>;
  /** The channel is gone for everybody; the bot is told as Teams tells it (conversationUpdate, eventType channelDeleted). */
  deleteChannel(conversation: string, by: string): Promise<Ack>;
  /** A person with the right to do so deletes a message; bots are not told. */
  deleteMessage(conversation: string, messageId: string): void;
  /** Status 0 when nothing is sent: the press stays in the client, or its form is not filled in (`body.errors` says what is wrong by input id). */
  press(p: Press): Promise<Ack>;
  submitDialog(p: { person: string; values: Record<string, string>; button?: string | RegExp; url?: string }): Promise<Ack>;
  closeDialog(person: string): void;
  /** The person's answer to a file the bot offers in their own chat. */
  answerOffer(p: { person: string; conversation: string; messageId: string; accept: boolean; url?: string }): Promise<Ack>;
  /** Offers nobody answered yet, and what is in the person's OneDrive, oldest first. */
  offersTo(person: string): TeamsMessage[];
  filesOf(person: string): { name: string; bytes: Buffer }[];
  /** A typed message. `targeted`: sent as a slash command. In channels and group chats a bot hears of nothing else that does not mention it. */
  say(p: {
    person: string;
    conversation: string;
    text: string;
    mention?: boolean;
    /** People whom the text mentions, as `<at>Name</at>`. */
    mentions?: readonly string[];
    targeted?: boolean;
    inThread?: string;
    url?: string;
  }): Promise<Ack>;
  /**
   * This person has the conversation open from now on: cards with a `refresh` are refreshed for them as Teams does it (on opening, when a card is
   * posted or edited; not again within a minute of that card's last invoke by them; only the first 60 `userIds`, or everybody in conversations of
   * at most 60). Returns how to stop looking.
   */
  watch(person: string, conversation: string): () => void;
  /** Mints a connector token, good unless spoiled. */
  token(claims?: TokenClaims): Promise<string>;
  /** An activity as Teams would send it, for tests that spoil it. */
  activity(p: { person: string; conversation: string; type: string; [field: string]: unknown }): Record<string, unknown>;
  /** A hand-made request; `token: null` sends no header, left out a good token. */
  send(p: { activity: unknown; token?: string | null; url?: string; headers?: Record<string, string> }): Promise<Ack>;
  /** The last 1,000 requests to the bot. */
  recorded: RecordedRequest[];
  replay(recorded: RecordedRequest): Promise<Ack>;
  faults: { add(fault: Fault): void; clear(): void };
  calls: ApiCall[];
  /** Breaches of the platform's rules by the bot; must be empty at the end of a test. */
  problems: string[];
  /** Invokes that were answered, but late. No breach of a rule, and possibly the wish of a test. */
  slow: SlowAnswer[];
  on<E extends keyof TeamsEvents>(event: E, listener: (e: TeamsEvents[E]) => void): () => void;
  next<E extends keyof TeamsEvents>(event: E, where?: (e: TeamsEvents[E]) => boolean, timeoutMs?: number): Promise<TeamsEvents[E]>;
  close(): Promise<void>;
};
