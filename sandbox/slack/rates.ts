// Slack's rate limits as token buckets on the world's clock. Tiers are documented as "N+ a minute, with occasional bursts"
// (https://docs.slack.dev/apis/web-api/rate-limits); the burst sizes are not documented and are this file's reading.

export type Rate = { perMinute: number; burst: number };

const TIER_3: Rate = { perMinute: 50, burst: 20 };
const TIER_4: Rate = { perMinute: 100, burst: 40 };
/** "1 message per second per channel", with short bursts tolerated: same page, "Posting messages". */
export const POSTING_PER_CHANNEL: Rate = { perMinute: 60, burst: 4 };
/** "Several hundred messages per minute" for a whole workspace: same page. */
const POSTING_PER_WORKSPACE: Rate = { perMinute: 300, burst: 100 };
/** "Hundreds of requests per minute": auth.test's own page. */
const SPECIAL_AUTH_TEST: Rate = { perMinute: 600, burst: 100 };

/** Each method's tier, from its page under https://docs.slack.dev/reference/methods */
export const METHOD_RATES: Record<string, Rate> = {
  'auth.test': SPECIAL_AUTH_TEST,
  'apps.connections.open': { perMinute: 1, burst: 20 },
  'chat.postMessage': POSTING_PER_WORKSPACE,
  'chat.update': TIER_3,
  'chat.delete': TIER_3,
  'chat.postEphemeral': TIER_4,
  'chat.getPermalink': SPECIAL_AUTH_TEST,
  'users.info': TIER_4,
  'users.lookupByEmail': TIER_3,
  'conversations.info': TIER_3,
  'conversations.history': TIER_3,
  'conversations.replies': TIER_3,
  'conversations.open': TIER_3,
  'files.getUploadURLExternal': TIER_4,
  'files.completeUploadExternal': TIER_4,
  'views.open': TIER_4,
  'views.update': TIER_4,
  'views.push': TIER_4,
  'views.publish': TIER_4,
};

export type Buckets = { /** Seconds to wait, 0 when the call may go ahead. */ take(key: string, rate: Rate): number };

export function createBuckets(now: () => number): Buckets {
  const buckets = new Map<string, { tokens: number; at: number }>();
  return {
    take(key, rate) {
      const at = now();
      const bucket = buckets.get(key) ?? { tokens: rate.burst, at };
      const tokens = Math.min(rate.burst, bucket.tokens + ((at - bucket.at) / 60_000) * rate.perMinute);
      const allowed = tokens >= 1;
      buckets.set(key, { tokens: allowed ? tokens - 1 : tokens, at });
      return allowed ? 0 : Math.max(1, Math.ceil(((1 - tokens) * 60) / rate.perMinute));
    },
  };
}
