/** Clients for Slack's Web API: no retries of their own, a deadline each, and nothing shared between them or between workspaces. */

import { LogLevel } from '@slack/bolt';
import { type FetchFunction, type Logger, WebClient, type WebClientOptions } from '@slack/web-api';
import type { Log } from '../../action-center/ports.ts';
import { apiUrlOf } from './api-url.ts';

export type ClientSettings = { apiUrl: string | null; log: Log; timeoutMs: number };

/** Used where Slack says "too many" without saying for how long. */
const unnamedPauseSeconds = 30;

/**
 * A client of its own for each purpose: one client shares one queue, and a pause for one call would hold the others.
 * Never hand `headers` in: web-api writes the token into that object, and whoever shares it sends somebody else's.
 */
export const slackClient = (token: string, settings: ClientSettings): WebClient => new WebClient(token, clientOptions(settings));

export function clientOptions({ apiUrl, log, timeoutMs }: ClientSettings): WebClientOptions {
  return {
    slackApiUrl: apiUrlOf(apiUrl),
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: timeoutMs,
    allowAbsoluteUrls: false,
    logger: quietLogger(log),
    fetch: fetchWithPause,
  };
}

/** web-api gives a 429 without a usable Retry-After no class of its own (node-slack-sdk #1421), so it gets one here. */
const fetchWithPause: FetchFunction = async (url, init) => {
  const response = await fetch(url, init);
  if (response.status !== 429 || Number.parseInt(response.headers.get('retry-after') ?? '', 10) >= 0) return response;
  const headers = new Headers(response.headers);
  headers.set('retry-after', String(unnamedPauseSeconds));
  return new Response(response.body, { status: 429, headers });
};

/** Slack's libraries log bodies on `debug`; only what they warn of reaches our log. */
export function quietLogger(log: Log): Logger {
  const text = (parts: unknown[]) => parts.map((part) => (part instanceof Error ? part.message : String(part))).join(' ');
  return {
    debug: () => {},
    info: () => {},
    warn: (...parts) => log.warn({ from: 'slack-sdk' }, text(parts)),
    error: (...parts) => log.error({ from: 'slack-sdk' }, text(parts)),
    setLevel: () => {},
    setName: () => {},
    getLevel: () => LogLevel.WARN,
  };
}
