// Files: https://docs.slack.dev/messaging/working-with-files - announced with their size, sent to an address of their own, then shared once.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { readUpTo } from '../read-body.ts';
import { addCall, addProblem, postMessage, type SlackState } from './state.ts';
import type { ApiAnswer, Args, SlackFile } from './types.ts';

export const UPLOADS = '/upload/v1/';
/** "1 GB": https://slack.com/help/articles/201330736 */
const SIZE_MAX = 1_073_741_824;
/** This machine keeps no more of one. */
const KEPT_MAX = 256 * 1_048_576;
const WAITING_MAX = 1_000;
const FILES_MAX = 1_000;

const refuse = (error: string): ApiAnswer => ({ ok: false, error });

export function filesGetUploadUrlExternal(state: SlackState, args: Args): ApiAnswer {
  const length = Number(args['length']);
  const name = String(args['filename']);
  if (!Number.isInteger(length) || length < 1) return refuse('invalid_arguments');
  if (length > SIZE_MAX) return refuse('file_upload_size_restricted');
  const id = state.newId('F');
  const secret = state.newId('CwA');
  state.uploads.set(id, { id, secret, name, length, bytes: null });
  const [oldest] = state.uploads.keys();
  if (state.uploads.size > WAITING_MAX && oldest !== undefined) state.uploads.delete(oldest);
  return { ok: true, upload_url: `${state.origin}${UPLOADS}${secret}${id}`, file_id: id };
}

/** Anybody who knows the address may post to it; a token is none of its business. */
export async function takeUpload(state: SlackState, path: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const at = state.now();
  const fault = state.faults.take('upload', {});
  const end = (status: number, text: string, error?: string): void => {
    addCall(state, {
      method: 'upload',
      args: {},
      token: undefined,
      at,
      ok: status === 200,
      status,
      ...(error === undefined ? {} : { error }),
    });
    res.writeHead(status, { 'content-type': 'text/plain', connection: 'close' }).end(text);
  };
  if (fault?.kind === 'reset') return void res.socket?.resetAndDestroy();
  if (fault !== undefined) return end(500, 'upload failed', fault.kind);
  if (req.headers.authorization !== undefined) addProblem(state, 'upload: a token was sent to the address of an upload');
  const upload = [...state.uploads.values()].find(({ id, secret }) => path === `${UPLOADS}${secret}${id}`);
  if (req.method !== 'POST' || upload === undefined) return end(404, 'not found', 'not_found');
  const bytes = await readUpTo(req, Math.min(upload.length, KEPT_MAX));
  if (bytes?.length !== upload.length) {
    addProblem(state, `upload: ${upload.name} was announced with ${upload.length} bytes and came with ${bytes?.length ?? 'more'}`);
    return end(400, 'size mismatch', 'size_mismatch');
  }
  upload.bytes = bytes;
  end(200, `OK - ${bytes.length}`);
}

const PICTURES = [Buffer.from([0x89, 0x50, 0x4e, 0x47]), Buffer.from([0xff, 0xd8, 0xff]), Buffer.from('GIF8')];

/**
 * Pictures in blocks that are no pictures here: https://docs.slack.dev/reference/block-kit/composition-objects/slack-file-object takes the id of a
 * file in one of png, jpg, jpeg and gif that the app has uploaded.
 */
export function missingPictures(state: SlackState, blocks: readonly unknown[]): string[] {
  return blocks.flatMap((it) => {
    const { type, slack_file: file } = (it ?? {}) as { type?: unknown; slack_file?: { id?: unknown } };
    if (type !== 'image' || file === undefined) return [];
    const { bytes } = state.files.get(String(file.id)) ?? {};
    return bytes && PICTURES.some((start) => bytes.subarray(0, start.length).equals(start))
      ? []
      : [`invalid slack file: ${String(file.id)}`];
  });
}

function keep(state: SlackState, files: readonly SlackFile[]): void {
  for (const file of files) {
    state.uploads.delete(file.id);
    state.files.set(file.id, file);
  }
  for (const id of state.files.keys()) if (state.files.size > FILES_MAX) state.files.delete(id);
}

export function filesCompleteUploadExternal(state: SlackState, args: Args): ApiAnswer {
  const asked = Array.isArray(args['files']) ? (args['files'] as { id?: unknown; title?: unknown }[]) : [];
  if (asked.length === 0) return refuse('invalid_arguments');
  const files: SlackFile[] = [];
  for (const { id, title } of asked) {
    const upload = state.uploads.get(String(id));
    if (upload?.bytes === null || upload === undefined) return refuse('file_not_found');
    files.push({ id: upload.id, name: upload.name, title: String(title ?? upload.name), size: upload.length, bytes: upload.bytes });
  }
  const channel = args['channel_id'] === undefined ? undefined : state.channels.get(String(args['channel_id']));
  if (args['channel_id'] !== undefined && channel === undefined) return refuse('channel_not_found');
  if (channel?.botIsMember === false) return refuse('not_in_channel');
  keep(state, files);
  if (channel !== undefined) postMessage(state, channel, { text: String(args['initial_comment'] ?? ''), blocks: [], files });
  return { ok: true, files: files.map(({ id, title }) => ({ id, title })) };
}
