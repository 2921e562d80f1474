/** The loop that seals the audit record in the background, removes what is older than it has to be, and says aloud when the chain does not fit. */
import { type Signer, timeOf } from './action-center/seal.ts';
import type { Foundation } from './foundation.ts';
import { sha256 } from './ids.ts';
import { type Loop, startLoop } from './loop.ts';
import { openSigner } from './seal-keys.ts';
import { type Sealed, type Seals, sealStore } from './store/seals.ts';
import { ChainBrokenError } from './store/seals-head.ts';
import { openHorizon } from './store/seals-horizon.ts';

/** How often a batch is closed, and the pause between two when there is more than one. */
const beatMs = 5000;
const restMs = 200;
/** Who writes at this moment will have ended soon. */
const writersMs = 250;
const hourMs = 3_600_000;
const dayMs = 86_400_000;

type Ground = Pick<Foundation, 'config' | 'db' | 'log' | 'metrics' | 'now'>;
type Watch = { spokenAt: number; alarm: string | null; alarmedAt: number; retiredAt: number };

/** One in every process; whichever holds the head seals. */
export function startSealer(ground: Ground): Loop {
  const { config, db, log, metrics } = ground;
  const signer: Signer | null = config.auditSigningKey === null ? null : openSigner(config.auditSigningKey);
  const seals = sealStore(db, { tenantId: config.tenantId, sha256, signer });
  const horizon = openHorizon(db);
  const watch: Watch = { spokenAt: 0, alarm: null, alarmedAt: 0, retiredAt: 0 };

  const seal = async (): Promise<number | null> => {
    const { through, waiting } = await horizon.advance();
    const now = ground.now().getTime();
    const sealed = through === null ? null : await seals.seal(through, now);
    if (isSeal(sealed)) return 0;
    await look(ground, seals, watch);
    const removed = await retire(ground, seals, watch);
    metrics.auditBroken.set(0);
    watch.alarm = null;
    if (removed) return 0;
    return waiting ? writersMs : null;
  };

  return startLoop({
    everyMs: beatMs,
    restMs,
    run: async () => {
      try {
        return await seal();
      } catch (error) {
        if (!(error instanceof ChainBrokenError)) throw error;
        raiseAlarm(ground, watch, error.message);
        return null;
      }
    },
    onError: (error) => log.error({ err: error }, 'sealing the audit record failed; it is tried again'),
  });
}

const isSeal = (sealed: Sealed) => sealed !== null && sealed !== 'busy';

/** Once a round, not once a batch. */
async function look({ log, metrics, now }: Ground, seals: Seals, watch: Watch): Promise<void> {
  const last = await seals.last();
  const { events } = await seals.unsealed(await seals.head());
  metrics.auditUnsealed.set(events ?? Number.POSITIVE_INFINITY);
  if (last === null) return;
  const at = timeOf(last.at);
  metrics.auditLastSeal.set(Date.parse(at ?? '') / 1000);
  if (now().getTime() - watch.spokenAt < hourMs) return;
  watch.spokenAt = now().getTime();
  log.info(
    { number: last.number, hash: last.hash, at, unsealed: events },
    'the head of the audit record; kept elsewhere, it proves all before it',
  );
}

/** Once an hour; true when there is more to do at once. */
async function retire({ config, log, now }: Ground, seals: Seals, watch: Watch): Promise<boolean> {
  const days = config.auditRetentionDays;
  const at = now().getTime();
  if (days === null || at - watch.retiredAt < hourMs) return false;
  const sealed = await seals.retire(at - days * dayMs, at);
  if (sealed === null || sealed === 'busy') {
    watch.retiredAt = at;
    return false;
  }
  const { number, count, firstSeq, lastSeq } = sealed;
  log.info(
    { number, count, firstSeq, lastSeq, days },
    'audit events that are older than AUDIT_RETENTION_DAYS were removed; this seal says so',
  );
  return true;
}

/** Every hour while it lasts, and at once when it is another one. */
function raiseAlarm({ log, metrics, now }: Ground, watch: Watch, reason: string): void {
  metrics.auditBroken.set(1);
  const at = now().getTime();
  if (watch.alarm === reason && at - watch.alarmedAt < hourMs) return;
  Object.assign(watch, { alarm: reason, alarmedAt: at });
  log.error({ reason }, 'ALARM: the audit record does not fit its seals, so nothing more is sealed; run `countersign audit verify`');
}
