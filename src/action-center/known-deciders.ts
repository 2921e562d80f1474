/** Who could do what somebody else may not: people who decided such actions lately, as the record knows them, asked anew whether they still may. */
import type { EntraId, Verb } from './action.ts';
import { actionTypesOf, catalogue } from './catalogue.ts';
import { UpstreamError } from './errors.ts';
import type { RemediationAction } from './intake.ts';
import { mayDecide } from './permissions.ts';
import type { ActionStore, Clock, Directory } from './ports.ts';

export type DecidersDeps = {
  store: Pick<ActionStore, 'recentDeciders'>;
  directory: Pick<Directory, 'personById'>;
  settings: { globalAdministratorMayDecide: boolean };
  now: Clock;
  /** What `work` gives within `ms`, or null. */
  soon: <T>(work: Promise<T>, ms: number) => Promise<T | null>;
};

type Kind = Pick<RemediationAction, 'type' | 'entities'>;

const lookBackMs = 30 * 86_400_000;
const lookUps = 5;
const named = 3;
const withinMs = 800;

/** Display names; none when nobody is known or the answer takes too long: the refusal stands without them. */
export async function knownDeciders(deps: DecidersDeps, action: Kind, verb: Verb, asker: EntraId): Promise<string[]> {
  try {
    return (await deps.soon(find(deps, action, verb, asker), withinMs)) ?? [];
  } catch (error) {
    if (error instanceof UpstreamError) return [];
    throw error;
  }
}

async function find({ store, directory, settings, now }: DecidersDeps, action: Kind, verb: Verb, asker: EntraId) {
  const since = new Date(now().getTime() - lookBackMs).toISOString();
  const ids = await store.recentDeciders(actionTypesOf(catalogue[action.type].workload), since, lookUps + 1);
  const people = await Promise.all(
    ids
      .filter((id) => id !== asker)
      .slice(0, lookUps)
      .map((id) => directory.personById(id, { fresh: false })),
  );
  const able = people.flatMap((person) => (person.ok && mayDecide(person.value, action, verb, settings).allowed ? [person.value] : []));
  return able.slice(0, named).map(({ displayName }) => displayName);
}
