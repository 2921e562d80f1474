/** Files as the people of a chat platform meet them: in Slack they are simply there, in Teams somebody has to say yes first. */
import type { SlackWorld } from '../../sandbox/slack/types.ts';
import type { TeamsWorld } from '../../sandbox/teams/types.ts';
import type { ChatWorld } from './chat-world.ts';
import { type DirectoryPerson, teamsIdOf } from './people.ts';

export type ReceivedFile = { name: string; text: string };
export type FileWorld = {
  received(who: DirectoryPerson): ReceivedFile[];
  /** Whether somebody has to say yes to a file, and has not yet. Says it. */
  sayYes(who: DirectoryPerson): Promise<boolean>;
  sayNo(who: DirectoryPerson): Promise<void>;
  /** The next file does not get through. */
  failNext(): void;
  /** The newest address of an export this person was told; null when there is none. */
  linkTo(who: DirectoryPerson): string | null;
};

export function fileWorldOf(chat: ChatWorld): FileWorld {
  if ('slack' in chat) return slackFiles(chat.slack as SlackWorld);
  return teamsFiles((chat as ChatWorld & { teams: TeamsWorld }).teams);
}

const lastLink = (told: unknown): string | null =>
  [...JSON.stringify(told).matchAll(/https:\/\/[\w.]+\/v1\/exports\/[\w-]{43}/g)].at(-1)?.[0] ?? null;

function slackFiles(slack: SlackWorld): FileWorld {
  return {
    received: (who) => slack.filesOf(who.slack[0]?.userId ?? '').map(({ name, bytes }) => ({ name, text: bytes.toString('utf8') })),
    sayYes: async () => true,
    sayNo: async () => {},
    failNext: () => slack.faults.add({ method: 'upload', kind: 'http500' }),
    linkTo: (who) => lastLink(slack.ephemerals(who.slack[0]?.userId ?? '')),
  };
}

function teamsFiles(teams: TeamsWorld): FileWorld {
  /** An offer stands there until the bot has taken it away, also after it was answered. */
  const answered = new Set<string>();
  const answer = async (who: DirectoryPerson, accept: boolean): Promise<boolean> => {
    const person = teamsIdOf(who);
    const offer = teams.offersTo(person).find(({ id }) => !answered.has(id));
    if (offer === undefined) return false;
    answered.add(offer.id);
    await teams.answerOffer({ person, conversation: offer.conversation, messageId: offer.id, accept });
    return true;
  };
  return {
    received: (who) => teams.filesOf(teamsIdOf(who)).map(({ name, bytes }) => ({ name, text: bytes.toString('utf8') })),
    sayYes: (who) => answer(who, true),
    sayNo: async (who) => void (await answer(who, false)),
    failNext: () => teams.faults.add({ where: 'upload', kind: 'http500' }),
    linkTo: (who) => lastLink(teams.privateMessages(teamsIdOf(who))),
  };
}
