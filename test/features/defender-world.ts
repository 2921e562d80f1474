/** Decisions carried out against a simulated Defender, without a chat platform and without a queue: the flows, the record and the real backend. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startDefender } from '../../sandbox/defender/server.ts';
import type { DefenderOptions, DefenderWorld } from '../../sandbox/defender/types.ts';
import { startEntra } from '../../sandbox/entra/server.ts';
import type { EntraApp, EntraOptions, EntraPerson, EntraWorld } from '../../sandbox/entra/types.ts';
import { type ActionId, EntraId } from '../../src/action-center/action.ts';
import { announce } from '../../src/action-center/announce.ts';
import { carryOut } from '../../src/action-center/carry-out.ts';
import { type Click, type DecideDeps, type Decided, decide } from '../../src/action-center/decide.ts';
import { Intake, type RemediationAction } from '../../src/action-center/intake.ts';
import type { Backend, DecisionMessage } from '../../src/action-center/ports.ts';
import { cancel, retry } from '../../src/action-center/press-again.ts';
import { ok, type Result } from '../../src/action-center/refusal.ts';
import { settle } from '../../src/action-center/settle.ts';
import { undo } from '../../src/action-center/undo.ts';
import { microsoftApi } from '../../src/defender/api.ts';
import { defenderBackend } from '../../src/defender/backend.ts';
import { sharedLimits } from '../../src/defender/limits.ts';
import { huntThrough } from '../../src/defender/run-query.ts';
import { fileDirectory } from '../../src/identity/file.ts';
import { loadPolicy } from '../../src/identity/policy.ts';
import { newActionId, newDecisionId, sha256 } from '../../src/ids.ts';
import { actionStore } from '../../src/store/actions.ts';
import { migrate, openDatabase } from '../../src/store/database.ts';
import { executionStore } from '../../src/store/executions.ts';
import { lanes } from '../../src/store/lanes.ts';
import { partStore } from '../../src/store/parts.ts';
import { undoStore } from '../../src/store/related-actions.ts';
import { patienceMs, poll } from '../setup/poll.ts';
import { recordPool } from '../setup/record.ts';
import { alice, carol, type DirectoryPerson, entraTenant, erin } from './people.ts';

export const executorApp = { clientId: '0b0b0b0b-1111-4222-8333-444444444444', secret: 'executor-secret-for-tests' };
const tenant = 'default';
const quiet = { info: () => {}, warn: () => {}, error: () => {} };
export const quickTiming = { lookMs: 60, confirmMs: 3_600_000, doubtMs: 60_000, repeatMs: 50 };

/** An ordinary member of the tenant on whose account something is done. */
export const member = (name: string, more: Partial<EntraPerson> = {}): EntraPerson => ({
  id: `7f0c1c1e-52a4-4b0e-9a53-${Buffer.from(name.padEnd(6, '0').slice(0, 6)).toString('hex')}`,
  userPrincipalName: `${name}@contoso.example`,
  displayName: `${name} of Contoso`,
  mail: `${name}@contoso.example`,
  userType: 'Member',
  accountEnabled: true,
  ...more,
});

export type DefenderBench = {
  entra: EntraWorld;
  defender: DefenderWorld;
  backend: Backend;
  /** Another one that shares only the record with the first. */
  openBackend(perMinute?: number): Backend;
  submit(body: object): Promise<ActionId>;
  press(verb: Click['verb'] | 'undo' | 'cancel' | 'retry', id: ActionId, who?: DirectoryPerson, comment?: string): Promise<Result<Decided>>;
  read(id: ActionId): Promise<RemediationAction>;
  until(id: ActionId, status: RemediationAction['status'], forMs?: number): Promise<RemediationAction>;
  /** Presses Approve and waits for the end. */
  approved(body: object, status?: RemediationAction['status']): Promise<RemediationAction>;
  /** Works on one decision a single time, as a worker does that dies afterwards. */
  once(message: DecisionMessage, backend?: Backend): Promise<string>;
  /** While true nothing is worked on by itself. */
  hold: boolean;
  messages: DecisionMessage[];
  close(): Promise<void>;
};

type Options = {
  databaseUrl: string;
  app?: Partial<EntraApp>;
  entra?: Partial<EntraOptions>;
  defender?: Partial<DefenderOptions>;
  timing?: Partial<typeof quickTiming>;
};

export async function openDefenderBench({ databaseUrl, app, entra: more, defender: other, timing }: Options): Promise<DefenderBench> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-defender-'));
  await writeFile(join(folder, 'directory.json'), JSON.stringify({ people: [alice, carol, erin] }));
  await writeFile(join(folder, 'policy.yaml'), 'routes:\n  - slack: [C0SOC]\n');
  const entra = await startEntra({ tenantId: entraTenant, apps: [{ ...executorApp, ...app }], people: [member('kim')], ...more });
  const defender = await startDefender({
    tokens: entra.holderOf,
    knowsEveryDevice: true,
    limits: { perMinute: 6000, perHour: 90_000 },
    pendingMs: 20,
    runningMs: 30,
    ...other,
  });
  const pool = recordPool(databaseUrl, 8);
  const db = openDatabase(pool);
  await migrate(db);
  const store = actionStore(db, tenant);
  const directory = fileDirectory(join(folder, 'directory.json'), { identityMode: 'linked', log: quiet, onError: () => {} });
  const policy = loadPolicy(join(folder, 'policy.yaml'));
  const now = () => new Date();
  const openBackend = (perMinute = 6000): Backend => {
    const limits = sharedLimits(lanes(db), { tenant: entraTenant, perMinute, now: Date.now });
    const settings = { ...executorApp, tenantId: entraTenant, credential: { kind: 'secret' as const, secret: executorApp.secret } };
    const urls = { authorityUrl: entra.authorityUrl, graphUrl: entra.graphUrl, defenderUrl: defender.url };
    const api = microsoftApi(
      { ...settings, ...urls, defenderAudience: 'https://api.securitycenter.microsoft.com' },
      { log: quiet, limits },
    );
    return defenderBackend({ api, parts: partStore(db, tenant), hunt: huntThrough(api), timing: { ...quickTiming, ...timing } });
  };

  const messages: DecisionMessage[] = [];
  const running = new Set<Promise<void>>();
  let isClosing = false;
  const deps = { store, directory, policy, now, sha256, settings: { globalAdministratorMayDecide: true, backend: 'defender' as const } };
  const once = async (message: DecisionMessage, by: Backend = bench.backend): Promise<string> => {
    const report = async (told: Parameters<typeof settle>[1]) => void (await settle({ store, now, poke: () => {} }, told));
    const limits = { holder: `worker-${Math.random()}`, leaseMs: 30_000, callMs: 5000, maxRunMs: 60_000 };
    const carried = await carryOut({ ...deps, ...limits, executions: executionStore(db, tenant), backend: by, report }, message, false);
    if (carried.kind === 'forged') throw new Error(`forged: ${carried.reason}`);
    return carried.kind === 'again' ? `again ${carried.afterMs}` : 'done';
  };
  /** As the queue does: what failed is tried again. Whoever waits for its end in vain is told why. */
  let trouble: unknown = null;
  const failed = (error: unknown): string => {
    trouble = error;
    return 'again 100';
  };
  const work = async (message: DecisionMessage): Promise<void> => {
    while (!isClosing) {
      const [what, afterMs = '300'] = (await once(message).catch(failed)).split(' ');
      if (what === 'done') return;
      await wait(Math.min(Number(afterMs), 300));
    }
  };
  const poke = (message?: DecisionMessage): void => {
    if (message === undefined) return;
    messages.push(message);
    if (bench.hold) return;
    const one: Promise<void> = work(message).finally(() => running.delete(one));
    running.add(one);
  };
  const deciding: DecideDeps = { ...deps, signIns: null, newDecisionId, whoElseMay: async () => [], poke };
  const read = async (id: ActionId): Promise<RemediationAction> => {
    const action = await store.get(id);
    if (action === null) throw new Error(`${id} is not in the record`);
    return action;
  };

  const bench: DefenderBench = {
    entra,
    defender,
    backend: openBackend(),
    openBackend,
    messages,
    hold: false,
    once,
    read,
    submit: async (body) => {
      const announced = await announce({ ...deps, tenantId: tenant, newActionId, poke: () => {} }, Intake.parse(body));
      if (announced.kind !== 'accepted') throw new Error(`the action was ${announced.kind}`);
      return announced.action.id;
    },
    press: async (verb, id, who = erin, comment) => {
      const action = await read(id);
      const claim = { platform: 'teams' as const, tenantId: entraTenant, entraId: EntraId.parse(who.entraId) };
      const person = async () => ok(claim);
      const rest = { actionId: id, by: `teams:${who.upn}`, account: null, platform: 'slack' as const, clickId: 'test' };
      const click = { ...rest, comment: comment ?? null, person, shownDigest: action.scopeDigest };
      if (verb === 'undo') return undo({ ...deciding, undoing: undoStore(db, tenant) }, { ...click, verb });
      if (verb === 'cancel') return cancel(deciding, { ...click, verb });
      return verb === 'retry' ? retry(deciding, { ...click, verb }) : decide(deciding, { ...click, verb });
    },
    until: async (id, status, forMs = patienceMs) => {
      let seen = '';
      const look = async () => {
        const action = await read(id);
        seen = `${action.status}: ${action.outcome?.message ?? ''}`;
        return action.status === status ? action : null;
      };
      return poll(`${id} is ${status}`, look, forMs).catch((error: unknown) => {
        throw new Error(`${String(error)}; it is ${seen}`, { cause: trouble ?? error });
      });
    },
    approved: async (body, status = 'completed') => {
      const id = await bench.submit(body);
      const pressed = await bench.press('approve', id);
      if (!pressed.ok) throw new Error(`not approved: ${JSON.stringify(pressed.refusal)}`);
      return bench.until(id, status);
    },
    close: async () => {
      isClosing = true;
      await Promise.all(running);
      await Promise.all([entra.close(), defender.close(), pool.end()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
  return bench;
}
