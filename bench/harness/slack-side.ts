/** The simulated Slack, and a sink for private answers. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startSlack } from '../../sandbox/slack/server.ts';
import { team } from '../../test/features/people.ts';
import { buttonsOf } from '../../test/features/platforms.ts';
import { type ChatSide, people } from './chat-side.ts';

const channel = 'C0SOC';
const signingSecret = 'slack-signing-secret-for-the-benchmark';
const botToken = 'xoxb-benchmark';
const userIds = people.map(({ slack }) => slack[0]?.userId ?? '');

export async function openSlackSide(): Promise<ChatSide> {
  const slack = await startSlack({
    signingSecret,
    botToken,
    teamId: team,
    channels: [{ id: channel, name: 'soc-approvals' }],
    people: people.map((one) => ({ id: one.slack[0]?.userId ?? '', name: one.upn, realName: one.displayName, email: one.email })),
  });
  const sink = await openSink();
  return {
    platform: 'slack',
    env: { SLACK_BOT_TOKEN: botToken, SLACK_SIGNING_SECRET: signingSecret, SLACK_API_URL: slack.apiUrl },
    route: `slack: [${channel}]`,
    learn: async (_, announceOne) => {
      const posted = slack.next('message', undefined, 15_000);
      const action = await announceOne();
      const message = await posted;
      const button = buttonsOf(message)[0] ?? '';
      const [userId = ''] = userIds;
      const ack = await slack.click({ user: userId, channel, ts: message.ts, button, confirm: 'accept', url: sink.url });
      if (ack.status !== 200) throw new Error(`the sink answered ${ack.status}`);
      const payload = new URLSearchParams(slack.recorded.at(-1)?.body).get('payload') ?? '';
      const { response_url: responseUrl } = JSON.parse(payload) as { response_url: string };
      const pressed = { actionId: action.id, digest: action.scopeDigest, version: action.version };
      const template = { payload, pressed, userId, responseUrl };
      return {
        card: { platform: 'slack', conversation: channel, ref: message.ts },
        presser: async (proof) => {
          const secret = proof === 'good' ? signingSecret : 'somebody-elses-signing-secret';
          return { platform: 'slack', template, signingSecret: secret, userIds, sinkUrl: sink.url };
        },
      };
    },
    asker: async (url) => {
      let turn = 0;
      return async (text) => {
        const user = userIds[turn++ % userIds.length] ?? '';
        const answered = slack.next('ephemeral', ({ blocks }) => blocks.length > 1, 15_000);
        const begun = performance.now();
        const ack = await slack.command({ user, channel, command: '/actions', text, url: `${url}/slack/events` });
        if (ack.status !== 200) throw new Error(`the bot answered ${ack.status} to ${text}`);
        await answered;
        return performance.now() - begun;
      };
    },
    answersTaken: sink.taken,
    close: async () => {
      await slack.close();
      await sink.close();
    },
  };
}

/** Takes every private answer as Slack's response_url would, and reads none. */
async function openSink() {
  let count = 0;
  let connections = 0;
  const server = createServer((req, res) => {
    count += 1;
    req.resume();
    req.on('end', () => res.writeHead(200, { 'content-length': 2 }).end('ok'));
  });
  server.on('connection', () => {
    connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/answers`,
    taken: () => ({ answers: count, connections }),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
