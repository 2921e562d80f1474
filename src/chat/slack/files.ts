/** Files for one person: uploaded into their own chat with the app, where nobody else sees them. Needs the scopes files:write and im:write. */
import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import type { Log } from '../../action-center/ports.ts';
import type { ExportFile } from '../export-file.ts';

/** Throws when the file did not arrive, or nobody can say whether it did. */
export type SendFile = (userId: string, file: ExportFile, how: { comment: string; signal: AbortSignal }) => Promise<void>;

/** 512 MB in ten minutes is what a slow line still carries. */
const uploadDeadlineMs = 600_000;

const Opened = z.object({ channel: z.object({ id: z.string().min(1) }) });
const Ticket = z.object({ upload_url: z.url({ protocol: /^https?$/ }), file_id: z.string().min(1) });

export function fileSender({ client, apiUrl, log }: { client: WebClient; apiUrl: string | null; log: Log }): SendFile {
  return async (userId, { name, size, blob }, { comment, signal }) => {
    const { channel } = Opened.parse(await client.conversations.open({ users: userId }));
    const sharing = { channel_id: channel.id, initial_comment: comment };
    await upload(
      { client, apiUrl },
      { name, size, body: blob },
      { sharing, signal: AbortSignal.any([signal, AbortSignal.timeout(uploadDeadlineMs)]) },
    );
    log.info({ slackUser: userId, size }, 'an export was handed over as a file');
  };
}

type Uploaded = { name: string; size: number; body: Blob };

/** The id of the file. Without `sharing` nobody sees it before a message shows it. Throws when it did not arrive, or nobody can say whether it did. */
export async function upload(
  { client, apiUrl }: { client: WebClient; apiUrl: string | null },
  { name, size, body }: Uploaded,
  { signal, sharing }: { signal: AbortSignal; sharing?: { channel_id: string; initial_comment: string } },
): Promise<string> {
  const ticket = Ticket.parse(await client.files.getUploadURLExternal({ filename: name, length: size }));
  if (!isSlacks(ticket.upload_url, apiUrl)) throw new Error('Slack named an address for the upload that is not its own');
  // The address is a secret of its own; no token goes there.
  const response = await fetch(ticket.upload_url, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body,
    redirect: 'error',
    signal,
  });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`Slack answered ${response.status} to an upload`);
  await client.files.completeUploadExternal({ files: [{ id: ticket.file_id, title: name }], ...sharing });
  return ticket.file_id;
}

/** Slack's own hosts over https, or the stand-in that SLACK_API_URL names. */
function isSlacks(url: string, apiUrl: string | null): boolean {
  const { protocol, hostname, origin } = new URL(url);
  if (apiUrl !== null && new URL(apiUrl).origin === origin) return true;
  return protocol === 'https:' && /(^|\.)slack(-files|-gov)?\.com$/.test(hostname);
}
