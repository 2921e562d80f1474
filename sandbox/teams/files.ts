// Files in a personal chat: the bot asks, the person says yes, and OneDrive takes the file in pieces.
// https://learn.microsoft.com/microsoftteams/platform/bots/how-to/bots-filesv4

import type { IncomingMessage, ServerResponse } from 'node:http';
import { badRequest, type HttpAnswer } from './answers.ts';
import { addProblem, type Conversation, type TeamsState, type Upload } from './state.ts';
import type { FileOffer } from './types.ts';
import { type Fields, fieldsOf, listOf, textOf } from './values.ts';

export const ONEDRIVE = '/onedrive/upload/';
const CONSENT = 'application/vnd.microsoft.teams.card.file.consent';
const INFO = 'application/vnd.microsoft.teams.card.file.info';
/** https://learn.microsoft.com/graph/api/driveitem-createuploadsession: pieces of a multiple of 320 KiB, each below 60 MiB. */
const PIECE = 327_680;
const PIECE_MAX = 60 * 1_048_576;

/** The question in an activity the bot sends, if there is one. */
export function offerOf(activity: Fields): FileOffer | null {
  const consent = listOf(activity['attachments'])
    .map(fieldsOf)
    .find(({ contentType }) => contentType === CONSENT);
  if (consent === undefined) return null;
  const { description, sizeInBytes, acceptContext, declineContext } = fieldsOf(consent['content']);
  return { name: textOf(consent['name']), description: textOf(description), size: Number(sizeInBytes), acceptContext, declineContext };
}

/** Teams takes file cards only in personal chats, and only of bots whose manifest says so. */
export function refuseFiles(state: TeamsState, { type, id }: Conversation, activity: Fields): HttpAnswer | null {
  const kinds = listOf(activity['attachments']).map((it) => textOf(fieldsOf(it)['contentType']));
  if (!kinds.some((kind) => kind === CONSENT || kind === INFO)) return null;
  if (state.options.supportsFiles === false) return badRequest('The bot does not support files.');
  const offer = offerOf(activity);
  if (type !== 'personal') addProblem(state, `a file card in ${id}, which is no personal chat`);
  else if (offer !== null && (offer.name === '' || !(offer.size > 0))) addProblem(state, 'a file card without a name or a size');
  return type === 'personal' ? null : badRequest('File cards are only for personal chats.');
}

/** One piece of a file. */
export async function takePiece(state: TeamsState, path: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const end = (status: number, body: object): void => {
    res.writeHead(status, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(body));
  };
  const fault = state.faults.take('upload');
  if (fault?.kind === 'reset') return void res.socket?.resetAndDestroy();
  if (fault !== undefined) return end(503, { error: { code: 'serviceNotAvailable' } });
  if (req.headers.authorization !== undefined) addProblem(state, 'an upload: a token was sent to an address that needs none');
  const upload = state.uploads.get(path.slice(ONEDRIVE.length));
  if (req.method !== 'PUT' || upload === undefined || upload.isWhole) return end(404, { error: { code: 'itemNotFound' } });
  const [, from, to, total] = (/^bytes (\d+)-(\d+)\/(\d+)$/.exec(req.headers['content-range'] ?? '') ?? []).map(Number);
  const bytes = await readPiece(req);
  const problem = bytes === undefined ? 'is larger than 60 MiB' : pieceProblem(upload, { from, to, total, length: bytes.length });
  if (bytes === undefined || problem !== null || total === undefined) {
    addProblem(state, `a piece of ${upload.name} ${problem ?? 'names no range'}`);
    return end(416, { error: { code: 'invalidRange' } });
  }
  upload.pieces.push(bytes);
  upload.size += bytes.length;
  upload.total = total;
  upload.isWhole = upload.size === total;
  end(
    upload.isWhole ? 201 : 202,
    upload.isWhole ? { id: path.slice(ONEDRIVE.length), name: upload.name } : { nextExpectedRanges: [`${upload.size}-`] },
  );
}

type Piece = { from: number | undefined; to: number | undefined; total: number | undefined; length: number };

function pieceProblem({ size, total: before }: Upload, { from, to, total, length }: Piece): string | null {
  if (from === undefined || to === undefined || total === undefined) return 'names no range';
  if (from !== size) return `begins at ${from} where ${size} comes next`;
  if (to - from + 1 !== length) return `says it has ${to - from + 1} bytes and has ${length}`;
  if (before !== null && before !== total) return `says the file has ${total} bytes; before it was ${before}`;
  return to + 1 < total && length % PIECE !== 0 ? 'is no multiple of 320 KiB' : null;
}

async function readPiece(req: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size >= PIECE_MAX) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
