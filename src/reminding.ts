/** Reminders and stand-ins joined together: the flows on the record, who can be reached where, and the message as it is drawn. No product logic. */
import type { EntraId } from './action-center/action.ts';
import type { CarryOutDeps } from './action-center/carrying.ts';
import type { DecideDeps } from './action-center/decide.ts';
import { type Delegating, type DelegationDeps, delegating, standInLookUp } from './action-center/delegation.ts';
import { UpstreamError } from './action-center/errors.ts';
import type { CardPlace, InboxDeps } from './action-center/inbox.ts';
import type { RemediationAction } from './action-center/intake.ts';
import type { CardRow } from './action-center/ports.ts';
import { type Reminded, remind } from './action-center/remind.ts';
import type { Reach } from './action-center/reminder-ports.ts';
import type { Card } from './chat/card.ts';
import { reminderCard, remindersNamed } from './chat/reminder-words.ts';
import type { Foundation } from './foundation.ts';
import { onCallSource } from './identity/on-call.ts';
import { newDelegationId, newReminderId } from './ids.ts';
import { lastAccountOf } from './store/accounts.ts';
import { inboxStore } from './store/inbox.ts';

const tidyEveryMs = 3_600_000;
const againMs = 60_000;
/** Long after any action's deadline. */
const keptMs = 90 * 86_400_000;

type Ground = Pick<
  Foundation,
  'config' | 'db' | 'directory' | 'policy' | 'now' | 'log' | 'settings' | 'reminders' | 'delegations' | 'metrics'
>;

/** Where they decided last, while that is still theirs; else an account that the directory knows. In Teams everybody is known by their Entra id. */
function reachOf({ config, db, directory, log }: Pick<Ground, 'config' | 'db' | 'directory' | 'log'>): Reach {
  const lastAccount = lastAccountOf(db, config.tenantId);
  const inSlack = async (entraId: EntraId): Promise<string | null> => {
    const last = await lastAccount(entraId, 'slack');
    // By address no account is connected: there is nothing that could have been taken back.
    if (last !== null && config.identityMode === 'email') return last;
    try {
      const known = (await directory.slackAccountsOf(entraId)).map(({ userId }) => userId);
      return known.find((userId) => userId === last) ?? known[0] ?? null;
    } catch (error) {
      // A directory that is away must not hold back everybody's reminders: somebody else hears of it.
      if (!(error instanceof UpstreamError) || error.service !== 'directory') throw error;
      log.warn({ entraId, err: error }, 'the directory could not say where a person can be told');
      return null;
    }
  };
  return async (entraId, prefer) => {
    const platforms = config.platforms.toSorted((a, b) => Number(b === prefer) - Number(a === prefer));
    for (const platform of platforms) {
      const conversation = platform === 'slack' ? await inSlack(entraId) : ((await lastAccount(entraId, platform)) ?? entraId);
      if (conversation !== null) return { platform, conversation };
    }
    return null;
  };
}

function delegationDeps(ground: Ground, poke: () => void): DelegationDeps | null {
  const { policy, delegations, directory, settings, now } = ground;
  if (policy.delegation === null) return null;
  return { delegations, directory, settings, rules: policy.delegation, reach: reachOf(ground), now, newDelegationId, poke };
}

/** Null: the policy lets nobody name a stand-in. */
export function delegatingOf(ground: Ground, poke: () => void): Delegating | null {
  const deps = delegationDeps(ground, poke);
  return deps === null ? null : delegating(deps);
}

function standInOf(ground: Ground) {
  const deps = delegationDeps(ground, () => {});
  return deps === null ? null : standInLookUp({ ...deps, log: ground.log });
}

/** For the inbox of somebody who stands in; null: nobody does. */
export function inboxStandIn(ground: Ground): InboxDeps['standIn'] | null {
  const { policy, delegations, reminders } = ground;
  if (policy.delegation === null) return null;
  return async (entraId, ids, at) => {
    const [mine, reminded] = await Promise.all([delegations.of(entraId, at), reminders.standingIn(entraId, ids)]);
    const taken = mine.filter((one) => one.standIn === entraId && one.from <= at);
    const nameOf = new Map(taken.map((one) => [one.entraId, one.displayName]));
    const named = [...reminded].flatMap(([id, absent]): [string, string][] => {
      const name = nameOf.get(absent);
      return name === undefined ? [] : [[id, name]];
    });
    return { taken, remindedFor: new Map(named) };
  };
}

/** For whom somebody was reminded of an action; empty where nobody stands in. */
export function capacityOf({ policy, reminders }: Ground): Pick<DecideDeps, 'standsInFor'> {
  if (policy.delegation === null) return {};
  return { standsInFor: async (entraId, actionId) => (await reminders.standingIn(entraId, [actionId])).get(actionId) ?? null };
}

/** Who hears a private notice in the place of somebody who is away. */
export function divertOf(ground: Ground): Pick<CarryOutDeps, 'divert'> {
  const standIn = standInOf(ground);
  if (standIn === null) return {};
  const reach = reachOf(ground);
  return {
    divert: async (entraId, prefer) => {
      const found = await standIn(entraId, ground.now());
      const target = found === null ? null : await reach(found.entraId, prefer);
      return found === null || target === null ? null : { target, forName: found.forName };
    },
  };
}

/** One look at what is due; its answer is null where the policy reminds nobody. */
export function reminding(ground: Ground, poke: () => void): () => Promise<Reminded | null> {
  const { policy, reminders, config, now, log, metrics } = ground;
  const rules = policy.reminders;
  const tidy = hourly(now, async () => {
    // Not only at the start: until it is stopped, a bot with the rules of before goes on planning by them.
    if (rules !== null) await reminders.replan(rules.version);
    await reminders.forget(new Date(now().getTime() - keptMs).toISOString());
  });
  if (rules === null) {
    return async () => {
      await tidy();
      return null;
    };
  }
  const deps = {
    reminders,
    policy: rules,
    onCall: config.onCall === null ? null : onCallSource(config.onCall),
    reach: reachOf(ground),
    standIn: standInOf(ground),
    now,
    newReminderId,
    log,
    told: ({ kind, number, person, target }: Parameters<Parameters<typeof remind>[0]['told']>[0]) => {
      const to = person !== null ? 'person' : target.startsWith('thread:') ? 'thread' : 'channel';
      metrics.reminders.inc({ kind, rung: String(number), to });
    },
    onCallFailed: () => metrics.onCallFailures.inc(),
    poke,
  };
  return async () => {
    await tidy();
    return remind(deps);
  };
}

/** What fails is tried again soon, but not at every look: reminders go out meanwhile. */
function hourly(now: Ground['now'], work: () => Promise<void>): () => Promise<void> {
  let nextAt = 0;
  return async () => {
    const at = now().getTime();
    if (at < nextAt) return;
    nextAt = at + againMs;
    await work();
    nextAt = at + tidyEveryMs;
  };
}

/** What an action that nobody decided met: without a delivered warning it is counted and said. */
export async function tellExpired({ policy, reminders, metrics, log }: Ground, { id, key, expiresAt }: RemediationAction): Promise<void> {
  if (policy.reminders === null) return;
  try {
    if (await reminders.wasWarned(id)) return;
  } catch (error) {
    // It is closed by now and nobody asks again; the others that are overdue must not wait for this.
    log.error(
      { actionId: id, key, expiresAt, err: error },
      'an action expired; whether a warning of its deadline was delivered could not be read',
    );
    return;
  }
  metrics.expiredUnwarned.inc();
  log.error({ actionId: id, key, expiresAt }, 'ALARM: an action expired before any warning of its deadline could be delivered');
}

export type LinkTo = (place: CardPlace) => string | null;

/** The message as it is true now. `total` 0: nothing of what it reminds of waits any more. */
export async function drawReminder(ground: Ground, row: CardRow, linkTo: LinkTo): Promise<{ card: Card; total: number }> {
  const { db, config, reminders, now } = ground;
  if (row.note === null) throw new Error(`card ${row.cardId} tells of nothing`);
  const { platform, note } = row;
  const found = await reminders.showing(row.cardId, now().toISOString(), remindersNamed);
  const ids = found.items.map(({ action }) => action.id);
  const places = await inboxStore(db, config.tenantId).places(platform, ids);
  const linkOf = ({ id }: RemediationAction) => {
    const place = places.get(id);
    return place === undefined ? null : linkTo(place);
  };
  const card = reminderCard(found, { note, isThread: row.kind === 'note', platform, now: now(), linkTo: linkOf });
  return { card, total: found.total };
}
