// chat.*: https://docs.slack.dev/reference/methods/chat.postMessage and its neighbours.

import { BLOCKS_BUDGET, normaliseBlocks, validateBlocks } from './blocks.ts';
import { missingPictures } from './files.ts';
import { POSTING_PER_CHANNEL } from './rates.ts';
import { isObject, lengthOf, problemText } from './rules.ts';
import {
  addProblem,
  type Channel,
  deleteMessage,
  findMessage,
  openDirectMessage,
  postEphemeral,
  postMessage,
  type SlackState,
  updateMessage,
} from './state.ts';
import type { ApiAnswer, Args, SlackBlock, SlackMessage, SlackMetadata } from './types.ts';

const TEXT_MAX = 40_000;
const METADATA_MAX_BYTES = 16_000;

type Content = { text: string; blocks: SlackBlock[]; warnings: string[] };

export const isRefusal = (value: object): value is ApiAnswer & { ok: false } => 'ok' in value && value.ok === false;
const refuse = (error: string): ApiAnswer & { ok: false } => ({ ok: false, error });

/** `{ok: false, error: 'invalid_blocks'}` in the shape Slack gives it, or undefined when the blocks are good. */
function refuseBlocks(state: SlackState, blocks: SlackBlock[]): (ApiAnswer & { ok: false }) | undefined {
  const errors = [...validateBlocks(blocks).map(problemText), ...missingPictures(state, blocks)];
  if (errors.length === 0) return undefined;
  return { ok: false, error: 'invalid_blocks', errors, response_metadata: { messages: errors.map((error) => `[ERROR] ${error}`) } };
}

/** Text and blocks of a message, checked; `blocks` stays undefined when none were sent. */
export function contentOf(
  state: SlackState,
  args: Args,
  method: string,
): (Content & { blocksGiven: boolean }) | (ApiAnswer & { ok: false }) {
  const blocks = args['blocks'];
  const text = typeof args['text'] === 'string' ? args['text'] : '';
  const blocksGiven = blocks !== undefined;
  if (blocksGiven && !Array.isArray(blocks)) return refuse('invalid_blocks_format');
  const list = (blocks ?? []) as SlackBlock[];
  if (list.length === 0 && text === '') return refuse('no_text');
  const refused = refuseBlocks(state, list);
  if (refused !== undefined) return refused;
  // Slack renders a response_url answer of this size, so only the methods refuse it.
  if (method !== 'response_url' && JSON.stringify(list).length > BLOCKS_BUDGET) return refuse('msg_blocks_too_long');
  if (list.length > 0 && text === '')
    addProblem(state, `${method}: text missing next to blocks (notifications and screen readers read only the text)`);
  const cut = lengthOf(text) > TEXT_MAX;
  return {
    text: cut ? [...text].slice(0, TEXT_MAX).join('') : text,
    blocks: normaliseBlocks(list, state.newId),
    blocksGiven,
    warnings: cut ? ['message_truncated'] : [],
  };
}

function metadataOf(args: Args): { metadata?: SlackMetadata } | (ApiAnswer & { ok: false }) {
  const metadata = args['metadata'];
  if (metadata === undefined) return {};
  if (!isObject(metadata) || typeof metadata['event_type'] !== 'string' || !isObject(metadata['event_payload']))
    return refuse('invalid_metadata_format');
  if (Buffer.byteLength(JSON.stringify(metadata)) > METADATA_MAX_BYTES) return refuse('metadata_too_large');
  return { metadata: metadata as SlackMetadata };
}

/** A channel the bot may write to, by id or `#name`; a person's id means their direct message. */
function writableChannel(state: SlackState, wanted: unknown): Channel | (ApiAnswer & { ok: false }) {
  const name = String(wanted);
  const channel =
    state.channels.get(name) ?? [...state.channels.values()].find((it) => name === `#${it.name}`) ?? directMessageOf(state, name);
  if (channel === undefined) return refuse('channel_not_found');
  if (channel.botIsMember === false) return refuse('not_in_channel');
  return channel.isArchived === true ? refuse('is_archived') : channel;
}

function directMessageOf(state: SlackState, userId: string): Channel | undefined {
  const person = state.people.get(userId);
  return person === undefined || person.deleted === true ? undefined : openDirectMessage(state, userId);
}

export function withoutMetadata(message: SlackMessage): Omit<SlackMessage, 'metadata' | 'channel'> {
  const { metadata: _metadata, channel: _channel, ...shown } = message;
  return shown;
}

export function chatPostMessage(state: SlackState, args: Args): ApiAnswer {
  const channel = writableChannel(state, args['channel']);
  if (isRefusal(channel)) return channel;
  const content = contentOf(state, args, 'chat.postMessage');
  if (isRefusal(content)) return content;
  const metadata = metadataOf(args);
  if (isRefusal(metadata)) return metadata;
  const threadTs = args['thread_ts'];
  if (threadTs !== undefined && findMessage(state, channel.id, String(threadTs)) === undefined) return refuse('thread_not_found');
  const wait = state.options.enforceRates === false ? 0 : state.buckets.take(`post ${channel.id}`, POSTING_PER_CHANNEL);
  if (wait > 0) return { ok: false, error: 'ratelimited', retryAfter: wait };
  const thread = threadTs === undefined ? {} : { thread_ts: String(threadTs) };
  const message = postMessage(state, channel, { text: content.text, blocks: content.blocks, ...thread, ...metadata });
  const warnings = content.warnings.length === 0 ? {} : { response_metadata: { warnings: content.warnings } };
  return { ok: true, channel: channel.id, ts: message.ts, message: withoutMetadata(message), ...warnings };
}

/** The bot's own message, in a channel named by id: `chat.update` takes no names. */
function ownMessage(state: SlackState, args: Args, notMine: string): SlackMessage | (ApiAnswer & { ok: false }) {
  const channel = state.channels.get(String(args['channel']));
  if (channel === undefined) return refuse('channel_not_found');
  const message = findMessage(state, channel.id, String(args['ts']));
  if (message === undefined) return refuse('message_not_found');
  if (message.user !== state.app.botUser) return refuse(notMine);
  return channel.isArchived === true ? refuse('is_archived') : message;
}

export function chatUpdate(state: SlackState, args: Args): ApiAnswer {
  const message = ownMessage(state, args, 'cant_update_message');
  if (isRefusal(message)) return message;
  const content = contentOf(state, args, 'chat.update');
  if (isRefusal(content)) return content;
  const metadata = metadataOf(args);
  if (isRefusal(metadata)) return metadata;
  // "If you don't include this field, the message's previous blocks will be retained": the method's page, likewise for metadata.
  const blocks = content.blocksGiven ? { blocks: content.blocks } : {};
  const text = typeof args['text'] === 'string' ? { text: content.text } : {};
  updateMessage(state, message, { ...text, ...blocks, ...metadata }, 'chat.update');
  return { ok: true, channel: message.channel, ts: message.ts, text: message.text, message: withoutMetadata(message) };
}

export function chatDelete(state: SlackState, args: Args): ApiAnswer {
  const message = ownMessage(state, args, 'cant_delete_message');
  if (isRefusal(message)) return message;
  deleteMessage(state, message, 'chat.delete');
  return { ok: true, channel: message.channel, ts: message.ts };
}

export function chatPostEphemeral(state: SlackState, args: Args): ApiAnswer {
  const channel = writableChannel(state, args['channel']);
  if (isRefusal(channel)) return channel;
  const user = String(args['user']);
  if (!state.people.has(user)) return refuse('user_not_in_channel');
  const content = contentOf(state, args, 'chat.postEphemeral');
  if (isRefusal(content)) return content;
  const thread = args['thread_ts'] === undefined ? {} : { thread_ts: String(args['thread_ts']) };
  const { ts } = postEphemeral(state, user, {
    channel: channel.id,
    text: content.text,
    blocks: content.blocks,
    via: 'chat.postEphemeral',
    ...thread,
  });
  return { ok: true, message_ts: ts };
}

export function chatGetPermalink(state: SlackState, args: Args): ApiAnswer {
  const channel = state.channels.get(String(args['channel']));
  if (channel === undefined) return refuse('channel_not_found');
  const message = findMessage(state, channel.id, String(args['message_ts']));
  if (message === undefined) return refuse('message_not_found');
  const permalink = `https://${state.team.domain}.slack.com/archives/${channel.id}/p${message.ts.replace('.', '')}`;
  return { ok: true, channel: channel.id, permalink };
}
