// conversations.*: https://docs.slack.dev/reference/methods/conversations.history and its neighbours.

import { withoutMetadata } from './chat-methods.ts';
import { type Channel, isReply, openDirectMessage, type SlackState } from './state.ts';
import type { ApiAnswer, Args, SlackMessage } from './types.ts';

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 999;

const isTrue = (value: unknown): boolean => value === true || value === 'true' || value === '1';

export function conversationsInfo(state: SlackState, args: Args): ApiAnswer {
  const channel = state.channels.get(String(args['channel']));
  if (channel === undefined) return { ok: false, error: 'channel_not_found' };
  const isIm = channel.dmWith !== undefined;
  const shared = channel.isExtShared ?? false;
  const kind = isIm
    ? { user: channel.dmWith }
    : { name: channel.name, name_normalized: channel.name, is_member: channel.botIsMember ?? true };
  const flags = {
    is_archived: channel.isArchived ?? false,
    is_shared: shared,
    is_ext_shared: shared,
    is_org_shared: false,
    is_private: isIm,
  };
  return { ok: true, channel: { id: channel.id, is_channel: !isIm, is_group: false, is_im: isIm, is_mpim: false, ...flags, ...kind } };
}

export function conversationsOpen(state: SlackState, args: Args): ApiAnswer {
  const users = String(args['users'] ?? '')
    .split(',')
    .filter(Boolean);
  const [user] = users;
  if (user === undefined) return { ok: false, error: 'users_list_not_supplied' };
  if (users.length > 1) return { ok: false, error: 'invalid_user_combination' }; // group messages are not simulated
  const person = state.people.get(user);
  if (person === undefined) return { ok: false, error: 'user_not_found' };
  if (person.deleted === true) return { ok: false, error: 'user_disabled' };
  if (person.isBot === true) return { ok: false, error: 'cannot_dm_bot' };
  return { ok: true, channel: { id: openDirectMessage(state, user).id } };
}

function readableChannel(state: SlackState, args: Args): Channel | string {
  const channel = state.channels.get(String(args['channel']));
  if (channel === undefined) return 'channel_not_found';
  return channel.botIsMember === false ? 'not_in_channel' : channel;
}

function inWindow(args: Args): (message: SlackMessage) => boolean {
  const oldest = Number(args['oldest'] ?? 0);
  const latest = args['latest'] === undefined ? Number.POSITIVE_INFINITY : Number(args['latest']);
  const inclusive = isTrue(args['inclusive']);
  return ({ ts }) => {
    const at = Number(ts);
    return inclusive ? at >= oldest && at <= latest : at > oldest && at < latest;
  };
}

function shownIn(channel: Channel, args: Args): (message: SlackMessage) => object {
  return (message) => {
    const replies = channel.messages.filter((it) => it.thread_ts === message.ts && isReply(it));
    const last = replies.at(-1);
    const thread = last === undefined ? {} : { thread_ts: message.ts, reply_count: replies.length, latest_reply: last.ts };
    const metadata = isTrue(args['include_all_metadata']) && message.metadata !== undefined ? { metadata: message.metadata } : {};
    return { ...withoutMetadata(message), ...thread, ...metadata };
  };
}

/** One page; the cursor is the place in the list, which is enough for a list that only grows. */
function page(messages: SlackMessage[], args: Args, show: (message: SlackMessage) => object): ApiAnswer {
  const limit = Math.min(LIMIT_MAX, Math.max(1, Number(args['limit'] ?? LIMIT_DEFAULT)));
  const cursor = String(args['cursor'] ?? '');
  const from = cursor === '' ? 0 : Number(Buffer.from(cursor, 'base64').toString().replace('next:', ''));
  if (!Number.isInteger(from) || !Number.isInteger(limit)) return { ok: false, error: cursor === '' ? 'invalid_limit' : 'invalid_cursor' };
  const hasMore = from + limit < messages.length;
  const next = hasMore ? Buffer.from(`next:${from + limit}`).toString('base64') : '';
  return {
    ok: true,
    messages: structuredClone(messages.slice(from, from + limit).map(show)),
    has_more: hasMore,
    response_metadata: { next_cursor: next },
  };
}

/** Top-level messages, newest first. */
export function conversationsHistory(state: SlackState, args: Args): ApiAnswer {
  const channel = readableChannel(state, args);
  if (typeof channel === 'string') return { ok: false, error: channel };
  const messages = channel.messages.filter((it) => !isReply(it) && inWindow(args)(it)).reverse();
  return page(messages, args, shownIn(channel, args));
}

/** A thread: its parent, then the replies oldest first. */
export function conversationsReplies(state: SlackState, args: Args): ApiAnswer {
  const channel = readableChannel(state, args);
  if (typeof channel === 'string') return { ok: false, error: channel };
  const ts = String(args['ts']);
  const parent = channel.messages.find((it) => it.ts === ts);
  if (parent === undefined) return { ok: false, error: 'thread_not_found' };
  const replies = channel.messages.filter((it) => it.thread_ts === ts && isReply(it) && inWindow(args)(it));
  return page([parent, ...replies], args, shownIn(channel, args));
}
