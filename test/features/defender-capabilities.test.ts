/** Every row of the catalogue against the simulated Defender: what it says can be done is done, what it says cannot has no button. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ActionType } from '../../src/action-center/action.ts';
import { catalogue } from '../../src/action-center/catalogue.ts';
import type { RemediationAction } from '../../src/action-center/intake.ts';
import { cardFor } from '../../src/chat/card.ts';
import { routes } from '../../src/defender/routes.ts';
import { freshDatabase } from '../setup/fresh.ts';
import { actionOfType, hex } from './defender-actions.ts';
import { type DefenderBench, member, openDefenderBench } from './defender-world.ts';

// The password of an account that is kept in Active Directory can be reset; that of a cloud account cannot.
const sid = 'S-1-5-21-1004336348-1177238915-682003330-1104';
const members = new Map(
  ActionType.options.map((type, index) => {
    const onPremises = type === 'resetUserPassword' ? { onPremises: { sid } } : {};
    const accountEnabled = type !== 'enableUser';
    return [type, { ...member(`m${String(index).padStart(5, '0')}`), accountEnabled, ...onPremises }] as const;
  }),
);

let bench: DefenderBench;
beforeAll(async () => {
  bench = await openDefenderBench({ databaseUrl: await freshDatabase(), entra: { people: [...members.values()] } });
});
afterAll(() => bench.close());

function bodyOf(type: ActionType): object {
  const { id = '', userPrincipalName: upn = '' } = members.get(type) ?? {};
  const body = actionOfType(type, { id, upn });
  return type === 'resetUserPassword' ? { ...body, entities: [{ type: 'user', entraId: id, upn, sid }] } : body;
}

const buttonsOf = (action: RemediationAction): string[] => {
  const portal = { actionCenter: 'https://security.microsoft.com/action-center/pending' };
  const context = { now: new Date(), huntUrl: null, portal, backend: 'defender' as const, globalAdministratorMayDecide: true };
  return cardFor(action, context).buttons.map(({ kind }) => kind);
};

/** What Microsoft was made to do, in order: by device, by account, by copy, by URL. */
const deedsOn = (type: ActionType): string[] => {
  const machine = hex(`device wks-${type}`.toLowerCase(), 40);
  const account = members.get(type)?.id;
  return [
    ...bench.defender
      .machineActions()
      .flatMap((one) => (one.machineId === machine ? [`${one.type}${one.scope === null ? '' : ` ${one.scope}`}`] : [])),
    ...bench.entra.deeds.flatMap(({ what, person }) => (person === account ? [what] : [])),
    ...bench.entra.mail.flatMap(({ recipient, action }) => (recipient === `kim-${type}@contoso.example`.toLowerCase() ? [action] : [])),
  ];
};

const expected: Partial<Record<ActionType, { does: string; undoes?: string }>> = {
  isolateDevice: { does: 'Isolate Full', undoes: 'Unisolate' },
  releaseIsolation: { does: 'Unisolate' },
  containDevice: { does: 'Isolate UnManagedDevice' },
  restrictCodeExecution: { does: 'RestrictCodeExecution', undoes: 'UnrestrictCodeExecution' },
  releaseCodeExecution: { does: 'UnrestrictCodeExecution' },
  runAntivirusScan: { does: 'RunAntiVirusScan Quick' },
  collectInvestigationPackage: { does: 'CollectInvestigationPackage' },
  stopAndQuarantineFile: { does: 'StopAndQuarantineFile' },
  offboardMachine: { does: 'Offboard' },
  softDeleteEmail: { does: 'softDelete', undoes: 'moveToInbox' },
  hardDeleteEmail: { does: 'hardDelete' },
  moveEmailToJunk: { does: 'moveToJunk', undoes: 'moveToInbox' },
  moveEmailToInbox: { does: 'moveToInbox', undoes: 'moveToJunk' },
  moveEmailToDeletedItems: { does: 'moveToDeletedItems', undoes: 'moveToInbox' },
  blockUrl: { does: '', undoes: '' },
  disableUser: { does: 'disable', undoes: 'enable' },
  enableUser: { does: 'enable', undoes: 'disable' },
  revokeSessions: { does: 'revokeSessions' },
  resetUserPassword: { does: 'directory:forcePasswordReset' },
  confirmUserCompromised: { does: 'confirmCompromised', undoes: 'dismiss' },
};

describe.each(ActionType.options)('%s', (type) => {
  const row = catalogue[type];

  it(row.trigger === 'api' ? 'is carried out, and undone where that is marked' : 'has no button that decides', async () => {
    const id = await bench.submit(bodyOf(type));
    const open = buttonsOf(await bench.read(id));
    if (row.trigger !== 'api') {
      expect(open).toEqual(['portal']);
      expect(await bench.press('approve', id)).toEqual({ ok: false, refusal: { kind: 'decide-in-defender' } });
      expect(deedsOn(type)).toEqual([]);
      return;
    }
    const { does, undoes } = expected[type] ?? { does: 'nothing is expected of this type' };
    expect(open).toEqual(['approve', 'reject']);
    expect((await bench.press('approve', id)).ok).toBe(true);
    const done = await bench.until(id, 'completed');
    expect(deedsOn(type)).toEqual(does === '' ? [] : [does]);
    if (type === 'blockUrl') expect(bench.defender.indicators()).toMatchObject([{ action: 'Block', indicatorType: 'Url' }]);
    expect(buttonsOf(done).includes('undo')).toBe(undoes !== undefined);
    const pressed = await bench.press('undo', id);
    expect(pressed.ok).toBe(undoes !== undefined);
    if (undoes === undefined) return;
    await bench.until(id, 'undone');
    expect(deedsOn(type)).toEqual(does === '' ? [] : [does, undoes]);
    if (type === 'blockUrl') expect(bench.defender.indicators()).toEqual([]);
  });

  if (row.cancel === 'api')
    it('is stopped while it has not ended', async () => {
      const machine = hex(`device wks-${type}`.toLowerCase(), 40);
      bench.defender.change(machine, { isOnline: false });
      const id = await bench.submit(bodyOf(type));
      await bench.press('approve', id);
      const running = await bench.until(id, 'inProgress');
      expect(buttonsOf(running)).toContain('cancel');
      expect((await bench.press('cancel', id)).ok).toBe(true);
      const stopped = await bench.until(id, 'cancelled');
      expect(stopped.outcome?.message).toContain('cancelled by erin@contoso.example via Slack');
      expect(bench.defender.machineActions().findLast(({ machineId }) => machineId === machine)?.status).toBe('Cancelled');
      expect(buttonsOf(stopped)).not.toContain('cancel');
      bench.defender.change(machine, { isOnline: true });
    });

  if (row.trigger === 'api' && row.cancel !== 'api')
    it('cannot be stopped once it runs, and has no button for it', async () => {
      const id = await bench.submit(bodyOf(type));
      const standing = { ...(await bench.read(id)), status: 'inProgress' } as RemediationAction;
      expect(buttonsOf(standing)).not.toContain('cancel');
      expect(await bench.press('cancel', id)).toMatchObject({ ok: false, refusal: { kind: 'not-cancellable', bar: { reason: 'no-api' } } });
    });

  it('goes where the catalogue says it can go', () => {
    const route = routes[type];
    expect(route !== undefined && route.call !== null).toBe(row.trigger === 'api');
    expect(route !== undefined && route.undo !== null).toBe(row.undo === 'api');
    expect(row.cancel === 'api').toBe(row.trigger === 'api' && route?.kind === 'machine');
  });
});

it.each([
  ['a file without a device to quarantine it on', 'stopAndQuarantineFile', [{ type: 'file', sha1: hex('alone', 40) }]],
  ['the password of a cloud account', 'resetUserPassword', [{ type: 'user', upn: 'kim@contoso.example' }]],
] as const)('%s has no button that decides, though others of its type have one', async (_, type, entities) => {
  const id = await bench.submit({ ...bodyOf(type), entities });
  expect(buttonsOf(await bench.read(id))).toEqual(['portal']);
  expect(await bench.press('approve', id)).toEqual({ ok: false, refusal: { kind: 'decide-in-defender' } });
});

it('breaks none of the rules of the simulated worlds', () => {
  expect(bench.defender.problems).toEqual([]);
  expect(bench.entra.problems).toEqual([]);
  expect([...bench.defender.executions().values()].filter((times) => times > 1)).toEqual([]);
});
