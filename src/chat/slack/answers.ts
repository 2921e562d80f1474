/** Private answers to the person who pressed. Through the response_url, else as an ephemeral message; never silence without a log line. */

import type { WebClient } from '@slack/web-api';
import type { Log } from '../../action-center/ports.ts';
import type { SlackContent } from './render.ts';

/** `responseUrl` is a bearer secret: it is never logged. */
export type Reader = { userId: string; channel: string | null; responseUrl: string | null };
/** `replace`: instead of the message that was pressed on, which only this person sees. */
export type TellPrivately = (reader: Reader, content: SlackContent, how?: { replace: boolean }) => Promise<void>;

const deadlineMs = 5000;

export function privateAnswers({ client, log }: { client: WebClient; log: Log }): TellPrivately {
  return async (reader, content, { replace } = { replace: false }) => {
    if (reader.responseUrl !== null && (await viaResponseUrl(reader.responseUrl, { replace_original: replace, ...content }, log))) return;
    if (reader.channel === null) {
      log.warn({ slackUser: reader.userId }, 'a private answer could not be delivered: the press named no channel');
      return;
    }
    try {
      await client.chat.postEphemeral({ channel: reader.channel, user: reader.userId, ...content });
    } catch (error) {
      log.warn({ slackUser: reader.userId, channel: reader.channel, err: error }, 'a private answer could not be delivered');
    }
  };
}

async function viaResponseUrl(url: string, content: SlackContent & { replace_original: boolean }, log: Log): Promise<boolean> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: JSON.stringify({ response_type: 'ephemeral', ...content }),
      redirect: 'error',
      signal: AbortSignal.timeout(deadlineMs),
    });
    // Read to its end (a few bytes): an answer thrown away would throw its connection away as well.
    await response.arrayBuffer();
    if (response.ok) return true;
    log.warn({ status: response.status }, 'Slack refused a private answer; it is sent another way');
  } catch (error) {
    // The message of such an error may hold the address.
    log.warn({ reason: error instanceof Error ? error.name : 'unknown' }, 'Slack did not take a private answer; it is sent another way');
  }
  return false;
}
