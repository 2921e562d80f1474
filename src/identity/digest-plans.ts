/** The digests of the policy as plans: one for each that is to get one. */
import { createHash } from 'node:crypto';
import type { Platform } from '../action-center/action.ts';
import type { DigestPlan } from '../action-center/digest.ts';
import { Weekday } from '../action-center/digest-schedule.ts';
import { canonicalJson } from '../action-center/scope.ts';
import type { PolicyDigest } from './policy-file.ts';

/** A platform that is off is left out. Holidays are no part of the key: each year brings others, and the digest stays the same. */
export function digestPlans(digests: readonly PolicyDigest[], on: readonly Platform[]): DigestPlan[] {
  const plans = new Map<string, DigestPlan>();
  for (const digest of digests) {
    const { at, timezone, holidays } = digest;
    const weekdays = Weekday.options.filter((day) => digest.weekdays?.includes(day) ?? true);
    const planKey = `policy:${createHash('sha256').update(canonicalJson({ at, timezone, weekdays })).digest('hex').slice(0, 16)}`;
    for (const platform of on)
      for (const conversation of digest[platform]) {
        const plan = { planKey, target: { platform, conversation }, entraId: null, schedule: { at, timezone, weekdays, holidays } };
        plans.set(`${planKey} ${platform} ${conversation}`, plan);
      }
  }
  return [...plans.values()];
}
