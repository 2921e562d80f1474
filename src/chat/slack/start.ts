/** The first contact with Slack: who this app is there. Slack may be away for a while when we start; a refused token is said at once. */

import { setTimeout as delay } from 'node:timers/promises';
import type { SocketModeReceiver } from '@slack/bolt';
import { WebAPIPlatformError, type WebClient } from '@slack/web-api';
import { ConfigError, UpstreamError } from '../../action-center/errors.ts';
import type { Log } from '../../action-center/ports.ts';
import { surfaceErrorOf } from './surface-errors.ts';

export type Account = {
  teamId: string;
  enterpriseId: string | null;
  botId: string;
  botUserId: string;
  /** The workspace's own address, which every message in it has a part of; null when Slack names none. */
  workspaceUrl: string | null;
};

const firstPauseMs = 250;
const longestPauseMs = 5000;

/** `deadline` as `performance.now()` counts. */
export async function whoAmI(client: WebClient, { deadline, log }: { deadline: number; log: Log }): Promise<Account> {
  for (let pause = firstPauseMs; ; pause = Math.min(pause * 2, longestPauseMs)) {
    try {
      return await askOnce(client);
    } catch (error) {
      if (error instanceof ConfigError) throw error;
      const wait = Math.max(pause, surfaceErrorOf(error).retryAfterMs ?? 0);
      if (performance.now() + wait >= deadline) {
        throw new UpstreamError('slack', 'Slack did not say who this app is', { retryable: true, cause: error });
      }
      log.warn({ err: error, againInMs: wait }, 'Slack does not answer yet; it is asked again');
      await delay(wait);
    }
  }
}

async function askOnce(client: WebClient): Promise<Account> {
  try {
    const { team_id: teamId, enterprise_id: enterpriseId = null, bot_id: botId, user_id: botUserId, url } = await client.auth.test();
    if (teamId && botId && botUserId) return { teamId, enterpriseId, botId, botUserId, workspaceUrl: url ?? null };
    throw new ConfigError(['SLACK_BOT_TOKEN: is not the token of a bot in a workspace; it starts with xoxb-']);
  } catch (error) {
    const code = refusedToken(error);
    throw code === null ? error : new ConfigError([`SLACK_BOT_TOKEN: Slack refuses it (${code})`]);
  }
}

/** Slack answered and said no: asking again gives the same answer. */
function refusedToken(error: unknown): string | null {
  if (!(error instanceof WebAPIPlatformError)) return null;
  return surfaceErrorOf(error).trouble === 'unreachable' ? error.data.error : null;
}

/** Connects Socket Mode, or gives up at the deadline. */
export async function connectSocket(socket: SocketModeReceiver, { deadline }: { deadline: number }): Promise<void> {
  const controller = new AbortController();
  const late = async (): Promise<never> => {
    await delay(Math.max(0, deadline - performance.now()), undefined, { signal: controller.signal });
    throw new UpstreamError('slack', 'Socket Mode could not be connected', { retryable: true });
  };
  const waiting = late();
  // Ends with the AbortError of a timer nobody needs any more.
  waiting.catch(() => {});
  try {
    await Promise.race([socket.start(), waiting]);
  } catch (error) {
    const code = refusedToken(error);
    if (code !== null) throw new ConfigError([`SLACK_APP_TOKEN: Slack refuses it (${code})`]);
    if (error instanceof UpstreamError) await socket.stop();
    throw error;
  } finally {
    controller.abort();
  }
}
