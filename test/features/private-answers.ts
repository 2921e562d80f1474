/** What one person was answered in private, to be read and pressed on as they would. */
import type { SlackWorld } from '../../sandbox/slack/types.ts';
import type { TeamsWorld } from '../../sandbox/teams/types.ts';
import type { ChatWorld } from './chat-world.ts';
import { type DirectoryPerson, teamsIdOf } from './people.ts';
import { textOf } from './platforms.ts';
import { textOfCard } from './teams-world.ts';

export type PrivateAnswers = {
  /** How many there are. What is replaced stays one. */
  count(who: DirectoryPerson): number;
  /** The newest one with something to press on, as it looks now. */
  latest(who: DirectoryPerson): string;
  /** How many characters the platform was handed for it. */
  size(who: DirectoryPerson): number;
  press(who: DirectoryPerson, button: string): Promise<void>;
  /** Asks by command. In Teams, where few messages a second may be sent, by a press on the newest answer that carries this command. */
  ask(who: DirectoryPerson, text: string): Promise<void>;
  /** Sets one of its menus, as `label` names it. */
  pick(who: DirectoryPerson, label: string, option: string): Promise<void>;
};

export const privateAnswersIn = (chat: ChatWorld): PrivateAnswers =>
  'slack' in chat ? slackAnswers(chat.slack as SlackWorld) : teamsAnswers((chat as ChatWorld & { teams: TeamsWorld }).teams);

function slackAnswers(slack: SlackWorld): PrivateAnswers {
  const user = (who: DirectoryPerson) => who.slack[0]?.userId ?? '';
  const all = (who: DirectoryPerson) => slack.ephemerals(user(who)).filter(({ blocks }) => blocks.some(({ type }) => type === 'header'));
  const last = (who: DirectoryPerson) => {
    const found = all(who).at(-1);
    if (!found) throw new Error(`${who.displayName} has no answer`);
    return found;
  };
  const press = async (who: DirectoryPerson, button: string) => {
    const { channel, ts } = last(who);
    await slack.click({ user: user(who), channel, ts, button });
  };
  return {
    count: (who) => all(who).length,
    latest: (who) => (all(who).length === 0 ? '' : textOf(last(who).blocks)),
    size: (who) => JSON.stringify(last(who).blocks).length,
    press,
    ask: async (who, text) => {
      const { channel } = last(who);
      await slack.command({ user: user(who), channel, command: '/actions', text });
    },
    pick: async (who, _label, option) => press(who, option),
  };
}

function teamsAnswers(teams: TeamsWorld): PrivateAnswers {
  const all = (who: DirectoryPerson) =>
    teams.privateMessages(teamsIdOf(who)).flatMap(({ id, card, conversation }) => (id && card ? [{ id, card, conversation }] : []));
  const withButtons = (who: DirectoryPerson) => all(who).filter(({ card }) => JSON.stringify(card).includes('ac.'));
  const last = (who: DirectoryPerson) => {
    const found = withButtons(who).at(-1);
    if (!found) throw new Error(`${who.displayName} has no answer`);
    return found;
  };
  const shown = (who: DirectoryPerson) => teams.shownTo(teamsIdOf(who), last(who).conversation, last(who).id);
  const press = async (who: DirectoryPerson, button: string, inputs: Record<string, string> = {}) => {
    const { id: messageId, conversation } = last(who);
    await teams.press({ person: teamsIdOf(who), conversation, messageId, button, inputs });
  };
  return {
    count: (who) => all(who).length,
    latest: (who) => (withButtons(who).length === 0 ? '' : textOfCard(shown(who))),
    size: (who) => JSON.stringify(shown(who)).length,
    press,
    ask: async (who, text) => {
      const { id: messageId, conversation } = last(who);
      const execute = { type: 'Action.Execute', title: 'Ask', verb: 'ac.look', data: { text: encodeURIComponent(text) } };
      const card = { type: 'AdaptiveCard', version: '1.5', body: [], actions: [execute] } as never;
      await teams.press({ person: teamsIdOf(who), conversation, messageId, button: 'Ask', card });
    },
    pick: (who, label, option) => press(who, 'Apply Filters', { [label]: option }),
  };
}
