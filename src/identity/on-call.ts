/**
 * Who is on call now: a file that others keep (`ON_CALL_FILE`), or a webhook that is asked (`ON_CALL_URL`). What cannot be read or understood is no
 * answer, and the reminder goes to the next rung.
 */
import { createHmac } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { EntraId } from '../action-center/action.ts';
import { UpstreamError } from '../action-center/errors.ts';
import type { RemediationAction } from '../action-center/intake.ts';
import type { OnCall } from '../action-center/reminder-ports.ts';
import { within } from './within.ts';

export type OnCallSettings = { file: string } | { url: string; secret: string };

const maxBytes = 256 * 1024;
const fileDeadlineMs = 2000;
const webhookDeadlineMs = 5000;
/** More people than this at once is a mistake: nobody calls a whole company. */
const peopleMost = 20;
/** Named to the webhook; the count says how many there are. */
const namedMost = 20;

const when = z.iso.datetime({ offset: true }).transform((at) => new Date(at).toISOString());
const Person = z.strictObject({
  entraId: z
    .guid()
    .transform((id) => id.toLowerCase())
    .pipe(EntraId),
  name: z.string().max(200).optional(),
  /** Left out: always. */
  from: when.optional(),
  until: when.optional(),
});
const Answer = z.strictObject({ people: z.array(Person).max(500) });

/** `deadlineMs`: for the whole answer. */
export function onCallSource(
  settings: OnCallSettings,
  { deadlineMs = 'file' in settings ? fileDeadlineMs : webhookDeadlineMs }: { deadlineMs?: number } = {},
): OnCall {
  return async ({ at, actions }) => {
    try {
      const content =
        'file' in settings
          ? await within(deadlineMs, readOnCallFile(settings.file))
          : await askWebhook(settings, { at, actions, deadlineMs });
      const { people } = Answer.parse(JSON.parse(content));
      const now = people.filter(({ from, until }) => (from === undefined || from <= at) && (until === undefined || at < until));
      return [...new Set(now.map(({ entraId }) => entraId))].slice(0, peopleMost);
    } catch (error) {
      throw new UpstreamError('onCall', `who is on call is not known: ${reasonOf(error)}`, { retryable: true, cause: error });
    }
  };
}

async function readOnCallFile(path: string): Promise<string> {
  const { size } = await stat(path);
  if (size > maxBytes) throw new Error(`the file is larger than ${maxBytes} bytes`);
  return readFile(path, 'utf8');
}

type Question = Parameters<OnCall>[0] & { deadlineMs: number };

/** Signed as submissions are, so that the receiver knows who asks. */
async function askWebhook({ url, secret }: { url: string; secret: string }, { at, actions, deadlineMs }: Question) {
  const body = JSON.stringify({ version: 1, at, count: actions.length, actions: actions.slice(0, namedMost).map(summary) });
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex');
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-countersign-timestamp': timestamp,
      'x-countersign-signature': `v1=${signature}`,
    },
    body,
    redirect: 'error',
    signal: AbortSignal.timeout(deadlineMs),
  });
  const text = await bounded(response);
  if (!response.ok) throw new Error(`the webhook answered ${response.status}`);
  return text;
}

const summary = ({ id, type, severity, title, asset, expiresAt }: RemediationAction) => ({
  id,
  type,
  severity,
  title,
  asset: asset ?? null,
  expiresAt,
});

/** Read to its end or to the bound, whichever comes first: an endless answer ends here. */
async function bounded(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let [text, size] = ['', 0];
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > maxBytes) throw new Error(`the webhook answered more than ${maxBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** Never what was read: JSON.parse quotes it. */
function reasonOf(error: unknown): string {
  if (error instanceof SyntaxError) return 'the answer is not JSON';
  if (error instanceof z.ZodError) return `${error.issues[0]?.path.join('.') || 'the answer'}: ${error.issues[0]?.message ?? 'is wrong'}`;
  if (error instanceof Error && error.name === 'TimeoutError') return 'no answer in time';
  // Of a connection that fails only the cause says why.
  for (const one of error instanceof Error ? [error, error.cause] : [])
    if (one instanceof Error && 'code' in one && typeof one.code === 'string') return one.code;
  return error instanceof Error ? error.message : String(error);
}
