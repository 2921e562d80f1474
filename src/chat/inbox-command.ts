/** The inbox as an answer to one person: read, and drawn as a neutral card. Whatever happens becomes a card that says so. */
import type { Platform } from '../action-center/action.ts';
import { UpstreamError } from '../action-center/errors.ts';
import type { AskingPerson } from '../action-center/identify.ts';
import { type InboxDeps, type InboxStore, inboxOf } from '../action-center/inbox.ts';
import type { Log } from '../action-center/ports.ts';
import { emptyInbox, type InboxCard, inboxCard } from './inbox-card.ts';
import { inboxBugText, inboxFailed, inboxRefusalText } from './inbox-words.ts';
import { newTroubleId } from './trouble-id.ts';

export type InboxCommandDeps = Omit<InboxDeps, 'store'> & { inboxStore: InboxStore; log: Log };
export type InboxAsked = { person: AskingPerson; platform: Platform; clickId: string };

/** Never rejects. */
export async function answerInbox(deps: InboxCommandDeps, { person, platform, clickId }: InboxAsked): Promise<InboxCard> {
  const { inboxStore, log } = deps;
  try {
    const found = await inboxOf({ ...deps, store: inboxStore }, person);
    if (!found.ok) return emptyInbox(inboxRefusalText(found.refusal, platform));
    const { waiting, decided } = found.value;
    const ids = new Set([...waiting, ...decided.map(({ action }) => action)].map(({ id }) => id));
    return inboxCard(found.value, await inboxStore.places(platform, [...ids]));
  } catch (error) {
    if (error instanceof UpstreamError) {
      log.error({ clickId, service: error.service, err: error }, 'an inbox got no answer from the record');
      return emptyInbox(inboxFailed);
    }
    const troubleId = newTroubleId();
    log.error({ clickId, troubleId, err: error }, 'an inbox failed');
    return emptyInbox(inboxBugText(troubleId));
  }
}
