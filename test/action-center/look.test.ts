import { describe, expect, it } from 'vitest';
import type { Actor } from '../../src/action-center/action.ts';
import { UpstreamError } from '../../src/action-center/errors.ts';
import type { RemediationAction } from '../../src/action-center/intake.ts';
import { type LookDeps, look } from '../../src/action-center/look.ts';
import type { AuditEvent, Directory } from '../../src/action-center/ports.ts';
import { ok, type PersonRefusal, refuse } from '../../src/action-center/refusal.ts';
import { anAction, anActor } from '../setup/builders.ts';

const action: RemediationAction = anAction();
const missing = 'A-01JD6Q0000000000000000000Z';

function open(person: Partial<Actor> | PersonRefusal | 'away') {
  const notes: AuditEvent[] = [];
  const answer: Directory['personFor'] = async () => {
    if (person === 'away') throw new UpstreamError('directory', 'down', { retryable: true });
    return 'kind' in person ? refuse(person) : ok(anActor(person));
  };
  const deps: LookDeps = {
    store: {
      get: async (id) => (id === action.id ? action : null),
      history: async () => [],
      note: async (_, event) => {
        notes.push(event);
      },
    },
    directory: { personFor: answer, personById: () => Promise.reject(new Error('not asked here')) },
    settings: { globalAdministratorMayDecide: true },
    now: () => new Date('2026-11-21T08:00:00Z'),
  };
  const asked = (actionId: string) =>
    look(deps, {
      actionId,
      by: 'teams:t/1',
      platform: 'teams',
      clickId: 'c1',
      person: async () => ok({ platform: 'teams', tenantId: 't', entraId: '1' }),
    });
  return { notes, asked };
}

describe('looking an action up', () => {
  it.each(['SecurityReader', 'GlobalReader', 'SecurityOperator', 'SecurityAdministrator', 'GlobalAdministrator'] as const)(
    'is open to a %s, who hears it when there is none',
    async (role) => {
      const { asked, notes } = open({ roles: [role] });
      expect(await asked(action.id)).toMatchObject({ ok: true, value: { action: { id: action.id } } });
      expect(await asked(missing)).toEqual(refuse({ kind: 'not-found' }));
      expect(await asked('x'.repeat(65))).toEqual(refuse({ kind: 'not-found' }));
      expect(notes).toEqual([]);
    },
  );

  it('is open to whoever may decide that very action', async () => {
    const decider = open({ roles: ['ActiveRemediationActions'] });
    expect((await decider.asked(action.id)).ok).toBe(true);
    const elsewhere = open({ roles: ['ActiveRemediationActions'], deviceGroups: ['Servers'] });
    expect(await elsewhere.asked(action.id)).toMatchObject({ ok: false, refusal: { kind: 'may-not-read' } });
  });

  it('tells nobody else whether it exists, and writes the try down', async () => {
    const { asked, notes } = open({ roles: ['SearchAndPurge'] });
    const [there, notThere] = [await asked(action.id), await asked(missing)];
    expect(there).toEqual(notThere);
    expect(there).toMatchObject({ ok: false, refusal: { kind: 'may-not-read' } });
    expect(notes).toMatchObject([
      { kind: 'refused', data: { verb: 'view', actionId: action.id, refusal: 'may-not-read' } },
      { kind: 'refused', data: { actionId: missing } },
    ]);
  });

  it.each(['unknown-person', 'guest', 'disabled-person', 'ambiguous-person'] as const)('is closed to: %s', async (kind) => {
    const { asked, notes } = open({ kind });
    expect(await asked(action.id)).toEqual(refuse({ kind }));
    expect(notes).toHaveLength(1);
  });

  it('is closed while the directory does not answer', async () => {
    const { asked, notes } = open('away');
    expect(await asked(action.id)).toEqual(refuse({ kind: 'identity-unavailable', service: 'directory' }));
    expect(await asked(missing)).toEqual(refuse({ kind: 'identity-unavailable', service: 'directory' }));
    expect(notes).toMatchObject([{ kind: 'refused', data: { verb: 'view', refusal: 'identity-unavailable' } }, { kind: 'refused' }]);
  });
});
