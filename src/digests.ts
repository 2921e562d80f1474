/** Digests joined together: the flows on the record, the loop that makes what is due, their cards. No product logic. */
import type { Platform } from './action-center/action.ts';
import { type DigestDeps, type DigestRests, lateMs, runDigests } from './action-center/digest.ts';
import { digestNow, digestOff, digestOn, digestPreview, digestStanding, type OwnDigestDeps } from './action-center/digest-own.ts';
import type { AskingPerson } from './action-center/identify.ts';
import { drawChart } from './charts/draw.ts';
import { keepDrawn } from './charts/keep-drawn.ts';
import type { Chart } from './chat/chart.ts';
import { type DigestCard, digestCard } from './chat/digest-card.ts';
import type { DigestFlows } from './chat/digest-command.ts';
import type { Foundation } from './foundation.ts';
import { newDigestId } from './ids.ts';
import { inTurn } from './in-turn.ts';
import type { Loop } from './loop.ts';
import { digestStore } from './store/digests.ts';

type Ground = Pick<Foundation, 'db' | 'config' | 'policy' | 'directory' | 'store' | 'now' | 'log'>;

const storeOf = ({ db, config }: Ground) => digestStore(db, config.tenantId);

/** Counting keeps one of the record's connections for as long as it takes; the others are for those who decide. */
const mostWaiting = 8;

export function digestFlows(ground: Ground, poke: () => void): DigestFlows {
  const { directory, store, now, policy } = ground;
  const digests = storeOf(ground);
  const figures = inTurn(digests.figures, { mostWaiting, what: 'digests are being counted' });
  const deps: OwnDigestDeps = {
    digests: { ...digests, figures },
    directory,
    store,
    now,
    policyPlans: policy.digestPlans,
    newDigestId,
    poke,
  };
  return {
    standing: (asker) => digestStanding(deps, asker),
    on: (asker, schedule) => digestOn(deps, asker, schedule),
    off: (asker) => digestOff(deps, asker),
    now: (asker) => digestNow(deps, asker),
    preview: (asker) => digestPreview(deps, asker),
    draw: ({ figures, schedule: { timezone } }) => digestCard({ kind: 'preview', figures, timezone, late: null, draw: () => null }),
  };
}

/** A person may ask for one at any time, and the clock goes on by itself. */
const beatMs = 2000;

/** Makes what is due, whichever bot is first. `personAt`: by platform, who a target is. */
export function digestLoop(
  ground: Ground & Pick<Foundation, 'startLoop'>,
  personAt: Record<Platform, (target: string) => AskingPerson | null>,
  poke: () => void,
): Loop {
  const { config, directory, log, now, policy, startLoop } = ground;
  const digests = storeOf(ground);
  const deps: DigestDeps = {
    digests,
    directory,
    personAt: ({ platform, conversation }) => personAt[platform](conversation),
    // By address no account is connected, and in Teams an account is always the same person's.
    isTheirs: async ({ platform, conversation }, entraId) =>
      platform === 'teams' ||
      config.identityMode === 'email' ||
      (await directory.slackAccountsOf(entraId)).some(({ userId }) => userId === conversation),
    policyPlans: policy.digestPlans,
    newDigestId,
    now,
    poke,
    delayed: ({ planKey, target }, error) => log.warn({ planKey, ...target, err: error }, 'a digest could not be made; it is tried again'),
  };
  const rests: DigestRests = new Map();
  let isKept = false;
  return startLoop({
    everyMs: beatMs,
    restMs: beatMs,
    run: async () => {
      if (!isKept) await digests.keepPlans(policy.digestPlans, config.platforms, now().toISOString());
      isKept = true;
      await runDigests(deps, rests);
      return null;
    },
    onError: (error) => log.error({ err: error }, 'making digests failed; it is tried again'),
  });
}

const draw = keepDrawn(drawChart);

/** Null: it is not kept any more. */
export async function drawDigest(ground: Ground, digestId: string): Promise<DigestCard | null> {
  const made = await storeOf(ground).get(digestId);
  if (made === null) return null;
  const { planKey, due, schedule, figures } = made;
  const shown = made.shownAt ?? ground.now().toISOString();
  const isLate = Date.parse(shown) - Date.parse(due) > lateMs;
  return digestCard({
    kind: planKey.startsWith('now:') ? 'now' : 'due',
    figures,
    timezone: schedule.timezone,
    late: isLate ? { due, shown } : null,
    draw: (chart) => pictureOf(ground, digestId, chart),
  });
}

/** A digest without its pictures is better than none. */
function pictureOf({ log }: Ground, digestId: string, chart: Chart): Uint8Array | null {
  try {
    return draw(chart);
  } catch (error) {
    log.error({ digestId, err: error }, 'a chart of a digest could not be drawn; its words are shown instead');
    return null;
  }
}
