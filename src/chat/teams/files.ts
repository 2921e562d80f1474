/**
 * Files for one person: Teams takes them only in the person's own chat with the bot, and only after asking the person, who then has the file in
 * their own OneDrive. The yes may reach another bot, minutes later: it carries the name under which the export waits.
 * https://learn.microsoft.com/microsoftteams/platform/bots/how-to/bots-filesv4
 */
import { z } from 'zod';
import type { Log } from '../../action-center/ports.ts';
import { ok } from '../../action-center/refusal.ts';
import type { ExportFile } from '../export-file.ts';
import type { Courier, ExportJobs } from '../export-jobs.ts';
import { declinedText } from '../export-words.ts';
import type { Arrival } from './activity.ts';
import { admit, type PrivateAnswersDeps, patiently, personalChats, type TellPrivately } from './answers.ts';
import type { Message } from './connector.ts';
import { type InvokeAnswer, notOffered } from './invoke.ts';
import { renderLine, renderLines } from './render.ts';
import type { TeamsSettings } from './settings.ts';

export type Offer = Parameters<NonNullable<Courier['offer']>>[0];
export type OfferFile = (arrival: Arrival, offer: Offer) => Promise<void>;

const consentType = 'application/vnd.microsoft.teams.card.file.consent';
const infoType = 'application/vnd.microsoft.teams.card.file.info';
const patienceMs = 10_000;

/** Puts the question into the person's own chat. Throws SurfaceError when that was not possible. */
export function fileOffers(deps: PrivateAnswersDeps): OfferFile {
  const chats = personalChats(deps.connector);
  return async (arrival, { fileName, description, sizeGuess, name }) => {
    const { person, serviceUrl } = arrival;
    if (person === null) throw new Error('nobody asked for this file');
    const context = { export: name };
    const content = { description, sizeInBytes: sizeGuess, acceptContext: context, declineContext: context };
    const message: Message = { attachments: [{ contentType: consentType, name: fileName, content }] };
    await patiently(async () => {
      const conversation = await chats.open(arrival, person.id);
      await admit(deps, conversation);
      await deps.connector.post({ serviceUrl, conversation }, message);
    }, patienceMs);
  };
}

export const courierOf = (tell: TellPrivately, arrival: Arrival): Pick<Courier, 'tell' | 'mention'> => ({
  tell: (...lines) => tell(arrival, renderLines(lines)),
  mention: (line) => tell(arrival, renderLine(line)),
});

export type FileConsentDeps = {
  exports: Pick<ExportJobs, 'accept'>;
  answers: PrivateAnswersDeps;
  settings: TeamsSettings;
  tell: TellPrivately;
  /** Told of what goes on after the request is answered, so that a stop waits for it. Never rejects. */
  track: (work: Promise<void>) => void;
  log: Log;
};

const Consent = z.object({
  action: z.enum(['accept', 'decline']),
  context: z.object({ export: z.string().regex(/^[\w-]{43}$/) }),
  uploadInfo: z
    .object({
      contentUrl: z.url({ protocol: /^https?$/ }),
      name: z.string().min(1).max(400),
      uploadUrl: z.url({ protocol: /^https?$/ }),
      uniqueId: z.string().min(1).max(200),
      fileType: z.string().max(50).nullish(),
    })
    .nullish(),
});
type Consent = z.infer<typeof Consent>;
type Upload = NonNullable<Consent['uploadInfo']>;

export const isFileConsent = ({ activity }: Arrival): boolean => activity.name === 'fileConsent/invoke';

/** Answered at once; the file follows. */
export function onFileConsent(deps: FileConsentDeps, arrival: Arrival): InvokeAnswer {
  const consent = Consent.safeParse(arrival.activity.value).data;
  if (!consent || arrival.person === null) return notOffered;
  const { requestKey: clickId } = arrival;
  const done = answered(deps, arrival, consent, arrival.person.entraId);
  deps.track(
    done.catch((error: unknown) => deps.log.error({ clickId, err: error }, 'the answer to an offered file could not be followed')),
  );
  return { status: 200 };
}

async function answered(deps: FileConsentDeps, arrival: Arrival, consent: Consent, entraId: string): Promise<void> {
  const { organisation, requestKey: clickId } = arrival;
  const { uploadInfo: upload } = consent;
  await withoutQuestion(deps, arrival);
  if (consent.action === 'decline' || !upload) return deps.tell(arrival, renderLine(declinedText));
  await deps.exports.accept({
    name: consent.context.export,
    by: `teams:${organisation}/${entraId}`,
    person: async () => ok({ platform: 'teams', tenantId: organisation, entraId }),
    platform: 'teams',
    clickId,
    courier: courierOf(deps.tell, arrival),
    put: async (file, signal) => {
      if (!isMicrosofts(upload.uploadUrl, deps.settings)) throw new Error('Teams named an address for the upload that is not Microsoft’s');
      await putPieces(upload.uploadUrl, file, signal);
      await shown(deps, arrival, upload);
    },
  });
}

/** The question is answered: it must not be answered twice. */
async function withoutQuestion(
  { answers, log }: FileConsentDeps,
  { serviceUrl, conversation, activity, requestKey }: Arrival,
): Promise<void> {
  if (!activity.replyToId) return;
  try {
    const question = activity.replyToId;
    await patiently(async () => {
      await admit(answers, conversation);
      await answers.connector.remove({ serviceUrl, conversation }, question);
    }, patienceMs);
  } catch (error) {
    log.warn({ clickId: requestKey, err: error }, 'an answered question about a file could not be taken away');
  }
}

/** OneDrive for work and school in every cloud, or the stand-in that TEAMS_SERVICE_URLS names. */
function isMicrosofts(address: string, { serviceUrls }: TeamsSettings): boolean {
  const { protocol, hostname, origin } = new URL(address);
  if (serviceUrls.some((allowed) => URL.parse(allowed)?.origin === origin)) return true;
  return protocol === 'https:' && /\.sharepoint(-mil)?\.(com|us)$/.test(hostname);
}

/** A multiple of 320 KiB, as OneDrive wants its pieces, and far below the 60 MiB it takes at once. */
const pieceBytes = 32 * 320 * 1024;
const pieceDeadlineMs = 120_000;

/** The address is a secret of its own: no token goes there. */
async function putPieces(address: string, { blob, size }: ExportFile, signal: AbortSignal): Promise<void> {
  if (size === 0) throw new Error('an empty file cannot be uploaded');
  for (let from = 0; from < size; from += pieceBytes) {
    const to = Math.min(size, from + pieceBytes);
    const response = await fetch(address, {
      method: 'PUT',
      headers: { 'content-type': 'application/octet-stream', 'content-range': `bytes ${from}-${to - 1}/${size}` },
      body: blob.slice(from, to),
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(pieceDeadlineMs)]),
    });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`OneDrive answered ${response.status} to an upload`);
  }
}

/** The file is there; a message that could not be posted does not take it away again. */
async function shown({ answers, log }: FileConsentDeps, { serviceUrl, conversation, requestKey }: Arrival, upload: Upload): Promise<void> {
  const { contentUrl, name, uniqueId, fileType } = upload;
  const message: Message = {
    attachments: [{ contentType: infoType, name, contentUrl, content: { uniqueId, fileType: fileType ?? 'csv' } }],
  };
  try {
    await patiently(async () => {
      await admit(answers, conversation);
      await answers.connector.post({ serviceUrl, conversation }, message);
    }, patienceMs);
  } catch (error) {
    log.warn({ clickId: requestKey, err: error }, 'a file is in its OneDrive, and its card could not be posted');
  }
}
