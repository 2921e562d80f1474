/** The people of the simulated company, as the directory, Slack and Teams know them. All invented. */

export type DemoPerson = {
  /** Also what the page calls this person. */
  slackId: string;
  /** As the bot knows them in Teams. There, the directory knows them by `entraId`. */
  teamsId: string;
  name: string;
  realName: string;
  upn: string;
  entraId: string;
  userType: 'Member' | 'Guest';
  roles: string[];
  deviceGroups: string[];
  /** The role in a few words, and what follows from it. */
  role: string;
  may: string;
};

export const teamId = 'T000000001';
/** The company's organisation in Entra. */
export const tenantId = '3f6a1c52-8d0e-4b7a-9c41-5e2d7b90a6f1';

export const people: [DemoPerson, ...DemoPerson[]] = [
  {
    slackId: 'U0ALICE',
    teamsId: '29:1alice-of-contoso',
    name: 'alice',
    realName: 'Alice Adams',
    upn: 'alice@contoso.example',
    entraId: '7f0c1c1e-52a4-4b0e-9a53-0d5a6c1e0a01',
    userType: 'Member',
    roles: ['SecurityAdministrator', 'SearchAndPurge'],
    deviceGroups: ['*'],
    role: 'Security Administrator, Search and Purge',
    may: 'May decide device, email and identity actions, on every device, and undo them.',
  },
  {
    slackId: 'U0BOB',
    teamsId: '29:1bob-of-contoso',
    name: 'bob',
    realName: 'Bob Brown',
    upn: 'bob@contoso.example',
    entraId: '7f0c1c1e-52a4-4b0e-9a53-0d5a6c1e0b02',
    userType: 'Member',
    roles: ['ActiveRemediationActions'],
    deviceGroups: ['Workstations'],
    role: 'Active remediation actions, device group Workstations',
    may: 'May decide device actions on workstations. Not on servers, not email, not identities.',
  },
  {
    slackId: 'U0CAROL',
    teamsId: '29:1carol-of-contoso',
    name: 'carol',
    realName: 'Carol Chen',
    upn: 'carol@contoso.example',
    entraId: '7f0c1c1e-52a4-4b0e-9a53-0d5a6c1e0c03',
    userType: 'Member',
    roles: ['SecurityReader'],
    deviceGroups: ['*'],
    role: 'Security Reader',
    may: 'May read everything and decide nothing.',
  },
  {
    slackId: 'U0DAVE',
    teamsId: '29:1dave-of-contoso',
    name: 'dave',
    realName: 'Dave Diaz',
    upn: 'dave@partner.example',
    entraId: '7f0c1c1e-52a4-4b0e-9a53-0d5a6c1e0d04',
    userType: 'Guest',
    roles: ['SecurityAdministrator', 'SearchAndPurge'],
    deviceGroups: ['*'],
    role: 'Guest, with the roles of Alice',
    may: 'May decide nothing: a guest is refused, whatever roles were given.',
  },
  {
    slackId: 'U0ERIN',
    teamsId: '29:1erin-of-contoso',
    name: 'erin',
    realName: 'Erin Evans',
    upn: 'erin@contoso.example',
    entraId: '7f0c1c1e-52a4-4b0e-9a53-0d5a6c1e0e05',
    userType: 'Member',
    roles: ['GlobalAdministrator'],
    deviceGroups: ['*'],
    role: 'Global Administrator',
    may: 'May decide everything. Good as the second person where two are needed.',
  },
];
