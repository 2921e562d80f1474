/** Flow: somebody looks an action up. Whoever may not read hears the same, whether the action exists or not. */
import { ActionId, type Platform } from './action.ts';
import { type AskingPerson, identify } from './identify.ts';
import type { RemediationAction } from './intake.ts';
import { mayDecide, mayViewHistory } from './permissions.ts';
import type { ActionStore, AuditEvent, Clock, Directory } from './ports.ts';
import { isAboutAuthority, ok, type PersonRefusal, type Result, refuse } from './refusal.ts';

export type LookDeps = {
  store: Pick<ActionStore, 'get' | 'history' | 'note'>;
  directory: Directory;
  settings: { globalAdministratorMayDecide: boolean };
  now: Clock;
};

export type Look = {
  /** As it was typed; an id nobody gave out is an action that does not exist. */
  actionId: string;
  by: string;
  person: AskingPerson;
  platform: Platform;
  clickId: string;
};

export type LookRefusal = PersonRefusal | { kind: 'may-not-read'; actorId: string } | { kind: 'not-found' };
export type Looked = { action: RemediationAction; history: AuditEvent[] };

export async function look(deps: LookDeps, asked: Look): Promise<Result<Looked, LookRefusal>> {
  const looked = await examine(deps, asked);
  if (!looked.ok && (looked.refusal.kind === 'may-not-read' || isAboutAuthority(looked.refusal))) {
    await deps.store.note(null, {
      kind: 'refused',
      at: deps.now().toISOString(),
      actorId: looked.refusal.kind === 'may-not-read' ? looked.refusal.actorId : null,
      data: {
        refusal: looked.refusal.kind,
        by: asked.by,
        verb: 'view',
        actionId: asked.actionId,
        platform: asked.platform,
        clickId: asked.clickId,
      },
    });
  }
  return looked;
}

async function examine(deps: LookDeps, asked: Look): Promise<Result<Looked, LookRefusal>> {
  const person = await identify(deps.directory, asked.person, false);
  if (!person.ok) return person;
  const actionId = ActionId.safeParse(asked.actionId).data;
  const action = actionId === undefined ? null : await deps.store.get(actionId);
  const isReader = mayViewHistory(person.value);
  // Who may decide an action may read it, also without a role that opens History.
  const mayRead = isReader || (action !== null && mayDecide(person.value, action, 'approve', deps.settings).allowed);
  if (!mayRead) return refuse({ kind: 'may-not-read', actorId: person.value.entraId });
  if (action === null) return refuse({ kind: 'not-found' });
  return ok({ action, history: await deps.store.history(action.id) });
}
