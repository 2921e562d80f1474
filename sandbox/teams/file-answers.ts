// A person answers the question about a file.

import { randomUUID } from 'node:crypto';
import { invokeOf } from './activities.ts';
import { deliverInvoke } from './deliver.ts';
import { ONEDRIVE } from './files.ts';
import { conversationOf, personalChatOf, personOf, type TeamsState } from './state.ts';
import type { Ack, TeamsMessage } from './types.ts';

/** The person presses Allow or Decline. */
export async function answerOffer(
  state: TeamsState,
  p: { person: string; conversation: string; messageId: string; accept: boolean; url?: string },
): Promise<Ack> {
  const conversation = conversationOf(state, p.conversation);
  const offer = conversation.messages.get(p.messageId)?.offer;
  if (!offer) throw new Error(`The message ${p.messageId} offers no file`);
  const id = randomUUID();
  if (p.accept) state.uploads.set(id, { person: p.person, name: offer.name, total: null, pieces: [], size: 0, isWhole: false });
  const uploadInfo = {
    contentUrl: `${state.origin}/onedrive/files/${id}/${encodeURIComponent(offer.name)}`,
    name: offer.name,
    uploadUrl: `${state.origin}${ONEDRIVE}${id}`,
    uniqueId: id,
    fileType: offer.name.split('.').at(-1),
  };
  const answer = p.accept
    ? { type: 'fileUpload', action: 'accept', context: offer.acceptContext, uploadInfo }
    : { type: 'fileUpload', action: 'decline', context: offer.declineContext };
  const activity = invokeOf(state, personOf(state, p.person), {
    conversation,
    name: 'fileConsent/invoke',
    value: answer,
    replyToId: p.messageId,
  });
  return deliverInvoke(state, { activity, what: `the answer to the file ${offer.name} by ${p.person}`, url: p.url });
}

export const offersTo = (state: TeamsState, person: string): TeamsMessage[] =>
  [...(personalChatOf(state, person)?.messages.values() ?? [])].filter(({ offer }) => offer !== undefined);

export const filesOf = (state: TeamsState, person: string): { name: string; bytes: Buffer }[] =>
  [...state.uploads.values()]
    .filter((upload) => upload.person === person && upload.isWhole)
    .map(({ name, pieces }) => ({ name, bytes: Buffer.concat(pieces) }));
