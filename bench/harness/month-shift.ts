/** The people and systems around the bots of the simulated month: who submits, who decides, who carries out, who wants a digest. */
import { ActionId, type Platform } from '../../src/action-center/action.ts';
import { decide } from '../../src/action-center/decide.ts';
import { digestOn } from '../../src/action-center/digest-own.ts';
import type { PersonClaim } from '../../src/action-center/ports.ts';
import { settle } from '../../src/action-center/settle.ts';
import { newDecisionId, newDigestId } from '../../src/ids.ts';
import { digestStore } from '../../src/store/digests.ts';
import { type DirectoryPerson, entraTenant, team, teamsIdOf } from '../../test/features/people.ts';
import { signed } from '../../test/features/world.ts';
import { put, type Run } from './month-agenda.ts';
import type { Bot } from './month-bots.ts';
import { analysts, mira, nora } from './month-places.ts';
import { type Arrival, minuteMs } from './month-plan.ts';

export async function announced(run: Run, arrival: Arrival, bot: Bot): Promise<void> {
  const text = JSON.stringify(arrival.body);
  const response = await fetch(`${bot.running.url}/v1/actions`, { method: 'POST', headers: signed(text, run.bots.secret), body: text });
  const answer = (await response.json()) as { id?: string };
  if (response.status === 503) return put(run, run.clock.now() + minuteMs, (other) => announced(run, arrival, other));
  if (response.status === 400) {
    // It came while nobody was there, and its deadline passed meanwhile.
    run.played.refused['came too late'] = (run.played.refused['came too late'] ?? 0) + 1;
    return;
  }
  if (response.status !== 202 || answer.id === undefined)
    throw new Error(`a submission was answered ${response.status} ${JSON.stringify(answer)}`);
  run.played.announced += 1;
  const id = ActionId.parse(answer.id);
  const { decideAt, verb } = arrival;
  if (decideAt !== null) put(run, decideAt, (other) => decided(run, { id, verb }, other));
}

async function decided(run: Run, { id, verb }: { id: ActionId; verb: 'approve' | 'reject' }, bot: Bot): Promise<void> {
  const { ground } = bot;
  const action = await ground.store.get(id);
  if (action === null) throw new Error(`action ${id} is gone`);
  const who = analysts[run.turn % analysts.length] ?? mira;
  const asker = askerOf(run.turn % 2 === 0 ? 'slack' : 'teams', who);
  const deps = {
    ...ground.deciding,
    directory: ground.directory,
    settings: ground.settings,
    signIns: null,
    newDecisionId,
    whoElseMay: async () => [],
    poke: bot.running.pokeCards,
  };
  const click = {
    ...asker,
    actionId: id,
    verb,
    comment: verb === 'reject' ? 'A false alarm' : null,
    shownDigest: action.scopeDigest,
    clickId: `month-${id}`,
  };
  const answer = await decide(deps, click);
  if (!answer.ok) {
    run.played.refused[answer.refusal.kind] = (run.played.refused[answer.refusal.kind] ?? 0) + 1;
    return;
  }
  run.played.decided[verb] += 1;
  const { decisionId } = answer.value.decision;
  put(run, run.clock.now() + (run.turn % 9) * minuteMs, (other) => carriedOut({ id, verb, decisionId }, other, run));
}

/** As a worker reports it. */
async function carriedOut({ id, verb, decisionId }: { id: ActionId; verb: string; decisionId: string }, bot: Bot, run: Run): Promise<void> {
  const { store, executions, now } = bot.ground;
  if (verb === 'reject') {
    await executions.claim(decisionId, id, 'the month', run.clock.now(), minuteMs);
    return executions.finished(decisionId, null);
  }
  const status = run.turn % 50 === 0 ? 'failed' : 'completed';
  const outcome = { status, at: now().toISOString(), message: null, externalRef: null, portalUrl: null } as const;
  await settle({ store, now, poke: bot.running.pokeCards }, { decisionId, actionId: id, outcome });
}

/** Two people want one each day at eight in New York. */
export async function ownDigests({ bots }: Run): Promise<void> {
  const [bot] = bots.up();
  if (bot === undefined) throw new Error('no bot is up');
  const { db, config, directory, store, now, policy } = bot.ground;
  const deps = {
    digests: digestStore(db, config.tenantId),
    directory,
    store,
    now,
    policyPlans: policy.digestPlans,
    newDigestId,
    poke: () => {},
  };
  const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
  const schedule = { at: '08:00', timezone: 'America/New_York', weekdays: [...weekdays], holidays: [] };
  for (const asking of [askerOf('slack', mira), askerOf('teams', nora)]) {
    const on = await digestOn(deps, { ...asking, clickId: 'month', conversation: asking.account }, schedule);
    if (!on.ok) throw new Error(`no digest for ${asking.by}: ${on.refusal.kind}`);
  }
}

/** Somebody as the platform vouches for them. */
function askerOf(platform: Exclude<Platform, 'cli'>, who: DirectoryPerson) {
  const userId = who.slack[0]?.userId ?? '';
  const account = platform === 'slack' ? userId : teamsIdOf(who);
  const value: PersonClaim =
    platform === 'slack' ? { platform, teamId: team, userId, email: null } : { platform, tenantId: entraTenant, entraId: who.entraId };
  return { platform, account, by: `${platform}:${account}`, person: async () => ({ ok: true as const, value }) };
}
