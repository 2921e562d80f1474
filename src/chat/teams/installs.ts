/** Where the app is: what installs, removals and deleted channels mean for the cards. Only ever from activities the guard let through. */
import type { Conversations, Log } from '../../action-center/ports.ts';
import type { Arrival } from './activity.ts';
import { typeOf } from './surface.ts';

export type InstallDeps = {
  conversations: Conversations;
  /** Conversations that some route names; people are told apart from those nobody needs. */
  routed: ReadonlySet<string>;
  /** Called when a place can be reached that could not be before. */
  reached: () => Promise<void>;
  /** Called when a place is out of reach. */
  lost: (standing: 'removed' | 'deleted') => void;
  log: Log;
  now: () => number;
};

/** Service URLs change rarely, and every press comes along here. */
const refreshEveryMs = 3_600_000;
const rememberedBound = 5000;

export type Installs = {
  /** installationUpdate and conversationUpdate. */
  onEvent(arrival: Arrival): Promise<void>;
  /** Any other activity: the conversation is there, and this is where it is reached. */
  noticed(arrival: Arrival): Promise<void>;
};

export function installs(deps: InstallDeps): Installs {
  const lately = new Map<string, { serviceUrl: string; until: number }>();
  const present = async (arrival: Arrival): Promise<void> => {
    const { conversation, serviceUrl } = arrival;
    const isNew = await deps.conversations.present(recordOf(arrival), deps.now());
    lately.delete(conversation);
    lately.set(conversation, { serviceUrl, until: deps.now() + refreshEveryMs });
    const [oldest] = lately.keys();
    if (lately.size > rememberedBound && oldest !== undefined) lately.delete(oldest);
    if (!isNew) return;
    deps.log.info({ conversation }, 'the app is installed here');
    await deps.reached();
  };

  const absent = async (where: { conversation: string } | { team: string }, standing: 'removed' | 'deleted'): Promise<void> => {
    const gone = await deps.conversations.absent({ platform: 'teams', ...where }, standing, deps.now());
    for (const conversation of gone) lately.delete(conversation);
    for (const conversation of gone.filter((one) => deps.routed.has(one))) {
      deps.lost(standing);
      deps.log.error(
        { conversation, standing },
        'ALARM: cards are routed to this Teams conversation and cannot be shown there any more; add the app again or change the routes',
      );
    }
  };

  return {
    onEvent: async (arrival) => {
      const { activity, conversation } = arrival;
      const away = awayOf(arrival);
      if (away !== null) return absent(away.where, away.standing);
      const isOurs = activity.type === 'installationUpdate' || isAboutBot(arrival, activity.membersAdded);
      if (isOurs || activity.channelData?.eventType === 'channelRestored') return present(arrival);
      if (lately.has(conversation)) return present(arrival);
    },
    noticed: async (arrival) => {
      const known = lately.get(arrival.conversation);
      if (known && known.serviceUrl === arrival.serviceUrl && known.until > deps.now()) return;
      await present(arrival);
    },
  };
}

function recordOf({ activity, conversation, organisation, serviceUrl }: Arrival) {
  const { channelData } = activity;
  const said = activity.conversation?.conversationType;
  const type = said === 'channel' || said === 'groupChat' || said === 'personal' ? said : typeOf(conversation);
  return {
    platform: 'teams' as const,
    conversation,
    organisation,
    serviceUrl,
    type,
    team: channelData?.team?.id ?? null,
    name: channelData?.channel?.name ?? activity.conversation?.name ?? null,
  };
}

type Away = { where: { conversation: string } | { team: string }; standing: 'removed' | 'deleted' };

/** Taken from a team, the app is gone from all its channels. */
function awayOf(arrival: Arrival): Away | null {
  const { activity, conversation } = arrival;
  const { channelData } = activity;
  const team = channelData?.team?.id;
  if (channelData?.eventType === 'channelDeleted')
    return { where: { conversation: channelData.channel?.id ?? conversation }, standing: 'deleted' };
  if (team && (channelData?.eventType === 'teamDeleted' || channelData?.eventType === 'teamHardDeleted'))
    return { where: { team }, standing: 'deleted' };
  const removed =
    activity.type === 'installationUpdate'
      ? activity.action?.startsWith('remove') && activity.action !== 'remove-upgrade'
      : isAboutBot(arrival, activity.membersRemoved);
  return removed ? { where: team ? { team } : { conversation }, standing: 'removed' } : null;
}

const isAboutBot = ({ activity }: Arrival, members: { id?: string | null | undefined }[] | null | undefined): boolean =>
  !!activity.recipient?.id && (members ?? []).some(({ id }) => id === activity.recipient?.id);
