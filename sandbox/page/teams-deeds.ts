/** What a person does in the Teams half of the page. */
import type { Ack, TeamsWorld } from '../teams/types.ts';
import type { DemoPerson } from '../world/people.ts';
import { teamsChannel } from '../world/setting.ts';
import type { Journal } from './journal.ts';
import { BadRequest, parseRequest } from './requests.ts';
import type { Deeds } from './server.ts';
import type { Answer } from './state.ts';
import type { TeamsMemory } from './teams-memory.ts';

const conversation = teamsChannel.id;

export function teamsDeeds(teams: TeamsWorld, memory: TeamsMemory, journal: Journal, personOf: (id: string) => DemoPerson): Deeds {
  const done = (who: DemoPerson, what: string, ack: Ack): Answer => {
    // Not filled in as it has to be: Teams sends nothing.
    if (ack.status === 0 && !ack.timedOut) return { ok: true };
    const ms = Math.round(ack.ms);
    const how = ack.timedOut ? `was not answered in ${ms} ms` : `was answered ${statusOf(ack)} in ${ms} ms`;
    journal.note('teams', `${who.realName} ${what}; the request ${how}`);
    const failed = ack.timedOut || statusOf(ack) >= 400;
    return failed ? { ok: false, error: `Something went wrong, says Teams: the request ${how}.` } : { ok: true, status: ack.status, ms };
  };
  /** In the channel, unless it is a message that only this person got. */
  const whereIs = ({ teamsId }: DemoPerson, messageId: string): string =>
    teams.privateMessages(teamsId).find(({ id }) => id === messageId)?.conversation ?? conversation;
  let playing: { user: string; stop: () => void } | null = null;

  return {
    '/play': async (body) => {
      const { user } = parseRequest('/play', body);
      const { teamsId } = personOf(user);
      if (playing?.user === user) return { ok: true };
      playing?.stop();
      playing = { user, stop: teams.watch(teamsId, conversation) };
      return { ok: true };
    },
    '/teams/press': async (body) => {
      const { user, messageId, button, inputs } = parseRequest('/teams/press', body);
      const who = personOf(user);
      memory.pressed(who.teamsId, messageId);
      const ack = await teams.press({ person: who.teamsId, conversation: whereIs(who, messageId), messageId, button, inputs });
      const answer = done(who, `pressed ${button}`, ack);
      // What went wrong is said in a bar under the card.
      return answer.ok ? answer : { ok: true };
    },
    '/teams/submit': async (body) => {
      const { user, button, values } = parseRequest('/teams/submit', body);
      const who = personOf(user);
      const title = teams.dialog(who.teamsId)?.title ?? 'a dialog';
      return done(who, `submitted "${title}"`, await teams.submitDialog({ person: who.teamsId, button, values }));
    },
    '/teams/close-dialog': async (body) => {
      teams.closeDialog(personOf(parseRequest('/teams/close-dialog', body).user).teamsId);
      return { ok: true };
    },
    '/teams/say': async (body) => {
      const request = parseRequest('/teams/say', body);
      const who = personOf(request.user);
      const said = saidIn(request.text.trim());
      return done(who, `typed ${request.text.trim()}`, await teams.say({ person: who.teamsId, conversation, ...said }));
    },
  };
}

/** Teams hands a bot in a channel only what was meant for it. */
function saidIn(typed: string): { text: string; targeted: true } | { text: string; mention: true } {
  if (typed.startsWith('/')) return { text: typed.slice(1).trim(), targeted: true };
  const mentioned = /^@countersign\b\s*(.*)$/is.exec(typed)?.[1];
  if (mentioned === undefined)
    throw new BadRequest(400, 'In Teams begin with a slash, or with the name of the bot: /help or @Countersign help');
  return { text: mentioned, mention: true };
}

/** An invoke is answered 200, with the status that counts inside. */
function statusOf({ status, body }: Ack): number {
  const inner = typeof body === 'object' && body !== null && 'statusCode' in body ? Number(body.statusCode) : Number.NaN;
  return Number.isInteger(inner) ? inner : status;
}
