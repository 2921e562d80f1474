/** Teams as the feature tests see it. Somebody always has the channel open, as in every channel that is worth routing to. */
import { startTeams } from '../../sandbox/teams/server.ts';
import { settingsFor } from '../../sandbox/teams/settings.ts';
import type { AdaptiveCard, Press, TeamsMessage, TeamsWorld } from '../../sandbox/teams/types.ts';
import type { CardCopy, ChatWorld, PressOptions } from './chat-world.ts';
import { type DirectoryPerson, entraTenant, people, person, teamsIdOf } from './people.ts';
import { picturesInTeams } from './pictures.ts';

export const channel = '19:soc-approvals@thread.tacv2';
const operators = '19:soc-operators@thread.tacv2';
const app = { appId: '99999999-8888-4777-8666-555555555555', appPassword: 'teams-app-password-for-tests', tenantId: entraTenant };
const ownChatOf = ({ entraId }: DirectoryPerson): string => `a:own-${entraId}`;
/** Looks at the channel and never says a word. */
const onlooker = person('Olga Onlooker', []);

/** Every text a reader of the card sees, in reading order. */
export function textOfCard(card: unknown): string {
  if (Array.isArray(card)) return card.map(textOfCard).filter(Boolean).join('\n');
  if (card === null || typeof card !== 'object') return '';
  const { type, text, inlines, items, columns, body, rows, cells, actions, title, card: inner } = card as Record<string, unknown>;
  const own = typeof text === 'string' ? text : '';
  const label = typeof title === 'string' && String(type).startsWith('Action.') ? title : '';
  // Runs of one block are one line.
  const line = Array.isArray(inlines) ? inlines.map((run) => textOfCard(run)).join('') : '';
  const whole = [own, line, ...[items, columns, body, rows, cells].map(textOfCard), label, textOfCard(actions), textOfCard(inner)];
  return whole.filter(Boolean).join('\n');
}

/** The titles of all buttons that do something, also of those that have to be unfolded first. */
export function titlesOf(card: unknown): string[] {
  if (Array.isArray(card)) return card.flatMap(titlesOf);
  if (card === null || typeof card !== 'object') return [];
  const { type, title, card: inner, body, items, actions } = card as Record<string, unknown>;
  const isDoing = ['Action.Execute', 'Action.Submit', 'Action.OpenUrl'].includes(String(type));
  return [...(isDoing ? [String(title)] : []), ...[body, items, actions, inner].flatMap(titlesOf)];
}

export async function teamsWorld(extra: DirectoryPerson[] = []): Promise<ChatWorld & { teams: TeamsWorld }> {
  const everybody = [...people, ...extra, onlooker];
  const teams = await startTeams({
    ...app,
    people: everybody.map((one) => ({ id: teamsIdOf(one), aadObjectId: one.entraId, name: one.displayName, upn: one.upn })),
    // More than 60 people would get no automatic refresh, and then nobody could see a message whose post got no answer.
    conversations: [
      { id: channel, type: 'channel', name: 'SOC approvals', teamId: '19:soc@thread.tacv2', members: everybody.map(teamsIdOf) },
      ...extra.map((one) => ({ id: ownChatOf(one), type: 'personal' as const, name: one.displayName, members: [teamsIdOf(one)] })),
      { id: operators, type: 'channel', name: 'SOC operators', teamId: '19:soc@thread.tacv2', members: everybody.map(teamsIdOf) },
    ],
  });
  let lookAway: (() => void) | null = teams.watch(teamsIdOf(onlooker), channel);
  const found = (title: string) => teams.messages(channel).filter(({ card }) => textOfCard(card).includes(title));
  const one = (title: string): TeamsMessage => {
    const [message] = found(title);
    if (!message) throw new Error(`no card says ${title}`);
    return message;
  };
  const urlOf = (bot: number | undefined): { url?: string } => {
    const url = bot === undefined ? undefined : teams.messagesUrls[bot];
    return url === undefined ? {} : { url };
  };
  const press = (who: DirectoryPerson, title: string, button: string | RegExp, options: PressOptions) => {
    const older = options.older?.message as TeamsMessage | undefined;
    const message = older ?? one(title);
    const titles = titlesOf(message.card);
    const label = titles.find((text) => (typeof button === 'string' ? text === button : button.test(text)));
    if (label === undefined) throw new Error(`the card has no button ${String(button)}, only ${titles.join(', ')}`);
    const pressed: Press = { person: teamsIdOf(who), conversation: channel, messageId: message.id, button: label, ...urlOf(options.bot) };
    const card: { card?: AdaptiveCard } = older?.card ? { card: older.card } : {};
    return teams.press({ ...pressed, ...card, ...(options.answeredByMessage ? { oldClient: true } : {}) });
  };
  const giveReason = async (
    who: DirectoryPerson,
    title: string,
    button: string | RegExp,
    reason: string,
    options: { older?: CardCopy; bot?: number } = {},
  ): Promise<void> => {
    // Whoever reads the answer in a dialog closes it before the next press.
    teams.closeDialog(teamsIdOf(who));
    await press(who, title, button, options);
    // Refused: there is no dialog, the person was told instead.
    if (teams.dialog(teamsIdOf(who)) === null) return;
    await teams.submitDialog({ person: teamsIdOf(who), values: { reason }, ...urlOf(options.bot) });
  };
  let asked429 = 0;
  /** Pauses that nobody told the platform to ask for: the bot went over its limits. */
  const overTheLimits = (): string[] => {
    const met = teams.calls.filter(({ status }) => status === 429).length;
    return met > asked429 ? [`the bot went over the rate limits ${met - asked429} times`] : [];
  };
  const heard = (who: DirectoryPerson) => teams.privateMessages(teamsIdOf(who));

  return {
    teams,
    platform: 'teams',
    env: settingsFor(teams, app),
    policy: `routes:\n  - teams: ["${channel}"]\n`,
    connect: (urls) => {
      const wasAlone = teams.messagesUrls.length === 0;
      teams.setMessagesUrls(urls.map((url) => `${url}/api/messages`));
      // The first bot that is there hears that the app was added.
      if (wasAlone && urls.length > 0) void teams.install(channel, teamsIdOf(onlooker));
    },
    card: (title) => {
      const [message] = found(title);
      return message ? textOfCard(message.card) : null;
    },
    copies: (title) => found(title).length,
    thread: (title) => teams.thread(channel, one(title).id).map(({ text, card }) => `${text}\n${textOfCard(card)}`),
    pictures: (title) => teams.thread(channel, one(title).id).flatMap(picturesInTeams),
    remember: (title): CardCopy => ({ title, message: structuredClone(one(title)) }),
    press: async (who, title, button, options = {}) => (await press(who, title, button, options)).status,
    botUrls: () => teams.messagesUrls.map((url) => url.replace('/api/messages', '')),
    reject: (who, title, reason, options = {}) => giveReason(who, title, 'Reject', reason, options),
    giveReason,
    operators: {
      policy: `alarms: { teams: ["${operators}"] }\n`,
      messages: () => teams.messages(operators).map(({ text, card }) => `${text}\n${textOfCard(card)}`),
    },
    pressPrivate: async (who, button, options = {}) => {
      const fits = (label: string) => (typeof button === 'string' ? label === button : button.test(label));
      const message = heard(who).findLast(({ card }) => titlesOf(card).some(fits));
      const label = titlesOf(message?.card).find(fits);
      if (message?.id === undefined || label === undefined) throw new Error(`no private answer has a button ${String(button)}`);
      const { conversation, id: messageId } = message;
      return (await teams.press({ person: teamsIdOf(who), conversation, messageId, button: label, ...urlOf(options.bot) })).status;
    },
    submit: async (who, values) => (await teams.submitDialog({ person: teamsIdOf(who), values })).status,
    command: async (who, text, { inPerson = false } = {}) => {
      const where = inPerson ? { conversation: ownChatOf(who) } : { conversation: channel, targeted: true };
      const mentions = everybody.filter((one) => text.includes(`<at>${one.displayName}</at>`)).map(teamsIdOf);
      return (await teams.say({ person: teamsIdOf(who), text: text || 'help', mentions, ...where })).status;
    },
    mention: (who) => `<at>${who.displayName}</at>`,
    told: (who, after = 0) =>
      heard(who)
        .slice(after)
        .map(({ text, card }) => [text, textOfCard(card)].filter(Boolean).join('\n')),
    dialog: (who) => {
      const open = teams.dialog(teamsIdOf(who));
      if (open) return textOfCard(open.card);
      return heard(who).findLast(({ via }) => via === 'dialog')?.text ?? null;
    },
    closeDialog: async (who) => teams.closeDialog(teamsIdOf(who)),
    replayLast: async () => {
      const last = teams.recorded.findLast(({ body }) => !body.includes('"trigger":"automatic"'));
      if (!last) throw new Error('nothing was sent yet');
      return (await teams.replay(last)).status;
    },
    fault: (where, kind, times = 1) => {
      if (where === 'person') throw new Error('nobody asks Teams who pressed');
      const at = where === 'answer' ? 'targeted' : where;
      if (kind === 'unnamedPause' || kind === 'ratelimit') asked429 += times;
      if (kind === 'unnamedPause') teams.faults.add({ where: at, kind: 'ratelimit', times });
      else if (kind === 'ratelimit') teams.faults.add({ where: at, kind, times, retryAfterSeconds: 1 });
      else teams.faults.add({ where: at, kind: kind === 'conflict' ? 'http412' : kind, times, ms: 800 });
    },
    weather: ['ratelimit', 'unnamedPause', 'conflict', 'http500', 'http502', 'lostAnswer', 'reset', 'slow'],
    everything: () => teams.messages(channel).map(({ text, card }) => `${text}\n${textOfCard(card)}`),
    onlooker: (looks) => {
      lookAway?.();
      lookAway = looks ? teams.watch(teamsIdOf(onlooker), channel) : null;
    },
    heal: () => teams.faults.clear(),
    problems: () => [...teams.problems, ...overTheLimits()],
    close: () => teams.close(),
  };
}
