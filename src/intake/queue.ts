/** The queue `actions`: the same body as `POST /v1/actions`, for producers that already speak BullMQ. */
import type { Issue } from '../action-center/announce.ts';
import { type Announce, conflictText, readSubmission } from './submission.ts';

/** A message that can never be stored: put aside, never tried again. */
export class PoisonedMessage extends Error {
  override name = 'PoisonedMessage' as const;
}

/** Throws PoisonedMessage for what is wrong by itself; a failing store throws its own error and the message is tried again. */
export async function takeSubmission(data: unknown, announce: Announce): Promise<{ id: string; status: string; new: boolean }> {
  const read = readSubmission(data);
  if ('issues' in read) throw new PoisonedMessage(told(read.issues));
  const announced = await announce(read.intake);
  if (announced.kind === 'invalid') throw new PoisonedMessage(told(announced.issues));
  if (announced.kind === 'conflict') throw new PoisonedMessage(conflictText(announced));
  return { id: announced.action.id, status: announced.action.status, new: announced.kind === 'accepted' };
}

const told = (issues: Issue[]): string =>
  issues
    .map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
    .join('; ')
    .slice(0, 2000);
