import { describe, expect, test } from 'vitest';
import { ActionSource, ActionStatus, ActionType, Severity } from '../../src/action-center/action.ts';
import {
  catalogue,
  entityLabels,
  mayBeCarriedOut,
  mayBeReversed,
  severityLabels,
  sourceLabels,
  statusLabels,
} from '../../src/action-center/catalogue.ts';
import { entityTypes } from '../../src/action-center/entity.ts';
import { routes } from '../../src/defender/routes.ts';

const rows = ActionType.options.map((type) => ({ type, ...catalogue[type] }));

/** Microsoft's "Available actions" list, word for word, and the type each item is. */
const availableActions: Record<string, ActionType> = {
  'Collect investigation package': 'collectInvestigationPackage',
  'Isolate device': 'isolateDevice',
  'Offboard machine': 'offboardMachine',
  'Release code execution': 'releaseCodeExecution',
  'Release from quarantine': 'releaseFromQuarantine',
  'Request sample': 'requestSample',
  'Restrict code execution': 'restrictCodeExecution',
  'Run antivirus scan': 'runAntivirusScan',
  'Stop and quarantine': 'stopAndQuarantineFile',
  'Contain devices from the network': 'containDevice',
};

/** Microsoft's "Undo completed actions" list, and the two attack disruption types that the newest page adds. */
const undoableInPortal: Record<string, ActionType> = {
  'Isolate device': 'isolateDevice',
  'Restrict code execution': 'restrictCodeExecution',
  'Quarantine a file': 'stopAndQuarantineFile',
  'Remove a registry key': 'removeRegistryKey',
  'Stop a service': 'stopService',
  'Disable a driver': 'disableDriver',
  'Remove a scheduled task': 'removeScheduledTask',
  'Contain device': 'containDevice',
  'Contain user': 'containUser',
};

/** A phrase and a label mean the same when one's words (articles and plurals aside) all stand in the other. */
const words = (text: string) =>
  text
    .toLowerCase()
    .split(' ')
    .map((word) => word.replace(/s$/, ''))
    .filter((word) => word !== 'a');

describe("against Microsoft's pages", () => {
  test.each(Object.entries(availableActions))('%s is in the catalogue under its own words', (phrase, type) => {
    expect(catalogue[type].workload).toBe('device');
    expect(words(phrase)).toEqual(expect.arrayContaining(words(catalogue[type].label).filter((word) => word !== 'file')));
  });

  test('exactly the listed types can be undone in the portal', () => {
    const undoable = rows.filter((row) => row.undoInPortal).map((row) => row.type);
    expect(new Set(undoable)).toEqual(new Set(Object.values(undoableInPortal)));
  });

  test.each(Object.entries(undoableInPortal))('%s is called so', (phrase, type) => {
    expect(words(catalogue[type].label)).toEqual(expect.arrayContaining(words(phrase)));
  });

  test('the action sources are spelled as in the portal', () => {
    expect(Object.values(sourceLabels)).toEqual([
      'Manual device action',
      'Manual email action',
      'Automated device action',
      'Automated email action',
      'Advanced hunting action',
      'Explorer action',
      'Manual live response action',
      'Live response action',
    ]);
  });
});

describe('every row', () => {
  test.each(rows)('$type is labelled for a table and for a button', (row) => {
    expect(row.label).toMatch(/^[A-Z][a-zA-Z ]+$/);
    expect(row.approveLabel).toMatch(/^Approve( (to|[A-Z]\w*))+$/);
    expect(row.approveLabel.length).toBeLessThanOrEqual(30);
  });

  test.each(rows)('$type tells one story about undoing', (row) => {
    expect(row.reversible || row.undo === 'none').toBe(true);
    expect(row.undoInPortal ? row.reversible && row.undo !== 'none' : true).toBe(true);
    expect(row.undoType === null || row.undo !== 'none').toBe(true);
    expect(row.risk === 'destructive' ? row.reversible : false).toBe(false);
    expect(row.undoType).not.toBe(row.type);
  });

  test.each(rows.filter((row) => row.undoType !== null))('$type is undone by a type of the same workload, with the same means', (row) => {
    if (row.undoType === null) return;
    expect(catalogue[row.undoType].workload).toBe(row.workload);
    // An undo through the API has to be an action that the API can be asked for.
    if (row.undo === 'api') expect(catalogue[row.undoType].trigger).toBe('api');
    expect(catalogue[row.undoType].entityTypes).toEqual(expect.arrayContaining(row.entityTypes));
  });

  test.each(rows)('$type acts on known entities and is cancelled only where it can be started', (row) => {
    expect(row.entityTypes.length).toBeGreaterThan(0);
    expect(entityTypes).toEqual(expect.arrayContaining(row.entityTypes));
    if (row.cancel === 'api') expect(row).toMatchObject({ workload: 'device', trigger: 'api' });
  });

  test('labels tell types apart', () => {
    expect(new Set(rows.map((row) => row.label)).size).toBe(rows.length);
  });
});

test('every source, entity type, status and severity has a label', () => {
  expect(Object.keys(sourceLabels).sort()).toEqual([...ActionSource.options].sort());
  expect(Object.keys(entityLabels).sort()).toEqual([...entityTypes].sort());
  expect(Object.keys(statusLabels).sort()).toEqual([...ActionStatus.options].sort());
  expect(Object.keys(severityLabels).sort()).toEqual([...Severity.options].sort());
});

describe('what a backend carries out', () => {
  test.each(ActionType.options)("a customer's consumer is handed %s", (type) => {
    expect(mayBeCarriedOut(type, 'consumer')).toBe(true);
  });

  test('our own backends carry out what has a public API, and nothing else', () => {
    const withoutApi: ActionType[] = [
      'releaseFromQuarantine',
      'requestSample',
      'removeRegistryKey',
      'stopService',
      'disableDriver',
      'removeScheduledTask',
      'killProcess',
      'containUser',
      'containIp',
      'quarantineEmail',
      'quarantineAttachment',
      'turnOffMailForwarding',
    ];
    for (const backend of ['defender', 'simulator'] as const) {
      expect(ActionType.options.filter((type) => !mayBeCarriedOut(type, backend))).toEqual(withoutApi);
    }
  });

  test('where Microsoft has no API for mail, what goes through it is neither carried out nor undone; all else is as elsewhere', () => {
    for (const type of ActionType.options) {
      const isMail = routes[type]?.kind === 'mail';
      expect(mayBeCarriedOut(type, 'defenderWithoutMail'), type).toBe(!isMail && mayBeCarriedOut(type, 'defender'));
      expect(mayBeReversed(type, 'defenderWithoutMail'), type).toBe(!isMail && mayBeReversed(type, 'defender'));
    }
  });

  test('only what loses something for good is marked destructive', () => {
    expect(rows.filter((row) => row.risk === 'destructive').map((row) => row.type)).toEqual(['offboardMachine', 'hardDeleteEmail']);
  });
});
