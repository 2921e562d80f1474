/** What a person can do on the page. A press becomes a signed Slack request; raising becomes a producer's signed submission. */
import type { Ack, SlackWorld } from '../slack/types.ts';
import { people } from '../world/people.ts';
import { type Ending, isEnding, type Raised } from '../world/producer.ts';
import type { Journal } from './journal.ts';
import { BadRequest, pressRequest, raiseRequest, submitRequest, userOf } from './requests.ts';
import type { Deeds } from './server.ts';
import type { Answer } from './state.ts';

export type DeedDeps = { slack: SlackWorld; journal: Journal; raise: (type: string, ending: Ending) => Promise<Raised> };

export function openDeeds({ slack, journal, raise }: DeedDeps): Deeds {
  const done = (who: string, what: string, ack: Ack): Answer => {
    // Denied in Slack's own dialog: Slack sends nothing.
    if (ack.status === 0 && !ack.timedOut) return { ok: true };
    const how = ack.timedOut ? 'was not answered within 3 s' : `was answered ${ack.status} in ${Math.round(ack.ms)} ms`;
    journal.note('slack', `${nameOf(who)} ${what}; the signed request ${how}`);
    return { ok: true, status: ack.status, ms: Math.round(ack.ms) };
  };
  return {
    '/raise': async (body) => {
      const { type, ending = 'usual' } = raiseRequest(body);
      if (!isEnding(ending)) throw new BadRequest(400, `there is no ending called ${ending}`);
      journal.raised(await raise(type, ending));
      return { ok: true };
    },
    '/press': async (body) => {
      const press = pressRequest(body);
      checkPerson(press.user);
      return done(press.user, `pressed ${press.button}`, await slack.click(press));
    },
    '/submit': async (body) => {
      const submission = submitRequest(body);
      checkPerson(submission.user);
      const title = slack.view(submission.user)?.title.text ?? 'a dialog';
      return done(submission.user, `submitted "${title}"`, await slack.submit(submission));
    },
    '/close-view': async (body) => {
      const user = userOf(body);
      checkPerson(user);
      const ack = await slack.closeView({ user });
      return ack ? done(user, 'closed the dialog', ack) : { ok: true };
    },
  };
}

const nameOf = (id: string): string => people.find((person) => person.slackId === id)?.realName ?? id;

function checkPerson(id: string): void {
  if (!people.some((person) => person.slackId === id)) throw new BadRequest(400, `there is nobody called ${id}`);
}
