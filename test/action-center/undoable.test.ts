/** What can be undone, against tables written from the documentation by hand. */
import { describe, expect, it } from 'vitest';
import { ActionSource, ActionStatus, ActionType } from '../../src/action-center/action.ts';
import type { BackendName } from '../../src/action-center/catalogue.ts';
import type { Entity } from '../../src/action-center/entity.ts';
import { reversalAmong, whyNotUndoable } from '../../src/action-center/undoable.ts';
import { aDecision, anAction, anOutcome, testNow } from '../setup/builders.ts';

/** The Action center's page, "Undo completed actions": these types, for automated investigations, Defender Antivirus and manual response actions. */
const inThePortal = `isolateDevice containDevice containUser restrictCodeExecution stopAndQuarantineFile removeRegistryKey stopService disableDriver removeScheduledTask`;
const portalSources = 'automatedDeviceAction manualDeviceAction advancedHuntingAction manualLiveResponseAction liveResponseAction';
/** Mail is moved back; the rest has an API of its own, and no source in the table. */
const mail = 'softDeleteEmail moveEmailToJunk moveEmailToDeletedItems moveEmailToInbox quarantineEmail quarantineAttachment';
const mailSources = 'automatedEmailAction manualEmailAction explorerAction advancedHuntingAction';
const anySource = 'blockUrl disableUser enableUser confirmUserCompromised';

/** The capability table, column "undo by us". */
const byApi = `isolateDevice restrictCodeExecution softDeleteEmail moveEmailToJunk moveEmailToDeletedItems moveEmailToInbox blockUrl disableUser enableUser confirmUserCompromised`;
const has = (list: string, name: string) => list.split(/\s+/).includes(name);

function isListed(type: ActionType, source: ActionSource): boolean {
  if (has(inThePortal, type)) return has(portalSources, source);
  if (has(mail, type)) return has(mailSources, source);
  return has(anySource, type);
}

function isPossible(type: ActionType, backend: BackendName): boolean {
  if (backend === 'consumer') return true;
  return has(byApi, type) || (backend === 'simulator' && type === 'stopAndQuarantineFile');
}

const completed = (type: ActionType, source: ActionSource) => anAction({ type, source, status: 'completed' });

describe('the undo matrix', () => {
  it.each(['defender', 'simulator', 'consumer'] as const)(
    'decides every type and source as the documentation has it, with the backend %s',
    (backend) => {
      for (const type of ActionType.options)
        for (const source of ActionSource.options) {
          const expected = isListed(type, source) && isPossible(type, backend);
          expect(whyNotUndoable(completed(type, source), { backend, now: testNow }) === null, `${type} ${source} ${backend}`).toBe(
            expected,
          );
        }
    },
  );

  it('names the reason', () => {
    const bar = (over: Parameters<typeof anAction>[0], backend: BackendName = 'defender', now = testNow) =>
      whyNotUndoable(anAction({ status: 'completed', type: 'isolateDevice', ...over }), { backend, now })?.reason ?? null;
    expect(bar({})).toBeNull();
    expect(bar({ type: 'hardDeleteEmail' })).toBe('final');
    expect(bar({ type: 'releaseIsolation' })).toBe('type');
    expect(bar({ source: 'explorerAction' })).toBe('source');
    expect(bar({ type: 'stopAndQuarantineFile' })).toBe('in-defender');
    expect(bar({ status: 'undone' })).toBe('already-undone');
    expect(bar({ status: 'undoQueued' })).toBe('undo-running');
    const others = ActionStatus.options.filter((status) => !['completed', 'undone', 'undoQueued'].includes(status));
    for (const status of others) expect(bar({ status })).toBe('not-completed');
  });

  it('lets mail be had back for 30 days after it was moved, and not longer', () => {
    const outcome = anOutcome({ at: '2026-10-22T08:03:00.000Z' });
    const mailAction = anAction({ type: 'softDeleteEmail', source: 'explorerAction', status: 'completed', outcome });
    const at = (now: string) => whyNotUndoable(mailAction, { backend: 'defender', now: new Date(now) });
    expect(at('2026-11-21T08:03:00.000Z')).toBeNull();
    expect(at('2026-11-21T08:03:00.001Z')).toEqual({ reason: 'retention', days: 30 });
    // An undo that failed makes nothing younger.
    const approval = aDecision({ decidedAt: '2026-10-22T08:00:00.000Z' });
    const failed = {
      ...mailAction,
      approvals: [approval],
      decision: aDecision({ verb: 'undo' }),
      outcome: anOutcome({ status: 'failed' }),
    };
    expect(whyNotUndoable(failed as typeof mailAction, { backend: 'defender', now: testNow })).toEqual({ reason: 'retention', days: 30 });
  });
});

describe('a newer action did the opposite', () => {
  const device = (name: string): Entity => ({ type: 'device', name });
  const isolation = anAction({
    type: 'isolateDevice',
    status: 'completed',
    entities: [device('wks-1.contoso.example'), device('wks-2.contoso.example')],
  });
  const release = (...names: string[]) => anAction({ type: 'releaseIsolation', status: 'completed', entities: names.map(device) });

  it('only when everything it acted on was reversed', () => {
    expect(reversalAmong(isolation, [])).toBeNull();
    expect(reversalAmong(isolation, [release('wks-1.contoso.example')])).toBeNull();
    expect(reversalAmong(isolation, [release('WKS-2.contoso.example'), release('wks-1.contoso.example')])).not.toBeNull();
  });

  it('on the same device, for a file', () => {
    const file: Entity = { type: 'file', sha1: 'a'.repeat(40), name: 'invoice.exe' };
    const quarantine = anAction({ status: 'completed', entities: [device('wks-1.contoso.example'), file] });
    const released = (name: string) => anAction({ type: 'releaseFromQuarantine', status: 'completed', entities: [device(name), file] });
    expect(reversalAmong(quarantine, [released('wks-2.contoso.example')])).toBeNull();
    expect(reversalAmong(quarantine, [released('wks-1.contoso.example')])).not.toBeNull();
  });
});
