/** The chat platforms a feature runs on: one body, run on each. What a platform cannot do is listed, not skipped in silence. */
import { startSlack } from '../../sandbox/slack/server.ts';
import type { SlackMessage, SlackWorld } from '../../sandbox/slack/types.ts';
import { poll } from '../setup/poll.ts';
import type { CardCopy, ChatWorld } from './chat-world.ts';
import { type DirectoryPerson, people, team } from './people.ts';
import { picturesInSlack } from './pictures.ts';
import { teamsWorld } from './teams-world.ts';

const channel = 'C0SOC';
const operators = 'C0OPS';
const slowMs = 800;
const methods = { post: 'chat.postMessage', update: 'chat.update', answer: 'response_url', person: 'users.info' } as const;

/** Every text in a message, in reading order. */
export function textOf(blocks: unknown): string {
  if (Array.isArray(blocks)) return blocks.map(textOf).filter(Boolean).join('\n');
  if (blocks === null || typeof blocks !== 'object') return '';
  const { text, elements, fields, accessory, confirm: _confirm } = blocks as Record<string, unknown>;
  const own = typeof text === 'string' ? text : textOf(text);
  return [own, textOf(fields), textOf(elements), textOf(accessory)].filter(Boolean).join('\n');
}

export function buttonsOf(message: Pick<SlackMessage, 'blocks'>): string[] {
  const blocks = (message.blocks ?? []) as { type: string; elements?: { type: string; text?: { text: string } }[] }[];
  return blocks.filter(({ type }) => type === 'actions').flatMap(({ elements }) => (elements ?? []).map(({ text }) => text?.text ?? ''));
}

export async function slackWorld(extra: DirectoryPerson[] = []): Promise<ChatWorld & { slack: SlackWorld }> {
  const secrets = { signingSecret: 'slack-signing-secret-for-tests', botToken: 'xoxb-test-token' };
  const slack = await startSlack({
    ...secrets,
    teamId: team,
    channels: [
      { id: channel, name: 'soc-approvals' },
      { id: operators, name: 'soc-operators' },
    ],
    people: [...people, ...extra].map((one) => ({
      id: one.slack[0]?.userId ?? '',
      name: one.upn.split('@')[0] ?? '',
      realName: one.displayName,
      email: one.email,
      isRestricted: one.userType === 'Guest',
    })),
  });
  const found = (title: string) =>
    slack.messages(channel).filter((message) => `${message.text}\n${textOf(message.blocks)}`.includes(title));
  const one = (title: string): SlackMessage => {
    const [message] = found(title);
    if (!message) throw new Error(`no card says ${title}`);
    return message;
  };
  const userOf = (who: DirectoryPerson): string => who.slack[0]?.userId ?? '';
  const botUrl = (index: number | undefined): { url?: string } => {
    const url = index === undefined ? undefined : slack.requestUrls[index];
    return url === undefined ? {} : { url };
  };

  const labelOf = (message: SlackMessage, button: string | RegExp): string => {
    const text = buttonsOf(message).find((label) => (typeof button === 'string' ? label === button : button.test(label)));
    if (text === undefined) throw new Error(`the card has no button ${String(button)}, only ${buttonsOf(message).join(', ')}`);
    return text;
  };
  const giveReason = async (
    who: DirectoryPerson,
    title: string,
    button: string | RegExp,
    reason: string,
    options: { older?: CardCopy; bot?: number } = {},
  ): Promise<void> => {
    const message = (options.older?.message as SlackMessage | undefined) ?? one(title);
    const user = userOf(who);
    // Whoever reads the answer in a dialog closes it before the next press.
    if (slack.view(user) !== undefined) await slack.closeView({ user });
    const before = slack.ephemerals(user).length;
    await slack.click({ user, channel, ts: message.ts, button: labelOf(message, button), message, ...botUrl(options.bot) });
    // Refused: there is no dialog, the person was told instead.
    if (slack.view(user) === undefined && (await heard(slack, user, before)) === 'told') return;
    await slack.submit({ user, values: { Reason: reason }, ...botUrl(options.bot) });
  };

  return {
    slack,
    platform: 'slack',
    env: { SLACK_BOT_TOKEN: secrets.botToken, SLACK_SIGNING_SECRET: secrets.signingSecret, SLACK_API_URL: slack.apiUrl },
    policy: `routes:\n  - slack: [${channel}]\n`,
    connect: (urls) => slack.setRequestUrls(urls.map((url) => `${url}/slack/events`)),
    card: (title) => {
      const [message] = found(title);
      return message ? textOf(message.blocks) : null;
    },
    copies: (title) => found(title).length,
    thread: (title) => slack.thread(channel, one(title).ts).map((message) => `${message.text}\n${textOf(message.blocks)}`),
    pictures: (title) => slack.thread(channel, one(title).ts).flatMap((message) => picturesInSlack(slack, message)),
    remember: (title) => ({ title, message: structuredClone(one(title)) }),
    press: async (who, title, button, options = {}) => {
      const message = (options.older?.message as SlackMessage | undefined) ?? one(title);
      const text = labelOf(message, button);
      const ack = await slack.click({
        user: userOf(who),
        channel,
        ts: message.ts,
        button: text,
        confirm: options.confirm ?? 'accept',
        message,
        ...botUrl(options.bot),
      });
      return ack.status;
    },
    botUrls: () => slack.requestUrls.map((url) => url.replace('/slack/events', '')),
    reject: (who, title, reason, options = {}) => giveReason(who, title, 'Reject', reason, options),
    giveReason,
    pressPrivate: async (who, button, options = {}) => {
      const fits = (label: string) => (typeof button === 'string' ? label === button : button.test(label));
      const message = slack.ephemerals(userOf(who)).findLast((one) => buttonsOf(one).some(fits));
      const label = message && buttonsOf(message).find(fits);
      if (message === undefined || label === undefined) throw new Error(`no private answer has a button ${String(button)}`);
      return (await slack.click({ user: userOf(who), channel, ts: message.ts, button: label, confirm: 'accept', ...botUrl(options.bot) }))
        .status;
    },
    submit: async (who, values) => (await slack.submit({ user: userOf(who), values })).status,
    command: async (who, text) => (await slack.command({ user: userOf(who), channel, command: '/actions', text })).status,
    mention: (who) => `<@${userOf(who)}|${who.upn.split('@')[0]}>`,
    told: (who, after = 0) => {
      const inPerson = slack.messages(`D${userOf(who).slice(1)}`);
      const all = [...slack.ephemerals(userOf(who)), ...inPerson].sort((a, b) => Number(a.ts) - Number(b.ts));
      return all.slice(after).map(({ text, blocks }) => `${text}\n${textOf(blocks)}`);
    },
    operators: {
      policy: `alarms: { slack: [${operators}] }\n`,
      messages: () => slack.messages(operators).map((message) => `${message.text}\n${textOf(message.blocks)}`),
    },
    dialog: (who) => {
      const view = slack.view(userOf(who));
      return view ? textOf((view as { blocks?: unknown }).blocks) : null;
    },
    closeDialog: async (who) => {
      if (slack.view(userOf(who)) !== undefined) await slack.closeView({ user: userOf(who) });
    },
    replayLast: async () => {
      const last = slack.recorded.at(-1);
      if (!last) throw new Error('nothing was sent yet');
      return (await slack.replay(last)).status;
    },
    fault: (where, kind, times = 1) => {
      if (kind === 'conflict' || kind === 'unnamedPause' || kind === 'http502') throw new Error(`Slack knows no ${kind}`);
      slack.faults.add({ method: methods[where], kind, times, ms: slowMs, ...(kind === 'ratelimit' ? { retryAfterSeconds: 1 } : {}) });
    },
    weather: ['ratelimit', 'http500', 'lostAnswer', 'reset', 'slow'],
    everything: () => slack.messages(channel).map((message) => `${message.text}\n${textOf(message.blocks)}`),
    // Slack lets the bot look for itself.
    onlooker: () => {},
    heal: () => slack.faults.clear(),
    problems: () => slack.problems,
    close: () => slack.close(),
  };
}

/** After Reject one of two things comes: the dialog, or a private answer. */
const heard = (slack: SlackWorld, user: string, before: number): Promise<'dialog' | 'told'> =>
  poll(`${user} hears something after Reject`, () => {
    if (slack.view(user) !== undefined) return 'dialog';
    return slack.ephemerals(user).length > before && 'told';
  });

/** What one of them cannot do, and why no test can show it there. */
export type Lack =
  /** Who pressed is in the press itself, vouched for by Microsoft's channel: there is no call that could fail. */
  'asks the platform who pressed';

export const platforms: { name: string; cannot: Lack[]; open: (extra?: DirectoryPerson[]) => Promise<ChatWorld> }[] = [
  { name: 'Slack', cannot: [], open: slackWorld },
  { name: 'Teams', cannot: ['asks the platform who pressed'], open: teamsWorld },
];
