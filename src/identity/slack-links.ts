/** Which Slack account belongs to which person of the directory, as a file says. The file is read for every look-up; nothing of it is kept here. */
import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { EntraId } from '../action-center/action.ts';
import { UpstreamError } from '../action-center/errors.ts';
import type { FixedLinks } from '../action-center/sign-in-ports.ts';
import { within } from './within.ts';

/** Nobody, one, or several people: then the account is nobody's. */
export type SlackLinks = FixedLinks;

const maxBytes = 5 * 1024 * 1024;
const deadlineMs = 1000;
const text = z.string().trim().min(1).max(64);
const Links = z.strictObject({
  links: z
    .array(
      z.strictObject({
        teamId: text,
        userId: text,
        entraId: z
          .guid()
          .transform((value) => value.toLowerCase())
          .pipe(EntraId),
      }),
    )
    .max(20_000),
});
type Link = z.infer<typeof Links>['links'][number];

export const noSlackLinks: SlackLinks = { peopleOf: async () => [], isLinked: async () => false };

export function slackLinksFile(path: string): SlackLinks {
  return {
    peopleOf: async ({ teamId, userId }) =>
      (await readLinks(path)).filter((link) => link.teamId === teamId && link.userId === userId).map(({ entraId }) => entraId),
    isLinked: async (teamId, entraId) => (await readLinks(path)).some((link) => link.teamId === teamId && link.entraId === entraId),
  };
}

/** The accounts that the file gives to a person. */
export async function slackAccountsInFile(path: string, entraId: EntraId): Promise<{ teamId: string; userId: string }[]> {
  return (await readLinks(path)).filter((link) => link.entraId === entraId).map(({ teamId, userId }) => ({ teamId, userId }));
}

async function contentOf(path: string): Promise<string> {
  const { size } = await stat(path);
  if (size > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`);
  return readFile(path, 'utf8');
}

/** An unreadable file is no answer, not an empty list. */
async function readLinks(path: string): Promise<Link[]> {
  try {
    const content = await within(deadlineMs, contentOf(path));
    const parsed = Links.safeParse(JSON.parse(content));
    if (!parsed.success)
      throw new Error(
        parsed.error.issues
          .map((issue) => `${issue.path.join('.')}: ${issue.message}`)
          .slice(0, 5)
          .join('; '),
      );
    return parsed.data.links;
  } catch (error) {
    // What JSON.parse says quotes the content.
    const reason = error instanceof SyntaxError ? 'it is not JSON' : error instanceof Error ? error.message : String(error);
    throw new UpstreamError('directory', `the file of Slack links gave no answer: ${reason}`, { retryable: true, cause: error });
  }
}
