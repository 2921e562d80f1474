/** The simulated Teams, whose keys prove every press. */
import { startTeams } from '../../sandbox/teams/server.ts';
import { settingsFor } from '../../sandbox/teams/settings.ts';
import { entraTenant, teamsIdOf } from '../../test/features/people.ts';
import { type ChatSide, people } from './chat-side.ts';
import { recordedMark } from './press.ts';

const channel = '19:soc-approvals@thread.tacv2';
const app = { appId: '99999999-8888-4777-8666-555555555555', appPassword: 'teams-app-password-benchmark', tenantId: entraTenant };
const senders = people.map((one) => ({ id: teamsIdOf(one), name: one.displayName, aadObjectId: one.entraId }));

export async function openTeamsSide(): Promise<ChatSide> {
  const teams = await startTeams({
    ...app,
    people: people.map((one, index) => ({ ...senders[index], id: teamsIdOf(one), name: one.displayName, upn: one.upn })),
    conversations: [{ id: channel, type: 'channel', name: 'SOC approvals', teamId: '19:soc@thread.tacv2' }],
  });
  return {
    platform: 'teams',
    env: settingsFor(teams, app),
    route: `teams: ["${channel}"]`,
    learn: async (url, announceOne) => {
      const [person = ''] = senders.map(({ id }) => id);
      teams.setMessagesUrls([`${url}/api/messages`]);
      await teams.install(channel, person);
      const posted = teams.next('message', undefined, 15_000);
      await announceOne();
      const { id: messageId } = await posted;
      const ack = await teams.press({ person, conversation: channel, messageId, button: /^Approve/ });
      const answer = JSON.stringify(ack.body);
      if (ack.status !== 200 || !answer.includes(recordedMark)) throw new Error(`the bot answered ${ack.status} ${answer}`);
      const activity = teams.recorded.findLast(({ body }) => body.includes('"trigger":"manual"'))?.body ?? '';
      return {
        card: { platform: 'teams', conversation: channel, ref: messageId },
        presser: async (proof) => {
          const token = await (proof === 'good' ? teams.token() : teams.token({ key: 'foreign' }));
          return { platform: 'teams', activity, token, senders };
        },
      };
    },
    asker: async (url) => {
      teams.setMessagesUrls([`${url}/api/messages`]);
      await teams.install(channel, senders[0]?.id ?? '');
      let turn = 0;
      return async (text) => {
        const person = senders[turn++ % senders.length]?.id ?? '';
        const answered = teams.next('private', ({ card }) => card !== null, 15_000);
        const begun = performance.now();
        const ack = await teams.say({ person, conversation: channel, text, targeted: true });
        if (ack.status >= 300) throw new Error(`the bot answered ${ack.status} to ${text}`);
        await answered;
        return performance.now() - begun;
      };
    },
    answersTaken: () => null,
    close: () => teams.close(),
  };
}
