/** What a person can do on the page. A press becomes a signed request of its platform; raising becomes a producer's signed submission. */
import type { SlackWorld } from '../slack/types.ts';
import type { TeamsWorld } from '../teams/types.ts';
import { type DemoPerson, people } from '../world/people.ts';
import { type Ending, isEnding, type Raised } from '../world/producer.ts';
import type { Journal } from './journal.ts';
import { BadRequest, parseRequest } from './requests.ts';
import type { Deeds } from './server.ts';
import { slackDeeds } from './slack-deeds.ts';
import { teamsDeeds } from './teams-deeds.ts';
import type { TeamsMemory } from './teams-memory.ts';

const stormOf = 50;

export type DeedDeps = {
  slack: SlackWorld;
  teams: TeamsWorld;
  memory: TeamsMemory;
  journal: Journal;
  raise: (type: string, ending: Ending, over?: Record<string, unknown>) => Promise<Raised>;
};

export function openDeeds({ slack, teams, memory, journal, raise }: DeedDeps): Deeds {
  const raiseDeed: Deeds = {
    '/raise': async (body) => {
      const { type, ending = 'usual' } = parseRequest('/raise', body);
      if (!isEnding(ending)) throw new BadRequest(400, `there is no ending called ${ending}`);
      journal.raised(await raise(type, ending));
      return { ok: true };
    },
    '/storm': async (body) => {
      const { type } = parseRequest('/storm', body);
      // Not severe, or each would have a card of its own.
      const storm = Array.from({ length: stormOf }, () => raise(type, 'usual', { severity: 'medium' }));
      for (const raised of await Promise.all(storm)) journal.raised(raised);
      return { ok: true };
    },
  };
  return { ...raiseDeed, ...slackDeeds(slack, journal, personOf), ...teamsDeeds(teams, memory, journal, personOf) };
}

function personOf(id: string): DemoPerson {
  const person = people.find(({ slackId }) => slackId === id);
  if (!person) throw new BadRequest(400, `there is nobody called ${id}`);
  return person;
}
