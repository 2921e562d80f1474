/** The flow `announce` for tests of the ways in: over a real record (the embedded database in a folder of its own), or over memory. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ActionId } from '../../src/action-center/action.ts';
import { type AnnounceDeps, announce } from '../../src/action-center/announce.ts';
import type { ActionStore } from '../../src/action-center/ports.ts';
import type { Announce } from '../../src/intake/submission.ts';
import { actionStore } from '../../src/store/actions.ts';
import { migrate, openDatabase } from '../../src/store/database.ts';
import { openEngine } from '../../src/store/engine.ts';
import { rememberedActions } from '../action-center/remembered-actions.ts';

export type Record = { store: ActionStore; announce: Announce; close(): Promise<void> };

export async function openRecord(): Promise<Record> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-record-'));
  const engine = await openEngine({ dataDir: folder }, { onError: () => {} });
  const db = openDatabase(engine.pool);
  await migrate(db);
  const store = actionStore(db, 'default');
  return {
    store,
    announce: announceInto(store),
    close: async () => {
      await engine.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The same flow over a store in memory, for ways in that only ever add. */
export const announceInMemory = (): Announce => announceInto(rememberedActions() as unknown as ActionStore);

function announceInto(store: ActionStore): Announce {
  const deps: AnnounceDeps = {
    store,
    policy: { version: 'v1', routesFor: () => [], approvalsNeeded: () => 1, isProtected: () => false },
    tenantId: 'default',
    now: () => new Date(),
    sha256: (text) => createHash('sha256').update(text).digest('hex'),
    newActionId: () => ActionId.parse(`A-${randomUUID()}`),
    poke: () => {},
  };
  return (intake) => announce(deps, intake);
}

let count = 0;

/** A valid submission with an id of its own. */
export function aSubmission(changes: object = {}): { [key: string]: unknown; id: string } {
  count += 1;
  return {
    id: `test-${process.pid}-${count}`,
    producer: 'sentinel',
    type: 'isolateDevice',
    source: 'automatedDeviceAction',
    severity: 'high',
    title: 'Isolate wks-0042',
    entities: [{ type: 'device', name: 'wks-0042.contoso.example', group: 'Workstations' }],
    ...changes,
  };
}
