// The target of `respond()`: https://docs.slack.dev/interactivity/handling-user-interaction#message_responses

import { contentOf, isRefusal } from './chat-methods.ts';
import { addProblem, deleteMessage, findMessage, postEphemeral, postMessage, type SlackState, updateMessage } from './state.ts';
import type { Origin } from './tickets.ts';
import type { Args, Ephemeral, HttpAnswer, SlackMessage } from './types.ts';

type Content = Pick<SlackMessage, 'text' | 'blocks'>;
const isTrue = (value: unknown): boolean => value === true || value === 'true';
const answer = (status: number, error?: string): HttpAnswer => ({
  status,
  body: error === undefined ? { ok: true } : { ok: false, error },
});

export function answerResponseUrl(state: SlackState, path: string, args: Args): HttpAnswer {
  const origin = state.tickets.spendResponsePath(path);
  if (origin === undefined) {
    addProblem(state, 'response_url: used more than 5 times or after 30 minutes');
    return answer(404, 'expired_url');
  }
  if (isTrue(args['delete_original'])) return deleteOriginal(state, origin);
  const content = contentOf(state, args, 'response_url');
  if (isRefusal(content)) {
    addProblem(state, `response_url: ${content.error} ${JSON.stringify(content['errors'] ?? [])}`);
    return { status: 400, body: content };
  }
  const { text, blocks } = content;
  return isTrue(args['replace_original']) ? replaceOriginal(state, origin, { text, blocks }) : reply(state, origin, args, { text, blocks });
}

function originalOf(state: SlackState, origin: Origin): { message?: SlackMessage | undefined; ephemeral?: Ephemeral | undefined } {
  const { channel, user, messageTs: ts = '', ephemeral = false } = origin;
  return ephemeral ? { ephemeral: state.ephemerals.get(user)?.find((it) => it.ts === ts) } : { message: findMessage(state, channel, ts) };
}

function deleteOriginal(state: SlackState, origin: Origin): HttpAnswer {
  const { message, ephemeral } = originalOf(state, origin);
  if (message !== undefined) deleteMessage(state, message, 'response_url');
  if (ephemeral !== undefined) state.ephemerals.set(origin.user, state.ephemerals.get(origin.user)?.filter((it) => it !== ephemeral) ?? []);
  return message === undefined && ephemeral === undefined ? answer(404, 'message_not_found') : answer(200);
}

/** Unlike chat.update, what is not sent is gone. */
function replaceOriginal(state: SlackState, origin: Origin, content: Content): HttpAnswer {
  const { message, ephemeral } = originalOf(state, origin);
  if (message !== undefined) updateMessage(state, message, content, 'response_url');
  if (ephemeral !== undefined) {
    Object.assign(ephemeral, content, { via: 'response_url' });
    state.events.emit('ephemeral', ephemeral);
  }
  return message === undefined && ephemeral === undefined ? answer(404, 'message_not_found') : answer(200);
}

function reply(state: SlackState, origin: Origin, args: Args, content: Content): HttpAnswer {
  const channel = state.channels.get(origin.channel);
  if (channel === undefined) return answer(404, 'channel_not_found');
  const thread = args['thread_ts'];
  const fields = { ...content, ...(thread === undefined ? {} : { thread_ts: String(thread) }) };
  if (args['response_type'] === 'in_channel') postMessage(state, channel, fields);
  else postEphemeral(state, origin.user, { ...fields, channel: channel.id, via: 'response_url' });
  return answer(200);
}
