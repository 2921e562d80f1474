/**
 * Whether two pictures of what waits in Defender are the same thing to decide. An alert's evidence and the record of the investigation behind it
 * have no id in common: what they act on has to tell.
 */
import type { Entity } from '../action-center/entity.ts';
import type { Intake } from '../action-center/intake.ts';

export type Pictured = Pick<Intake, 'type' | 'entities'> & { investigationId?: string | undefined };

const lower = (value: string | undefined): string => (value ?? '').toLowerCase();

/** What names an entity. A cluster is named by its messages. */
function nameOf(entity: Entity): string | null {
  switch (entity.type) {
    case 'url':
      return `url ${entity.url}`;
    case 'mailbox':
      return `mailbox ${lower(entity.address)}`;
    case 'file':
      return `file ${lower(entity.sha1 ?? entity.sha256)}`;
    case 'email':
      return `email ${lower(entity.networkMessageId)} ${lower(entity.recipient)}`;
    default:
      return null;
  }
}

const messagesOf = (entities: readonly Entity[]): Set<string> =>
  new Set(entities.flatMap((one) => (one.type === 'emailCluster' ? one.networkMessageIds.map(lower) : [])));

const holds = (all: ReadonlySet<string>, some: ReadonlySet<string>): boolean => [...some].every((one) => all.has(one));

/** Whether everything the second acts on is in the first. False where nothing in it has a name. */
function covers(one: Pictured, other: Pictured): boolean {
  const messages = messagesOf(one.entities);
  const names = new Set(one.entities.map(nameOf));
  const named = other.entities.filter((entity) => entity.type === 'emailCluster' || nameOf(entity) !== null);
  return (
    named.length > 0 &&
    named.every((entity) => {
      if (entity.type === 'emailCluster') return holds(messages, new Set(entity.networkMessageIds.map(lower)));
      return names.has(nameOf(entity)) || (entity.type === 'email' && messages.has(lower(entity.networkMessageId)));
    })
  );
}

/** The same question may be asked by one investigation only; a picture that names none is taken for any. */
const mayBeSame = (one: Pictured, other: Pictured): boolean =>
  one.type === other.type &&
  (one.investigationId === undefined || other.investigationId === undefined || lower(one.investigationId) === lower(other.investigationId));

const isCluster = ({ entities }: Pictured): boolean => entities.some(({ type }) => type === 'emailCluster');

/** 2: exactly the same. 1: one cluster at two times, with more messages or fewer. 0: something else. */
export function sameness(one: Pictured, other: Pictured): 0 | 1 | 2 {
  if (!mayBeSame(one, other)) return 0;
  const [there, back] = [covers(one, other), covers(other, one)];
  if (there && back) return 2;
  return (there || back) && isCluster(one) && isCluster(other) ? 1 : 0;
}

/** Whether who decides the first has decided the second as well. */
export const isAskedBy = (asked: Pictured, draft: Pictured): boolean =>
  sameness(asked, draft) > 0 || (mayBeSame(asked, draft) && covers(asked, draft));

function soughtBy(entity: Entity): (string | undefined)[] {
  switch (entity.type) {
    case 'url':
      return [entity.url];
    case 'mailbox':
      return [entity.address];
    case 'file':
      return [entity.sha1, entity.sha256];
    case 'email':
      return [entity.networkMessageId];
    case 'emailCluster':
      return entity.networkMessageIds;
    default:
      return [];
  }
}

/** By what the record can be asked for pictures of the same thing. */
export function namesIn(pictures: readonly Pictured[]): string[] {
  const names = pictures.flatMap(({ entities }) => entities.flatMap(soughtBy));
  return [...new Set(names.map(lower))].filter((name) => name !== '');
}
