/** Reads a simulated Defender to the end, in a process of its own so that its memory can be measured. The parent keeps the clock. */
import { announce } from '../../src/action-center/announce.ts';
import { microsoftApi } from '../../src/defender/api.ts';
import { openReader } from '../../src/defender/ingest.ts';
import { alertSource } from '../../src/defender/ingest-alerts.ts';
import { machineActionSource } from '../../src/defender/ingest-machine-actions.ts';
import { sharedLimits } from '../../src/defender/limits.ts';
import { newActionId, sha256 } from '../../src/ids.ts';
import { actionStore } from '../../src/store/actions.ts';
import { migrate, openDatabase } from '../../src/store/database.ts';
import { ingestStore } from '../../src/store/ingest.ts';
import { lanes } from '../../src/store/lanes.ts';
import { recordPool } from '../setup/record.ts';

export type BackFill = {
  databaseUrl: string;
  authorityUrl: string;
  graphUrl: string;
  defenderUrl: string;
  tenantId: string;
  clientId: string;
  secret: string;
  now: number;
};

const given: BackFill = JSON.parse(process.argv[2] ?? '');
const tenant = 'default';
const leaseMs = 300;
const log = { info: () => {}, warn: () => {}, error: () => {} };
let clock = given.now;
const now = () => new Date(clock);

const pool = recordPool(given.databaseUrl, 4);
const db = openDatabase(pool, { prepares: true });
await migrate(db);
const store = actionStore(db, tenant);
const policy = {
  version: 'test',
  routesFor: () => [{ platform: 'slack' as const, conversation: 'C0SOC' }],
  approvalsNeeded: () => 1,
  isProtected: () => false,
};
const common = { store, policy, tenantId: tenant, now, sha256, newActionId, poke: () => {} };
const marks = ingestStore(db, tenant);
const limits = sharedLimits(lanes(db), { tenant: given.tenantId, perMinute: 100, now: () => clock });
const { clientId, secret, tenantId, authorityUrl, graphUrl, defenderUrl } = given;
const settings = { tenantId, clientId, credential: { kind: 'secret' as const, secret }, authorityUrl, graphUrl, defenderUrl };
const api = microsoftApi({ ...settings, defenderAudience: 'https://api.securitycenter.microsoft.com' }, { log, limits });
const deps = { api, marks, now, holder: `reader-${process.pid}`, leaseMs, lookBackMs: 30 * 86_400_000 };
const closing = { store, now, poke: () => {} };
const sources = [
  alertSource({
    graphUrl,
    entraTenantId: tenantId,
    announce: (intake) => announce(common, intake),
    marks,
    findings: null,
    closing,
    now,
    log,
  }),
  machineActionSource({ defenderUrl, filing: common, marks, closing, log }),
];

/** The parent's clock goes on by so much; here it is told the time. */
const pass = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    process.once('message', (time: number) => {
      clock = time;
      resolve();
    });
    process.send?.({ pass: ms });
  });

const signal = new AbortController().signal;
const counts: Record<string, number> = {};
const left = new Map(sources.map((source) => [source.name, openReader(source, deps)]));
let pages = 0;
while (left.size > 0) {
  const waits: number[] = [];
  for (const [name, reader] of left) {
    const step = await reader.step(signal);
    if (step.kind === 'wait') waits.push(step.ms);
    else if (step.kind === 'idle') await new Promise((resolve) => setTimeout(resolve, leaseMs / 3));
    else {
      pages += 1;
      for (const [what, count] of Object.entries(step.counts)) counts[what] = (counts[what] ?? 0) + count;
      process.send?.({ pages });
      if (step.kind === 'done') left.delete(name);
    }
  }
  // A call takes a moment; who has to wait, waits.
  await pass(waits.length === left.size && left.size > 0 ? Math.min(...waits) : 20);
}
await pool.end();
process.send?.({ done: { counts, pages, peakMegabytes: process.resourceUsage().maxRSS / 1024 } });
process.disconnect?.();
