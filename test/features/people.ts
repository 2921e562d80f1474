/** The invented people of the feature tests; they exist in the directory and on every chat platform. */
export type DirectoryPerson = {
  entraId: string;
  upn: string;
  displayName: string;
  email: string;
  enabled: boolean;
  userType: 'Member' | 'Guest';
  slack: { teamId: string; userId: string }[];
  roles: string[];
  deviceGroups: string[];
};

export const team = 'T000000001';

export function person(name: string, roles: string[], extra: Partial<DirectoryPerson> = {}): DirectoryPerson {
  const [first = name] = name.split(' ');
  const short = first.toLowerCase();
  return {
    entraId: `00000000-0000-4000-8000-${Buffer.from(short.padEnd(6, '0').slice(0, 6)).toString('hex')}`,
    upn: `${short}@contoso.example`,
    displayName: name,
    email: `${short}@contoso.example`,
    enabled: true,
    userType: 'Member',
    slack: [{ teamId: team, userId: `U0${first.toUpperCase()}` }],
    roles,
    deviceGroups: ['*'],
    ...extra,
  };
}

export const alice = person('Alice Adams', ['SecurityAdministrator', 'SearchAndPurge']);
export const bob = person('Bob Brown', ['ActiveRemediationActions'], { deviceGroups: ['Workstations'] });
export const carol = person('Carol Chen', ['SecurityReader']);
export const dave = person('Dave Diaz', ['SecurityAdministrator'], { userType: 'Guest' });
export const erin = person('Erin Evans', ['GlobalAdministrator']);
export const frank = person('Frank Fox', ['SecurityAdministrator'], { enabled: false });

export const people = [alice, bob, carol, dave, erin, frank];

/** `count` analysts who all may decide device actions. */
export const crowd = (count: number): DirectoryPerson[] =>
  Array.from({ length: count }, (_, index) => {
    const number = String(index).padStart(4, '0');
    return {
      ...person(`Analyst${number} Crowd`, ['SecurityAdministrator']),
      entraId: `00000000-0000-4000-9000-00000000${number}`,
    };
  });

/** The same people as Teams knows them: `29:` and something of the bot's own. */
export const teamsIdOf = ({ entraId }: DirectoryPerson): string => `29:${entraId}`;
export const entraTenant = '11111111-2222-4333-8444-555555555555';
