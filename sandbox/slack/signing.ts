import { createHmac } from 'node:crypto';

/** `X-Slack-Signature`, from https://docs.slack.dev/authentication/verifying-requests-from-slack */
export function sign(signingSecret: string, timestamp: number, body: string): string {
  return `v0=${createHmac('sha256', signingSecret).update(`v0:${timestamp}:${body}`).digest('hex')}`;
}
