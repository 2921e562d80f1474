// Slash commands (https://docs.slack.dev/interactivity/implementing-slash-commands) and events.

import { contentOf, isRefusal } from './chat-methods.ts';
import { deliver } from './deliver.ts';
import { personOf } from './people.ts';
import { isObject } from './rules.ts';
import type { SocketMode } from './socket-mode.ts';
import { addProblem, openDirectMessage, postEphemeral, postMessage, type SlackState } from './state.ts';
import type { Ack } from './types.ts';

type Command = { user: string; channel: string; command: string; text: string; url?: string };

export async function command(state: SlackState, sockets: SocketMode, p: Command): Promise<Ack> {
  const person = personOf(state, p.user);
  const channel = state.channels.get(p.channel);
  if (channel === undefined) throw new Error(`No channel ${p.channel}`);
  const payload = {
    token: state.app.verificationToken,
    team_id: state.team.id,
    team_domain: state.team.domain,
    channel_id: channel.id,
    channel_name: channel.name,
    user_id: person.id,
    user_name: person.name,
    command: p.command,
    text: escaped(p.text),
    api_app_id: state.app.id,
    is_enterprise_install: 'false',
    response_url: state.origin + state.tickets.newResponsePath('commands', state.team.id, { user: p.user, channel: channel.id }),
    trigger_id: state.tickets.newTrigger(p.user),
  };
  const ack = await deliver(state, sockets, {
    kind: 'slash_commands',
    payload,
    what: `the command ${p.command} ${p.text} by ${p.user}`,
    url: p.url,
  });
  if (ack.status === 200 && ack.body !== undefined && ack.body !== '') showAnswer(state, p, ack.body);
  return ack;
}

/** What the ack itself says is shown to the person, or to the channel when it asks for that. */
function showAnswer(state: SlackState, p: Command, body: unknown): void {
  const args = isObject(body) ? body : { text: String(body) };
  if (Object.keys(args).length === 0) return;
  const channel = state.channels.get(p.channel);
  const content = contentOf(state, args, 'response_url');
  if (isRefusal(content) || channel === undefined) {
    addProblem(state, `answer to ${p.command}: ${JSON.stringify(content)}`);
    return;
  }
  const { text, blocks } = content;
  if (args['response_type'] === 'in_channel') postMessage(state, channel, { text, blocks });
  else postEphemeral(state, p.user, { channel: channel.id, text, blocks, via: 'ack' });
}

/** Slack tells of this each time, and hands in the tab as it is (https://docs.slack.dev/reference/events/app_home_opened). */
export function openHome(
  state: SlackState,
  sockets: SocketMode,
  p: { user: string; tab?: 'home' | 'messages'; url?: string },
): Promise<Ack> {
  const { user, tab = 'home', ...to } = p;
  const view = state.homes.get(personOf(state, user).id);
  const channel = openDirectMessage(state, user).id;
  const shown = tab === 'home' && view !== undefined ? { view: structuredClone(view) } : {};
  return sendEvent(state, sockets, { type: 'app_home_opened', user, channel, tab, ...shown }, to);
}

/** An Events API delivery, such as app_home_opened or app_uninstalled. */
export function sendEvent(
  state: SlackState,
  sockets: SocketMode,
  event: { type: string; [field: string]: unknown },
  p: { url?: string; headers?: Record<string, string> },
): Promise<Ack> {
  const payload = {
    type: 'event_callback',
    token: state.app.verificationToken,
    team_id: state.team.id,
    context_team_id: state.team.id,
    context_enterprise_id: null,
    api_app_id: state.app.id,
    event: { event_ts: state.nextTs(), ...event },
    event_id: state.newId('Ev'),
    event_time: Math.floor(state.now() / 1000),
    authorizations: [
      { enterprise_id: null, team_id: state.team.id, user_id: state.app.botUser, is_bot: true, is_enterprise_install: false },
    ],
  };
  return deliver(state, sockets, { kind: 'events_api', payload, what: `the event ${event.type}`, ...p });
}

/** What is typed, with people as the app asked for (`should_escape`): a mention that was picked is markup, everything else is text. */
function escaped(text: string): string {
  const pieces = text.split(/(<[@#][A-Z0-9]+\|[^<>|]*>)/);
  return pieces
    .map((piece, index) => (index % 2 === 1 ? piece : piece.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')))
    .join('');
}
