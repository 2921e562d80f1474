/** A person's inbox as they see it on each platform: what it says, where its links lead, and its buttons. */

import type { ChatWorld } from './chat-world.ts';
import { type DirectoryPerson, teamsIdOf } from './people.ts';
import { platforms, slackWorld, textOf } from './platforms.ts';
import { channel as teamsChannel, teamsWorld, textOfCard } from './teams-world.ts';

export type InboxView = { text: string; raw: string };
export type InboxViews = {
  /** The newest private message that is an inbox; null while there is none. */
  newest(who: DirectoryPerson): InboxView | null;
  /** How many private messages are inboxes. */
  count(who: DirectoryPerson): number;
  /** Presses a button of the newest. */
  press(who: DirectoryPerson, button: string): Promise<number>;
  /** The personal view that a press on Refresh leaves. */
  refreshed(who: DirectoryPerson): string;
  /** Presses Refresh; in Slack on the Home tab, which has to be open. */
  refresh(who: DirectoryPerson): Promise<number>;
  /** What Show showed last. */
  shown(who: DirectoryPerson): string;
};

const isInbox = (text: string): boolean => text.includes('What awaits you');

async function slack(extra: DirectoryPerson[]): Promise<{ chat: ChatWorld; views: InboxViews }> {
  const chat = await slackWorld(extra);
  const { slack: workspace } = chat;
  const userOf = (who: DirectoryPerson): string => who.slack[0]?.userId ?? '';
  const inboxes = (who: DirectoryPerson) => workspace.ephemerals(userOf(who)).filter(({ blocks }) => isInbox(textOf(blocks)));
  const views: InboxViews = {
    newest: (who) => {
      const found = inboxes(who).at(-1);
      return found ? { text: textOf(found.blocks), raw: JSON.stringify(found.blocks) } : null;
    },
    count: (who) => inboxes(who).length,
    press: async (who, button) => {
      const found = inboxes(who).at(-1);
      if (!found) throw new Error(`${who.displayName} has no inbox`);
      return (await workspace.click({ user: userOf(who), channel: found.channel, ts: found.ts, button })).status;
    },
    refreshed: (who) => textOf(workspace.home(userOf(who))?.blocks ?? []),
    refresh: async (who) => {
      const user = userOf(who);
      if (workspace.home(user) === undefined) return (await workspace.openHome({ user })).status;
      return (await workspace.clickInHome({ user, button: 'Refresh' })).status;
    },
    shown: (who) => chat.told(who).slice(-2).join('\n'),
  };
  return { chat, views };
}

async function teams(extra: DirectoryPerson[]): Promise<{ chat: ChatWorld; views: InboxViews }> {
  const chat = await teamsWorld(extra);
  const { teams: organisation } = chat;
  const inboxes = (who: DirectoryPerson) => organisation.privateMessages(teamsIdOf(who)).filter(({ card }) => isInbox(textOfCard(card)));
  const press = async (who: DirectoryPerson, button: string): Promise<number> => {
    const messageId = inboxes(who).at(-1)?.id ?? '';
    return (await organisation.press({ person: teamsIdOf(who), conversation: teamsChannel, messageId, button })).status;
  };
  const views: InboxViews = {
    newest: (who) => {
      const found = inboxes(who).at(-1);
      return found ? { text: textOfCard(found.card), raw: JSON.stringify(found.card) } : null;
    },
    count: (who) => inboxes(who).length,
    press,
    refreshed: (who) => textOfCard(organisation.shownTo(teamsIdOf(who), teamsChannel, inboxes(who).at(-1)?.id ?? '')),
    refresh: (who) => press(who, 'Refresh'),
    shown: (who) => chat.told(who).slice(-2).join('\n'),
  };
  return { chat, views };
}

export const inboxPlatforms = platforms.map(({ name }) => ({ name, open: name === 'Slack' ? slack : teams }));
