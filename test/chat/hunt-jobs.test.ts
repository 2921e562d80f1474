/** How many hunts one bot takes on. The features show what becomes of one. */
import { expect, test } from 'vitest';
import { EntraId } from '../../src/action-center/action.ts';
import { HuntError } from '../../src/action-center/hunting.ts';
import { ok } from '../../src/action-center/refusal.ts';
import { openHuntJobs } from '../../src/chat/hunt-jobs.ts';
import { plain } from '../../src/chat/show.ts';
import { anAction, anActor, testNow } from '../setup/builders.ts';

const nothing = () => Promise.reject(new Error('nobody asks for this here'));
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

test('of many presses at the same moment a bot takes six, and tells the others to press again', async () => {
  const begun: string[] = [];
  const jobs = openHuntJobs({
    store: { get: async () => anAction(), note: async () => {} },
    hunts: {
      begin: async ({ id }) => {
        begun.push(id);
        return 'begun';
      },
      claim: async () => null,
      renew: async () => true,
      release: async () => {},
      end: async () => true,
      result: async () => null,
      forget: async () => {},
    },
    hunting: {
      run: (_query, _ask, signal) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(new HuntError('timed-out', 'stopped')))),
      isOn: () => true,
      check: async () => {},
    },
    directory: { personFor: async () => ok(anActor({ roles: ['SecurityReader'] })), personById: nothing },
    sha256: (text) => text,
    newHuntId: () => `H-${begun.length}`,
    now: () => testNow,
    holder: 'bot-1',
    exports: { hand: async () => {} },
    begun: async () => {},
    poke: () => {},
    log: quiet,
  });
  const press = (index: number) =>
    jobs.start({
      actionId: anAction().id,
      by: `slack:T/U${index}`,
      person: async () => ok({ platform: 'teams', tenantId: 't', entraId: EntraId.parse(`p${index}`) }),
      platform: 'slack',
      clickId: `c-${index}`,
      courier: { tell: async () => {}, mention: async () => {} },
    });
  const told = await Promise.all(Array.from({ length: 10 }, (_, index) => press(index)));
  expect(begun).toHaveLength(6);
  expect(told.map(plain).filter((line) => line.startsWith('Several hunting queries'))).toHaveLength(4);
  await jobs.stop(1000);
});
