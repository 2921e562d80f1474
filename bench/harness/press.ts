/** A press as bytes on the wire: the simulated platform's own request with another action and another person, and proof of where it comes from. */
import { createHmac, randomUUID } from 'node:crypto';

export type Pressable = { actionId: string; digest: string; version: number };

export type PressTemplate = {
  /** The JSON Slack posts when the button of `pressed` is pressed by `userId`. */
  payload: string;
  pressed: Pressable;
  userId: string;
  responseUrl: string;
};

export type SlackPresser = {
  platform: 'slack';
  template: PressTemplate;
  signingSecret: string /** Who press, in turn. */;
  userIds: string[];
  sinkUrl: string;
};

type TeamsSender = { id: string; name: string; aadObjectId: string };

export type TeamsPresser = {
  platform: 'teams';
  /** The activity Teams posts when the button is pressed. */
  activity: string;
  /** One for all presses, as the Bot Service uses its tokens again. */
  token: string;
  /** Who press, in turn. */
  senders: TeamsSender[];
};

export type Presser = SlackPresser | TeamsPresser;

/** Begins what a person is told whose press counted. */
export const recordedMark = 'Recorded';

/** What the answer to a press has to hold: Teams shows it to the person, Slack hears it later. */
export const expectedText = ({ platform }: Presser): string | null => (platform === 'teams' ? recordedMark : null);

export function pressRequests(presser: Presser, pressables: Pressable[]): Buffer[] {
  return presser.platform === 'slack' ? slackPresses(presser, pressables) : teamsPresses(presser, pressables);
}

const buttonValue = ({ actionId, digest, version }: Pressable): string => `${actionId}|${digest}|${version}`;

function slackPresses({ template, signingSecret, userIds, sinkUrl }: SlackPresser, pressables: Pressable[]): Buffer[] {
  const base = template.payload.replaceAll(template.responseUrl, sinkUrl);
  const timestamp = Math.floor(Date.now() / 1000);
  return pressables.map((pressable, index) => {
    const payload = base
      .replaceAll(buttonValue(template.pressed), buttonValue(pressable))
      .replaceAll(template.userId, userIds[index % userIds.length] ?? template.userId);
    const body = new URLSearchParams({ payload }).toString();
    const signature = createHmac('sha256', signingSecret).update(`v0:${timestamp}:${body}`).digest('hex');
    return post('/slack/events', body, {
      'content-type': 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': `${timestamp}`,
      'x-slack-signature': `v0=${signature}`,
    });
  });
}

type Invoke = { id: string; from: TeamsSender; value: { action: { data: Record<string, unknown> } } };

function teamsPresses({ activity: pressed, token, senders }: TeamsPresser, pressables: Pressable[]): Buffer[] {
  const activity: Invoke = JSON.parse(pressed);
  return pressables.map((pressable, index) => {
    // Its own id: a second one with the same would be taken for the first, sent again.
    activity.id = `f:${randomUUID()}`;
    activity.from = senders[index % senders.length] ?? activity.from;
    Object.assign(activity.value.action.data, pressable);
    return post('/api/messages', JSON.stringify(activity), {
      'content-type': 'application/json; charset=utf-8',
      authorization: `Bearer ${token}`,
    });
  });
}

function post(path: string, body: string, headers: Record<string, string>): Buffer {
  const all = { host: '127.0.0.1', 'content-length': `${Buffer.byteLength(body)}`, ...headers };
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n${body}`);
}
