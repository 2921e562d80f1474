/** A press as bytes on the wire: the simulated Slack's own payload with another action, another person and a signature of its own. */
import { createHmac } from 'node:crypto';

export type Pressable = { actionId: string; digest: string; version: number };

export type PressTemplate = {
  /** The JSON Slack posts when the button of `pressed` is pressed by `userId`. */
  payload: string;
  pressed: Pressable;
  userId: string;
  responseUrl: string;
};

export type Presser = { template: PressTemplate; signingSecret: string /** Who press, in turn. */; userIds: string[]; sinkUrl: string };

const buttonValue = ({ actionId, digest, version }: Pressable): string => `${actionId}|${digest}|${version}`;

export function pressRequests({ template, signingSecret, userIds, sinkUrl }: Presser, pressables: Pressable[]): Buffer[] {
  const base = template.payload.replaceAll(template.responseUrl, sinkUrl);
  const timestamp = Math.floor(Date.now() / 1000);
  return pressables.map((pressable, index) => {
    const payload = base
      .replaceAll(buttonValue(template.pressed), buttonValue(pressable))
      .replaceAll(template.userId, userIds[index % userIds.length] ?? template.userId);
    const body = new URLSearchParams({ payload }).toString();
    const signature = createHmac('sha256', signingSecret).update(`v0:${timestamp}:${body}`).digest('hex');
    const head = [
      'POST /slack/events HTTP/1.1',
      'host: 127.0.0.1',
      'content-type: application/x-www-form-urlencoded',
      `content-length: ${Buffer.byteLength(body)}`,
      `x-slack-request-timestamp: ${timestamp}`,
      `x-slack-signature: v0=${signature}`,
    ];
    return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
  });
}
