/** From an action to the calls it takes. What an earlier try of the same has done already is not planned again. */
import type { Entity } from '../action-center/entity.ts';
import type { NormalisedIntake } from '../action-center/intake.ts';
import type { NewPart, Part, PartVerb } from '../action-center/parts.ts';
import { DefenderError } from './api.ts';
import { PartRequest, type RequestOf } from './driver.ts';
import { copiesQuery, type Hunt } from './email.ts';
import { leftAsItWas, nothingToDo } from './outcome-words.ts';
import { type Route, routes } from './routes.ts';
import { storableText } from './storable.ts';

const perCall = 100;
const maxCopies = 50_000;

type Of<T extends Entity['type']> = Extract<Entity, { type: T }>;
const ofType = <T extends Entity['type']>(entities: readonly Entity[], type: T): Of<T>[] =>
  entities.filter((entity): entity is Of<T> => entity.type === type);

export type Planning = {
  action: Pick<NormalisedIntake, 'type' | 'entities' | 'severity'>;
  verb: PartVerb;
  comment: string;
  /** Every part there was about this action. */
  earlier: readonly Part[];
};

/** Throws DefenderError when there is nothing to do, or when mail of a cluster cannot be looked up. */
export async function planParts(planning: Planning, hunt: Hunt | null, signal: AbortSignal): Promise<NewPart[]> {
  const route = routes[planning.action.type];
  if (route === undefined) throw permanent(nothingToDo);
  const { verb, earlier } = planning;
  const approved = doneBefore(earlier, 'approve');
  const wanted =
    verb === 'undo' && approved.size > 0 ? opposites(planning, route, approved) : await fresh(planning, route, { hunt, signal });
  if (wanted.length === 0) throw permanent(nothingToDo);
  const done = doneBefore(earlier, verb);
  return wanted.map((part) => carriedOver(part, done.get(thingOf(part))));
}

const permanent = (message: string): DefenderError => new DefenderError(message, { retryable: false, mayHaveWorked: false });

/** What succeeded, by what it is about; the last of it counts. */
function doneBefore(earlier: readonly Part[], verb: PartVerb): Map<string, Part> {
  const whole = earlier.filter(
    (part) => part.verb === verb && part.state === 'succeeded' && (verb === 'approve' || part.done === part.total),
  );
  return new Map(whole.map((part) => [thingOf(part), part]));
}

function carriedOver(part: NewPart, before: Part | undefined): NewPart {
  if (before === undefined || before.done < before.total) return part;
  const { external, message } = before;
  return { ...part, state: 'succeeded', done: part.total, external, message };
}

/** Names of devices repeat, and a cluster may have grown since: what is done is told by the things themselves, not by what they are called. */
function thingOf(part: Pick<Part, 'request'>): string {
  const request = PartRequest.parse(part.request);
  switch (request.kind) {
    case 'machine':
      return identityOf(request);
    case 'mail':
      return JSON.stringify(request.messages.map(copyKey));
    case 'url':
      return request.url;
    case 'user':
      return (request.user.id ?? request.user.upn ?? '').toLowerCase();
  }
}

/** Only what was done is taken back, and only what we did. */
function opposites({ action, comment }: Planning, route: Route, approved: Map<string, Part>): NewPart[] {
  const { kind, undo: call } = route;
  if (call === null) return [];
  const done = [...approved.values()].map((part) => ({ part, request: PartRequest.parse(part.request) }));
  if (kind === 'mail') {
    // Two tries may have cut it into different parts.
    const messages = onceEachCopy(done.flatMap(({ request }) => (request.kind === 'mail' ? request.messages : [])));
    return mailParts(messages, { kind, call, severity: severityOf(action.severity), comment });
  }
  return done.map(({ part: { target, total, external }, request }) => {
    const indicator = external?.['indicatorId'];
    const more = indicator === undefined ? {} : { indicatorId: indicator };
    const opposite = { target, total, request: { ...request, call, comment, ...more } };
    const isTheirs = external?.['existed'] === 'true';
    return isTheirs ? { ...opposite, state: 'succeeded' as const, done: total, message: leftAsItWas } : opposite;
  });
}

type Looking = { hunt: Hunt | null; signal: AbortSignal };

async function fresh({ action, verb, comment }: Planning, route: Route, looking: Looking): Promise<NewPart[]> {
  const { entities } = action;
  switch (route.kind) {
    case 'machine':
      return machineParts(entities, callOf(route, verb), comment);
    case 'mail': {
      const request = { kind: 'mail' as const, call: callOf(route, verb), severity: severityOf(action.severity), comment };
      return mailParts(await messagesOf(entities, looking), request);
    }
    case 'url': {
      const call = callOf(route, verb);
      return ofType(entities, 'url').map(({ url }) => part(`URL ${url}`.slice(0, 200), { kind: 'url', call, url, comment }));
    }
    case 'user': {
      const call = callOf(route, verb);
      return ofType(entities, 'user').map(({ entraId, upn }) => {
        const user = { ...(entraId === undefined ? {} : { id: entraId.toLowerCase() }), ...(upn === undefined ? {} : { upn }) };
        return part(upn ?? entraId ?? '', { kind: 'user', call, user, comment });
      });
    }
  }
}

function callOf<Call>({ call, undo }: { call: Call | null; undo: Call | null }, verb: PartVerb): Call {
  const wanted = verb === 'undo' ? undo : call;
  if (wanted === null) throw permanent(nothingToDo);
  return wanted;
}

/** The name is cut to a length, and a cut must not leave half a character. */
const part = (target: string, request: PartRequest): NewPart => ({ target: storableText(target.slice(0, 300)), request, total: 1 });

/** Each device once; a file on each of them. */
function machineParts(entities: readonly Entity[], call: RequestOf<'machine'>['call'], comment: string): NewPart[] {
  const devices = ofType(entities, 'device').map(({ deviceId, name }) => ({
    label: name ?? deviceId ?? '',
    device: { ...(deviceId === undefined ? {} : { id: deviceId.toLowerCase() }), ...(name === undefined ? {} : { name }) },
  }));
  const request = { kind: 'machine' as const, call, comment };
  const parts =
    call === 'quarantine'
      ? devices.flatMap(({ label, device }) =>
          ofType(entities, 'file').map(({ sha1, sha256, name }) => {
            const file = { ...(sha1 === undefined ? {} : { sha1 }), ...(sha256 === undefined ? {} : { sha256 }) };
            return part(`${label}: ${name ?? sha1 ?? sha256 ?? ''}`, { ...request, device, file });
          }),
        )
      : devices.map(({ label, device }) => part(label, { ...request, device }));
  return onceEach(parts);
}

/** Two entities may name the same device, and Defender would refuse the second call. */
function onceEach(parts: readonly NewPart[]): NewPart[] {
  return [...new Map(parts.map((one) => [thingOf(one), one])).values()];
}

const identityOf = ({ device, file }: RequestOf<'machine'>): string =>
  JSON.stringify([device.id ?? device.name?.toLowerCase(), file?.sha1?.toLowerCase() ?? file?.sha256?.toLowerCase()]);

type Message = RequestOf<'mail'>['messages'][number];

const copyKey = ({ id, recipient }: Message): string => `${id} ${recipient}`.toLowerCase();

/** In an order of their own, so that a second plan is the same. */
function onceEachCopy(messages: readonly Message[]): Message[] {
  const all = new Map(messages.map((one) => [copyKey(one), one]));
  return [...all.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

function mailParts(messages: readonly Message[], request: Omit<RequestOf<'mail'>, 'messages'>): NewPart[] {
  const count = Math.ceil(messages.length / perCall);
  return Array.from({ length: count }, (_, index) => {
    const some = messages.slice(index * perCall, (index + 1) * perCall);
    const [first] = some;
    const target =
      some.length === 1 ? `the message to ${first?.recipient}` : `messages ${index * perCall + 1} to ${index * perCall + some.length}`;
    return { ...part(target, { ...request, messages: some }), total: some.length };
  });
}

/** The copies that are named, and all copies of the messages of a cluster. */
async function messagesOf(entities: readonly Entity[], { hunt, signal }: Looking): Promise<Message[]> {
  const named = ofType(entities, 'email').map(({ networkMessageId, recipient }) => ({ id: networkMessageId, recipient }));
  const ids = [...new Set(ofType(entities, 'emailCluster').flatMap(({ networkMessageIds }) => networkMessageIds))];
  const found = ids.length === 0 ? [] : await copiesOf(ids, hunt, signal);
  return onceEachCopy([...named, ...found]);
}

async function copiesOf(ids: readonly string[], hunt: Hunt | null, signal: AbortSignal): Promise<Message[]> {
  if (hunt === null) throw permanent(nothingToDo);
  const rows = await hunt(copiesQuery(ids), signal);
  if (rows.length > maxCopies) throw permanent(`This cluster has more than ${maxCopies} copies; decide it in Defender.`);
  const textOf = (row: Record<string, unknown>, column: string): string => storableText(String(row[column]));
  return rows.map((row) => ({ id: textOf(row, 'NetworkMessageId'), recipient: textOf(row, 'RecipientEmailAddress') }));
}

const severityOf = (severity: NormalisedIntake['severity']): 'low' | 'medium' | 'high' => (severity === 'informational' ? 'low' : severity);
