/** When digests are made and for whom: against a record in memory and a clock that is moved by hand. */
import { describe, expect, it } from 'vitest';
import { EntraId } from '../../src/action-center/action.ts';
import {
  type DigestDeps,
  type DigestPlan,
  type DigestRests,
  type NewDigest,
  runDigests,
  type StandingPlan,
} from '../../src/action-center/digest.ts';
import { type DigestFigures, spanOf } from '../../src/action-center/digest-figures.ts';
import { type DigestSchedule, nextDue } from '../../src/action-center/digest-schedule.ts';
import { UpstreamError } from '../../src/action-center/errors.ts';
import { ok, refuse } from '../../src/action-center/refusal.ts';
import { anActor } from '../setup/builders.ts';

const schedule: DigestSchedule = {
  at: '08:00',
  timezone: 'Europe/Berlin',
  weekdays: ['mon', 'tue', 'wed', 'thu', 'fri'],
  holidays: ['2026-12-25'],
};
const person = EntraId.parse('7f0c0000-0000-4000-8000-000000000001');
const channel: DigestPlan = { planKey: 'policy:1', target: { platform: 'slack', conversation: 'C0LEADS' }, entraId: null, schedule };
const own: DigestPlan = { planKey: `own:${person}`, target: { platform: 'slack', conversation: 'U0ALICE' }, entraId: person, schedule };
const inPrivate: DigestPlan = { planKey: 'policy:1', target: { platform: 'slack', conversation: 'U0BOB' }, entraId: null, schedule };

type Directory = DigestDeps['directory'];
const reads: Directory = { personFor: async () => ok(anActor()), personById: async () => ok(anActor()) };
const cannot: Directory = { personFor: async () => ok(anActor({ roles: [] })), personById: async () => ok(anActor({ roles: [] })) };
const unknown: Directory = {
  personFor: async () => refuse({ kind: 'unknown-person' }),
  personById: async () => refuse({ kind: 'unknown-person' }),
};
const down = () => Promise.reject(new UpstreamError('directory', 'no answer', { retryable: true }));

/** What the store promises (test/store/digests.test.ts), for one plan. */
function open(plan: DigestPlan, since: string) {
  const standing: StandingPlan = { ...plan, servedAt: since, nextAt: nextDue(plan.schedule, since), withheld: null };
  const made: NewDigest[] = [];
  const asked: { from: string; to: string }[] = [];
  const delayed: unknown[] = [];
  let now = since;
  let directory = reads;
  const accounts = { areTheirs: true };
  const rests: DigestRests = new Map();
  const unused = () => Promise.reject(new Error('not asked for here'));
  const deps = (): DigestDeps => ({
    digests: {
      figures: async ({ span }) => {
        asked.push(span);
        return { span } as DigestFigures;
      },
      duePlans: async ({ now: at }) => (standing.nextAt !== null && standing.nextAt <= at ? [{ ...standing }] : []),
      putOff: async (_, next) => {
        standing.nextAt = next;
      },
      make: async (digest) => {
        made.push(digest);
        Object.assign(standing, { servedAt: digest.due, nextAt: digest.next, withheld: digest.withheld });
        return true;
      },
      keepPlans: unused,
      get: unused,
      ownPlans: unused,
      plansFor: unused,
      setOwn: unused,
      clearOwn: unused,
    },
    directory,
    personAt: ({ conversation }) =>
      conversation.startsWith('U') ? async () => ok({ platform: 'slack', teamId: 'T1', userId: conversation, email: null }) : null,
    isTheirs: async () => accounts.areTheirs,
    policyPlans: [plan],
    newDigestId: () => `DG-${made.length + 1}`,
    now: () => new Date(now),
    poke: () => {},
    delayed: (_, error) => delayed.push(error),
  });
  const at = async (time: string, who: Directory = directory) => {
    now = time;
    directory = who;
    await runDigests(deps(), rests);
    return made.map(({ due }) => due);
  };
  return { at, made, asked, delayed, deps, accounts };
}

describe('a digest', () => {
  it('is made a few seconds after its time, once, and tells of the time since the one before', async () => {
    const { at, asked } = open(channel, '2026-11-18T12:00:00.000Z');
    expect(await at('2026-11-19T07:00:04.000Z')).toEqual([]);
    expect(await at('2026-11-19T07:00:05.000Z')).toEqual(['2026-11-19T07:00:00.000Z']);
    expect(await at('2026-11-19T07:00:06.000Z')).toHaveLength(1);
    expect(await at('2026-11-20T07:00:05.000Z')).toHaveLength(2);
    // Over the weekend nothing is sent; Monday's covers it.
    expect(await at('2026-11-22T07:00:05.000Z')).toHaveLength(2);
    expect(await at('2026-11-23T07:00:05.000Z')).toHaveLength(3);
    expect(asked.map(({ from }) => from)).toEqual(['2026-11-18T07:00:00.000Z', '2026-11-19T07:00:00.000Z', '2026-11-20T07:00:00.000Z']);
  });

  it('that was missed for days is made once, for the newest time, and tells of all of it', async () => {
    const { at, asked } = open(channel, '2026-11-09T12:00:00.000Z');
    await at('2026-11-10T07:00:05.000Z');
    expect(await at('2026-11-21T15:00:00.000Z')).toEqual(['2026-11-10T07:00:00.000Z', '2026-11-20T07:00:00.000Z']);
    expect(asked[1]).toEqual({ from: '2026-11-10T07:00:00.000Z', to: '2026-11-20T07:00:00.000Z' });
    expect(await at('2026-11-21T15:00:10.000Z')).toHaveLength(2);
  });

  it('is not made for a time before it was known, nor again when the clock is set back', async () => {
    const { at } = open(channel, '2026-11-19T12:00:00.000Z');
    expect(await at('2026-11-19T12:00:10.000Z')).toEqual([]);
    expect(await at('2026-11-20T07:00:05.000Z')).toHaveLength(1);
    expect(await at('2026-11-20T06:00:00.000Z')).toHaveLength(1);
    expect(await at('2026-11-20T07:00:05.000Z')).toHaveLength(1);
  });

  it.each([
    ['of one’s own', own],
    ['that the policy sends to a person', inPrivate],
  ])('%s is withheld from who may not read, which is recorded once, and comes again when they may', async (_what, plan) => {
    const { at, made } = open(plan, '2026-11-16T12:00:00.000Z');
    await at('2026-11-17T07:00:05.000Z', cannot);
    await at('2026-11-18T07:00:05.000Z', cannot);
    await at('2026-11-19T07:00:05.000Z', unknown);
    await at('2026-11-20T07:00:05.000Z', reads);
    expect(made.map(({ withheld, figures, event }) => [withheld, figures !== null, event?.data['what'] ?? null])).toEqual([
      ['may-not-read', false, 'withheld'],
      ['may-not-read', false, null],
      ['unknown-person', false, 'withheld'],
      [null, true, 'made'],
    ]);
  });

  it('of one’s own is withheld from an account that is not theirs any more', async () => {
    const { at, made, accounts } = open(own, '2026-11-18T12:00:00.000Z');
    accounts.areTheirs = false;
    await at('2026-11-19T07:00:05.000Z');
    accounts.areTheirs = true;
    await at('2026-11-20T07:00:05.000Z');
    expect(made.map(({ withheld, figures }) => [withheld, figures !== null])).toEqual([
      ['not-their-account', false],
      [null, true],
    ]);
  });

  it('is not kept waiting by many others that cannot be made', async () => {
    const { deps, made, at } = open(channel, '2026-11-19T12:00:00.000Z');
    await at('2026-11-19T12:00:00.000Z');
    const standing = { servedAt: '2026-11-18T12:00:00.000Z', nextAt: '2026-11-19T07:00:00.000Z', withheld: null };
    const others = Array.from({ length: 70 }, (_, index) => ({ ...own, ...standing, planKey: `own:${index}` }));
    const all = [...others, { ...channel, ...standing }];
    const { digests, ...rest } = deps();
    const asking = {
      ...rest,
      directory: { personFor: down, personById: down },
      digests: { ...digests, duePlans: async ({ limit }: { limit: number }) => all.slice(0, limit) },
    };
    const rests: DigestRests = new Map();
    await runDigests(asking, rests);
    await runDigests(asking, rests);
    expect(made.map(({ plan }) => plan.planKey)).toEqual([channel.planKey]);
  });

  it('waits while nobody can say who may read, asks in peace, and is made when somebody can', async () => {
    const { at, delayed } = open(own, '2026-11-19T12:00:00.000Z');
    const away: Directory = { personFor: down, personById: down };
    expect(await at('2026-11-20T07:00:05.000Z', away)).toEqual([]);
    expect(await at('2026-11-20T07:00:10.000Z', reads)).toEqual([]);
    expect(delayed).toHaveLength(1);
    expect(await at('2026-11-20T07:00:36.000Z', reads)).toEqual(['2026-11-20T07:00:00.000Z']);
  });

  it('to a channel asks nobody who may read: that is the policy’s word', async () => {
    const { at, made } = open(channel, '2026-11-19T12:00:00.000Z');
    await at('2026-11-20T07:00:05.000Z', cannot);
    expect(made[0]).toMatchObject({ withheld: null, event: { data: { what: 'made', target: 'C0LEADS' } } });
  });
});

describe('the time a digest tells of', () => {
  it('is a day at least and a month at most', () => {
    const due = '2026-11-20T07:00:00.000Z';
    expect(spanOf(due, null).from).toBe('2026-11-19T07:00:00.000Z');
    expect(spanOf(due, '2026-11-20T05:00:00.000Z').from).toBe('2026-11-19T07:00:00.000Z');
    expect(spanOf(due, '2026-11-16T07:00:00.000Z').from).toBe('2026-11-16T07:00:00.000Z');
    expect(spanOf(due, '2025-11-16T07:00:00.000Z').from).toBe('2026-10-20T07:00:00.000Z');
  });
});
