import type { SlackState } from './state.ts';
import type { ApiAnswer, Args, SlackPerson } from './types.ts';

/** A person as `users.info` shows them. */
function userObject(state: SlackState, person: SlackPerson): Record<string, unknown> {
  const teamId = person.teamId ?? state.team.id;
  // Slack does not show the address of somebody from another organisation who is only met in a shared channel.
  const email = person.isStranger === true ? {} : { email: person.email };
  return {
    id: person.id,
    team_id: teamId,
    name: person.name,
    deleted: person.deleted ?? false,
    real_name: person.realName,
    tz: 'Europe/Berlin',
    profile: { real_name: person.realName, display_name: person.name, team: teamId, ...email },
    is_admin: false,
    is_owner: false,
    is_restricted: person.isRestricted ?? false,
    is_ultra_restricted: person.isUltraRestricted ?? false,
    is_bot: person.isBot ?? false,
    is_app_user: false,
    is_email_confirmed: person.isEmailConfirmed ?? true,
    ...(person.isStranger === undefined ? {} : { is_stranger: person.isStranger }),
  };
}

export function usersInfo(state: SlackState, args: Args): ApiAnswer {
  const person = state.people.get(String(args['user']));
  return person === undefined ? { ok: false, error: 'user_not_found' } : { ok: true, user: userObject(state, person) };
}

/** Only active people with a visible address; the case rule is not documented, so case is ignored here. */
export function usersLookupByEmail(state: SlackState, args: Args): ApiAnswer {
  const wanted = String(args['email']).toLowerCase();
  const person = [...state.people.values()].find(
    (it) => it.email.toLowerCase() === wanted && it.deleted !== true && it.isStranger !== true,
  );
  return person === undefined ? { ok: false, error: 'users_not_found' } : { ok: true, user: userObject(state, person) };
}

/** The `user` of an interaction payload: the clicker's own team, which need not be the app's. */
export function personInPayload(state: SlackState, person: SlackPerson): Record<string, string> {
  return { id: person.id, username: person.name, name: person.name, team_id: person.teamId ?? state.team.id };
}

export function personOf(state: SlackState, id: string): SlackPerson {
  const person = state.people.get(id);
  if (person === undefined) throw new Error(`The simulated Slack knows no person ${id}; it has ${[...state.people.keys()].join(', ')}`);
  return person;
}
