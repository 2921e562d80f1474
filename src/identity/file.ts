/**
 * The embedded directory (`DIRECTORY=file`): people, their chat accounts and their roles in one JSON file. The file is looked at before every
 * answer; what cannot be read is no answer, and then nobody decides.
 */
import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { type Actor, EntraId, Role } from '../action-center/action.ts';
import { UpstreamError } from '../action-center/errors.ts';
import type { Directory, Log, PersonClaim } from '../action-center/ports.ts';
import { ok, type PersonRefusal, type Result, refuse } from '../action-center/refusal.ts';
import type { PeopleBook } from '../action-center/reminder-ports.ts';
import { within } from './within.ts';

const maxBytes = 5 * 1024 * 1024;
/** A look at the file's time and size answers for this long. */
const checkEveryMs = 250;
/** Some file systems keep coarse times; a yes never gets older than this without the file's content being read again. */
const maxAgeMs = 60_000;
const deadlineMs = 2000;
const maxIssues = 20;

const text = (max: number) => z.string().trim().min(1).max(max);
/** Entra ids are GUIDs, and GUIDs differ in case only by accident: two spellings must never count as two people. */
const spelled = (id: string): string => (z.guid().safeParse(id).success ? id.toLowerCase() : id);

const Person = z.strictObject({
  entraId: text(64).transform(spelled).pipe(EntraId),
  upn: text(320),
  displayName: text(256),
  email: text(320).nullable().default(null),
  enabled: z.boolean(),
  userType: z.enum(['Member', 'Guest']),
  slack: z.array(z.strictObject({ teamId: text(32), userId: text(32) })).default([]),
  roles: z.array(Role).default([]),
  /** Names of device groups, `*` for all. None named: no device. */
  deviceGroups: z.array(text(255)).default([]),
});
type Person = z.infer<typeof Person>;

const DirectoryFile = z.strictObject({ people: z.array(Person).max(20_000) });

export type FileDirectoryOptions = {
  identityMode: 'linked' | 'email';
  log: Pick<Log, 'info' | 'warn'>;
  /** Told once per trouble, not once per question. */
  onError: (error: unknown) => void;
  /** Milliseconds that only grow. */
  now?: () => number;
};

type People = {
  byEntraId: Map<string, Person[]>;
  bySlack: Map<string, Person[]>;
  byEmail: Map<string, Person[]>;
};
type Known = { content: string; stamp: string; people: People; readAt: number; checkedAt: number };

export function fileDirectory(path: string, options: FileDirectoryOptions): Directory & PeopleBook {
  const people = openPeople(path, options);
  const byId = (all: People, id: string): Person[] => all.byEntraId.get(spelled(id)) ?? [];
  return {
    personFor: async (claim, { fresh }) => {
      const all = await people(fresh);
      const found = claim.platform === 'teams' ? byId(all, claim.entraId) : bySlackAccount(all, claim, options.identityMode);
      return standing(all, found);
    },
    personById: async (entraId, { fresh }) => {
      const all = await people(fresh);
      return standing(all, byId(all, entraId));
    },
    personByAddress: async (address) => {
      const all = await people(true);
      const spelledAs = address.trim().toLowerCase();
      const named = [...all.byEntraId.values()].flat().filter(({ upn }) => upn.toLowerCase() === spelledAs);
      const [person, ...others] = new Set([...named, ...(all.byEmail.get(spelledAs) ?? [])]);
      if (person && others.length > 0) return refuse({ kind: 'ambiguous-person' });
      return standing(all, person ? [person] : []);
    },
    slackAccountsOf: async (entraId) => byId(await people(false), entraId).flatMap(({ slack }) => slack),
  };
}

/** Exactly one enabled member, or a refusal. */
function standing(all: People, found: Person[]): Result<Actor, PersonRefusal> {
  const [person, ...others] = found;
  if (!person) return refuse({ kind: 'unknown-person' });
  if (others.length > 0 || (all.byEntraId.get(person.entraId)?.length ?? 0) > 1) return refuse({ kind: 'ambiguous-person' });
  if (!person.enabled) return refuse({ kind: 'disabled-person' });
  if (person.userType === 'Guest') return refuse({ kind: 'guest' });
  const { entraId, upn, displayName, roles, deviceGroups } = person;
  return ok({ entraId, upn, displayName, roles, deviceGroups });
}

type SlackClaim = PersonClaim & { platform: 'slack' };

/**
 * By the link in the file; in the mode `email` by the address as well. Where the two name different people, or the address belongs to somebody
 * who is linked to another account of the same workspace, both are returned and the person is ambiguous: an address can be taken over, a link not.
 */
function bySlackAccount(all: People, claim: SlackClaim, mode: 'linked' | 'email'): Person[] {
  const linked = all.bySlack.get(slackKey(claim)) ?? [];
  if (mode === 'linked' || claim.email === null) return linked;
  const addressed = all.byEmail.get(claim.email.trim().toLowerCase()) ?? [];
  const found = [...new Set([...linked, ...addressed])];
  const [only] = found;
  const isLinkedElsewhere = only?.slack.some(({ teamId }) => teamId === claim.teamId) && !linked.includes(only);
  return only && isLinkedElsewhere ? [only, only] : found;
}

const slackKey = ({ teamId, userId }: { teamId: string; userId: string }): string => `${teamId}/${userId}`;

/** Answers with what the file says now. Throws UpstreamError when it says nothing that can be understood. */
function openPeople(
  path: string,
  { log, onError, now = () => performance.now() }: FileDirectoryOptions,
): (fresh: boolean) => Promise<People> {
  let known: Known | null = null;
  let trouble: string | null = null;

  const look = async (fresh: boolean): Promise<Known> => {
    const began = now();
    const before = known;
    const stamp = await stampOf(path);
    if (before && !fresh && before.stamp === stamp && began - before.readAt < maxAgeMs) return { ...before, checkedAt: began };
    const content = await readFile(path, { encoding: 'utf8', signal: AbortSignal.timeout(deadlineMs) });
    if (before?.content === content) return { ...before, stamp, readAt: began, checkedAt: began };
    const { people } = parse(content);
    const all = index(people);
    const shared = [...all.byEntraId, ...all.bySlack, ...all.byEmail].filter(([, several]) => several.length > 1).map(([key]) => key);
    if (shared.length > 0)
      log.warn({ shared: shared.slice(0, maxIssues) }, 'the directory file gives these to several people; they are refused');
    log.info({ people: people.length }, 'the directory file was read');
    return { content, stamp, people: all, readAt: began, checkedAt: began };
  };

  return async (fresh) => {
    if (known && !fresh && now() - known.checkedAt < checkEveryMs) return known.people;
    try {
      const seen = await within(deadlineMs, look(fresh));
      // A slower look that began earlier must not bring old content back.
      if (!known || seen.checkedAt >= known.checkedAt) known = seen;
      trouble = null;
      return seen.people;
    } catch (error) {
      known = null;
      const reason = reasonOf(error);
      const failure = new UpstreamError('directory', `the directory file gave no answer: ${reason}`, { retryable: true, cause: error });
      if (trouble !== reason) onError(failure);
      trouble = reason;
      throw failure;
    }
  };
}

async function stampOf(path: string): Promise<string> {
  const { mtimeNs, size, ino } = await stat(path, { bigint: true });
  if (size > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`);
  return `${ino}/${size}/${mtimeNs}`;
}

/** Throws with the path of every wrong field, never with its content. */
function parse(content: string): z.infer<typeof DirectoryFile> {
  let json: unknown;
  try {
    json = JSON.parse(content.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new Error('it is not JSON', { cause: error });
  }
  const parsed = DirectoryFile.safeParse(json);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const told = issues.slice(0, maxIssues).map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`);
  throw new Error(told.join('; ') + (issues.length > maxIssues ? `; and ${issues.length - maxIssues} more` : ''));
}

function index(people: Person[]): People {
  const all: People = { byEntraId: new Map(), bySlack: new Map(), byEmail: new Map() };
  const add = (map: Map<string, Person[]>, key: string, person: Person): void => {
    const there = map.get(key);
    if (!there) map.set(key, [person]);
    else if (!there.includes(person)) there.push(person);
  };
  for (const person of people) {
    add(all.byEntraId, person.entraId, person);
    for (const account of person.slack) add(all.bySlack, slackKey(account), person);
    if (person.email !== null) add(all.byEmail, person.email.toLowerCase(), person);
  }
  return all;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
