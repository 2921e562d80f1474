/** The clouds Teams exists in: who signs what comes in, where answers go, and what botbuilder calls the cloud. */
export type Cloud = 'global' | 'gcc' | 'gcchigh' | 'dod';

type CloudFacts = {
  /** botbuilder's `ChannelService`; empty means the public cloud. */
  channelService: '' | 'https://botframework.azure.us';
  /** Of the tokens that come with activities; also the audience of ours. */
  issuer: string;
  /** Where a conversation is reached that never wrote to us. */
  serviceUrl: string;
  /** Hosts that activities may name as the place to answer to. */
  hosts: readonly string[];
  /** Where links to messages lead. */
  webUrl: string;
};

const publicIssuer = 'https://api.botframework.com';
const government = { channelService: 'https://botframework.azure.us', issuer: 'https://api.botframework.us' } as const;

/** https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/send-proactive-messages */
export const clouds: Record<Cloud, CloudFacts> = {
  global: {
    channelService: '',
    issuer: publicIssuer,
    serviceUrl: 'https://smba.trafficmanager.net/teams/',
    hosts: ['smba.trafficmanager.net'],
    webUrl: 'https://teams.microsoft.com',
  },
  // The public bot service with a host of its own.
  gcc: {
    channelService: '',
    issuer: publicIssuer,
    serviceUrl: 'https://smba.infra.gcc.teams.microsoft.com/teams/',
    hosts: ['smba.infra.gcc.teams.microsoft.com', 'smba.trafficmanager.net'],
    webUrl: 'https://teams.microsoft.com',
  },
  gcchigh: {
    ...government,
    serviceUrl: 'https://smba.infra.gov.teams.microsoft.us/teams/',
    hosts: ['smba.infra.gov.teams.microsoft.us'],
    webUrl: 'https://gov.teams.microsoft.us',
  },
  dod: {
    ...government,
    serviceUrl: 'https://smba.infra.dod.teams.microsoft.us/teams/',
    hosts: ['smba.infra.dod.teams.microsoft.us'],
    webUrl: 'https://dod.teams.microsoft.us',
  },
};
