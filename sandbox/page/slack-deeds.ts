/** What a person does in the Slack half of the page. */
import type { Ack, SlackWorld } from '../slack/types.ts';
import type { DemoPerson } from '../world/people.ts';
import { channel } from '../world/setting.ts';
import type { Journal } from './journal.ts';
import { BadRequest, parseRequest } from './requests.ts';
import type { Deeds } from './server.ts';
import type { Answer } from './state.ts';

export function slackDeeds(slack: SlackWorld, journal: Journal, personOf: (id: string) => DemoPerson): Deeds {
  const done = (who: DemoPerson, what: string, ack: Ack): Answer => {
    // Denied in Slack's own dialog: Slack sends nothing.
    if (ack.status === 0 && !ack.timedOut) return { ok: true };
    const how = ack.timedOut ? 'was not answered within 3 s' : `was answered ${ack.status} in ${Math.round(ack.ms)} ms`;
    journal.note('slack', `${who.realName} ${what}; the signed request ${how}`);
    return { ok: true, status: ack.status, ms: Math.round(ack.ms) };
  };
  return {
    '/press': async (body) => {
      const press = parseRequest('/press', body);
      return done(personOf(press.user), `pressed ${press.button}`, await slack.click(press));
    },
    '/submit': async (body) => {
      const submission = parseRequest('/submit', body);
      const who = personOf(submission.user);
      const title = slack.view(submission.user)?.title.text ?? 'a dialog';
      return done(who, `submitted "${title}"`, await slack.submit(submission));
    },
    '/close-view': async (body) => {
      const { user } = parseRequest('/close-view', body);
      const who = personOf(user);
      const ack = await slack.closeView({ user });
      return ack ? done(who, 'closed the dialog', ack) : { ok: true };
    },
    '/command': async (body) => {
      const { user, text } = parseRequest('/command', body);
      const who = personOf(user);
      const [, command, rest] = /^(\/\S+)\s*(.*)$/s.exec(text.trim()) ?? [];
      if (command === undefined || rest === undefined) throw new BadRequest(400, 'In Slack a command begins with a slash: /actions help');
      const ack = await slack.command({ user, channel: channel.id, command, text: rest });
      const answer = done(who, `typed ${command} ${rest}`.trimEnd(), ack);
      return ack.status === 200 ? answer : { ok: false, error: `${command} failed, says Slack (${outcomeOf(ack)}).` };
    },
  };
}

const outcomeOf = (ack: Ack): string => (ack.timedOut ? 'no answer within 3 s' : `the bot answered ${ack.status}`);
