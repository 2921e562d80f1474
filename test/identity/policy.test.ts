import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Platform } from '../../src/action-center/action.ts';
import { ConfigError } from '../../src/action-center/errors.ts';
import type { NormalisedIntake } from '../../src/action-center/intake.ts';
import { type LoadedPolicy, loadPolicy } from '../../src/identity/policy.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-policy-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function policy(yaml: string, on?: Platform[]) {
  const file = join(folder, 'policy.yaml');
  writeFileSync(file, yaml);
  return loadPolicy(file, on);
}

function problemsOf(yaml: string, on?: Platform[]): readonly string[] {
  try {
    policy(yaml, on);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const deviceId = 'ab'.repeat(20);

const anAction = (changes: Partial<NormalisedIntake> = {}): NormalisedIntake => ({
  id: 'one',
  producer: 'test',
  type: 'isolateDevice',
  source: 'manualDeviceAction',
  severity: 'high',
  title: 'Isolate a device',
  entities: [{ type: 'device', deviceId, name: 'wks-0042.contoso.example', group: 'Workstations' }],
  parameters: {},
  requestedAt: '2026-11-21T08:00:00.000Z',
  expiresAt: '2026-11-28T08:00:00.000Z',
  requestedBy: { kind: 'automation', name: 'Automated investigation' },
  ...changes,
});
const onDevice = (device: { deviceId?: string; name?: string; group?: string }, more: Partial<NormalisedIntake> = {}) =>
  anAction({ entities: [{ type: 'device', ...device }], ...more });
const anEmail = anAction({
  type: 'softDeleteEmail',
  source: 'manualEmailAction',
  asset: 'dc-team@contoso.example',
  entities: [{ type: 'email', networkMessageId: '2f1e7c1a-52a4-4b0e-9a53-0d5a6c1e0a01', recipient: 'dc-team@contoso.example' }],
});

const routes = 'routes:\n  - slack: [C0SOC]\n';

describe('routes', () => {
  const routed = (on?: Platform[]) =>
    policy(
      `
routes:
  - match: { workload: email }
    slack: [C0EMAIL]
  - match: { severity: [low, informational], type: runAntivirusScan }
    slack: [C0QUIET]
  - match: { device: "srv-*" }
    slack: [C0SERVERS, C0SOC, C0SERVERS]
  - slack: [C0SOC]
    teams: ["19:soc@thread.tacv2"]
`,
      on,
    );
  const conversations = (action: NormalisedIntake, on: Platform[] = ['slack']) =>
    routed(on)
      .routesFor(action)
      .map(({ platform, conversation }) => `${platform}:${conversation}`);

  it('sends an action the first way that fits', () => {
    expect(conversations(anEmail)).toEqual(['slack:C0EMAIL']);
    expect(conversations(anAction({ type: 'runAntivirusScan', severity: 'low' }))).toEqual(['slack:C0QUIET']);
    expect(conversations(anAction({ type: 'runAntivirusScan', severity: 'high' }))).toEqual(['slack:C0SOC']);
    expect(conversations(onDevice({ name: 'SRV-7' }))).toEqual(['slack:C0SERVERS', 'slack:C0SOC']);
  });

  it('does not guess the name of a device when it is not told', () => {
    expect(conversations(onDevice({ deviceId }))).toEqual(['slack:C0SOC']);
  });

  it('lists every conversation once', () => {
    expect(routed().conversations('slack')).toEqual(['C0EMAIL', 'C0QUIET', 'C0SERVERS', 'C0SOC']);
  });

  it('sends an action to every platform that is on', () => {
    expect(conversations(anAction(), ['slack', 'teams'])).toEqual(['slack:C0SOC', 'teams:19:soc@thread.tacv2']);
    expect(routed().conversations('teams')).toEqual(['19:soc@thread.tacv2']);
  });

  it('leaves a platform out that is off, and says so', () => {
    expect(routed(['slack']).conversations('teams')).toEqual([]);
    expect(routed(['slack']).warnings).toEqual([expect.stringContaining('routes.3.teams: Teams is off')]);
    expect(routed().warnings).toEqual([]);
  });

  it('is refused when a route reaches nobody on the platforms that are on', () => {
    const onlyTeams = 'routes:\n  - teams: ["19:soc@thread.tacv2"]\n';
    expect(problemsOf(onlyTeams, ['slack'])).toEqual([expect.stringMatching(/routes\.0: names no conversation in Slack/)]);
    expect(problemsOf(onlyTeams, ['teams'])).toEqual([]);
  });
});

describe('approvals', () => {
  const strict = () =>
    policy(`${routes}
approvals:
  - match: { type: [offboardMachine, hardDeleteEmail] }
    needed: 2
  - match: { device: "srv-*" }
    needed: 3
  - match: { group: Kiosks }
    needed: 1
`);

  it('are one where nothing is said', () => {
    expect(policy(routes).approvalsNeeded(anAction())).toBe(1);
    expect(strict().approvalsNeeded(anAction())).toBe(1);
  });

  it('are as many as the strictest rule that fits asks for', () => {
    expect(strict().approvalsNeeded(anAction({ type: 'offboardMachine' }))).toBe(2);
    expect(strict().approvalsNeeded(onDevice({ name: 'srv-1' }, { type: 'offboardMachine' }))).toBe(3);
  });

  it('are not fewer because a producer leaves the name of a device out', () => {
    expect(strict().approvalsNeeded(onDevice({ deviceId }))).toBe(3);
  });
});

describe('protected assets', () => {
  const guarded = () => policy(`${routes}\nprotected:\n  - match: { device: "dc-*" }\n`);

  it.each([
    ['by its name', onDevice({ name: 'dc-01' })],
    ['by its full name in capitals', onDevice({ deviceId, name: 'DC-01.CONTOSO.EXAMPLE' })],
    ['by the asset', anAction({ entities: [{ type: 'file', sha1: deviceId }], type: 'stopAndQuarantineFile', asset: 'dc-02' })],
    [
      'as the place of a process',
      anAction({ entities: [{ type: 'process', processId: 1, fileName: 'a.exe', deviceName: 'dc-03' }], type: 'killProcess' }),
    ],
    [
      'among several devices',
      anAction({
        entities: [
          { type: 'device', name: 'wks-1' },
          { type: 'device', name: 'dc-04' },
        ],
      }),
    ],
    ['possibly: told by its id only', onDevice({ deviceId })],
  ])('are recognised %s', (_how, action) => expect(guarded().isProtected(action)).toBe(true));

  it.each([
    ['another device', anAction()],
    ['an email that mentions one', anEmail],
    [
      'a process on a device that is listed with its name',
      anAction({
        type: 'killProcess',
        entities: [
          { type: 'device', deviceId: deviceId.toUpperCase(), name: 'wks-1' },
          { type: 'process', processId: 1, fileName: 'a.exe', deviceId },
        ],
      }),
    ],
  ])('do not include %s', (_what, action) => expect(guarded().isProtected(action)).toBe(false));

  it('may be named by their group', () => {
    const byGroup = policy(`${routes}\nprotected:\n  - match: { group: domain controllers }\n`);
    expect(byGroup.isProtected(onDevice({ name: 'x', group: 'Domain Controllers' }))).toBe(true);
    expect(byGroup.isProtected(onDevice({ name: 'x', group: 'Workstations' }))).toBe(false);
    expect(byGroup.isProtected(onDevice({ name: 'x' }))).toBe(true);
  });
});

describe('the version of a policy', () => {
  const rules = 'approvals:\n  - match: { type: offboardMachine }\n    needed: 2\n';

  it('stays when only routes, reminders or the writing change', () => {
    const { version } = policy(`${routes}${rules}`);
    expect(version).toMatch(/^[0-9a-f]{16}$/);
    expect(policy(`routes:\n  - slack: [C0OTHER]\n${rules}reminders: { after: [15m] }\n`).version).toBe(version);
    expect(policy(`# a comment\n${routes}approvals: [{ needed: 2, match: { type: [offboardMachine] } }]\n`).version).toBe(version);
  });

  it('changes when a rule about deciding changes', () => {
    const { version } = policy(`${routes}${rules}`);
    expect(policy(`${routes}${rules.replace('2', '3')}`).version).not.toBe(version);
    expect(policy(`${routes}${rules}protected:\n  - match: { device: "dc-*" }\n`).version).not.toBe(version);
  });
});

describe('a policy file that is wrong', () => {
  it.each([
    ['no routes', 'approvals: []\n', /^POLICY_FILE: routes: /],
    ['an empty file', '', /^POLICY_FILE: routes: /],
    ['a misspelt section', `${routes}aprovals: []\n`, /^POLICY_FILE: line 3, column 11: aprovals: unknown key$/],
    [
      'a misspelt key of a match',
      'routes:\n  - match: { sevrity: high }\n    slack: [C0A]\n  - slack: [C0SOC]\n',
      /routes\.0\.match\.sevrity: unknown key/,
    ],
    [
      'an unknown action type',
      `${routes}approvals:\n  - match: { type: [selfDestruct] }\n    needed: 2\n`,
      /approvals\.0\.match\.type\.0: /,
    ],
    ['an unknown workload', `${routes}approvals:\n  - match: { workload: phone }\n    needed: 2\n`, /approvals\.0\.match\.workload: /],
    ['an empty match', `${routes}protected:\n  - match: {}\n`, /protected\.0\.match: must say what it matches/],
    ['too many approvals', `${routes}approvals:\n  - match: { type: blockUrl }\n    needed: 9\n`, /approvals\.0\.needed: /],
    ['a channel by its name', 'routes:\n  - slack: ["#soc"]\n', /routes\.0\.slack\.0: must be the id/],
    ['a last route with a match', 'routes:\n  - match: { workload: email }\n    slack: [C0A]\n', /routes\.0\.match: the last route/],
    ['a route that hides the next', 'routes:\n  - slack: [C0AB]\n  - slack: [C0CD]\n', /routes\.0: without a match/],
    ['a route to nowhere', 'routes:\n  - {}\n', /routes\.0: must name a conversation/],
    ['a Teams channel by its name', 'routes:\n  - teams: ["SOC approvals"]\n', /routes\.0\.teams\.0: must be the id/],
    ['a time span in words', `${routes}reminders: { after: [soon] }\n`, /reminders\.after\.0: must be a time span/],
    ['an unknown time zone', `${routes}digests:\n  - { at: "08:00", timezone: Mars/Base, slack: [C0A1] }\n`, /digests\.0\.timezone: /],
    [
      'a holiday that is no date',
      `${routes}digests:\n  - { at: "08:00", timezone: UTC, holidays: [2026-02-30], slack: [C0A1] }\n`,
      /line 4.*digests\.0\.holidays\.0: must be a date/,
    ],
    ['a digest to nobody', `${routes}digests:\n  - { at: "08:00", timezone: UTC }\n`, /digests\.0: must name a conversation or a person/],
    [
      'a digest to a Teams person by name',
      `${routes}digests:\n  - { at: "08:00", timezone: UTC, teams: [alice@contoso.example] }\n`,
      /digests\.0\.teams\.0: must be the id/,
    ],
    ['YAML that is none', 'routes: [\n  - slack: {\n', /^POLICY_FILE: line \d+, column \d+: /],
    ['a key twice', `${routes}${routes}`, /line 3.*unique/],
  ])('with %s is refused with the place', (_what, yaml, problem) => {
    expect(problemsOf(yaml).join('\n')).toMatch(problem);
  });

  it('is told with everything that is wrong at once', () => {
    expect(problemsOf('routes:\n  - slack: [soc]\nextra: 1\napprovals: [{ needed: 2 }]\n')).toHaveLength(3);
  });

  it('is one that is not there', () => {
    expect(() => loadPolicy(join(folder, 'nowhere.yaml'))).toThrow(/POLICY_FILE: .*ENOENT/);
  });
});

describe('the example policy', () => {
  const example = loadPolicy(fileURLToPath(new URL('../../policy.yaml', import.meta.url)));

  it('asks for two people on destructive actions and protects the domain controllers', () => {
    expect(example.approvalsNeeded(anAction({ type: 'offboardMachine' }))).toBe(2);
    expect(example.approvalsNeeded(anAction())).toBe(1);
    expect(example.isProtected(onDevice({ name: 'dc-01.contoso.example' }))).toBe(true);
    expect(example.routesFor(anEmail)).toEqual([
      { platform: 'slack', conversation: 'C0EMAIL' },
      { platform: 'teams', conversation: '19:email@thread.tacv2' },
    ]);
  });

  it('sends a digest on weekdays, but not at Christmas, and knows the channel of it', () => {
    const schedule = {
      at: '08:00',
      timezone: 'Europe/Berlin',
      weekdays: ['mon', 'tue', 'wed', 'thu', 'fri'],
      holidays: ['2026-12-25', '2027-01-01'],
    };
    expect(example.digestPlans.map(({ target, ...plan }) => ({ ...plan, to: target.conversation }))).toEqual([
      { planKey: expect.stringMatching(/^policy:[0-9a-f]{16}$/), to: 'U0MANAGER', entraId: null, schedule },
      { planKey: example.digestPlans[0]?.planKey, to: 'C0LEADS', entraId: null, schedule },
    ]);
    expect(example.conversations('slack')).toContain('C0LEADS');
    expect(example.conversations('slack')).not.toContain('U0MANAGER');
  });
});

describe('where a mistake is', () => {
  const places = (yaml: string) => problemsOf(yaml).map((problem) => /line (\d+), column (\d+): ([^:]*)/.exec(problem)?.slice(1));

  it('is told for each of them, in the order of the file', () => {
    const yaml = `routes:
  - match: { workload: phone }
    slack: ["#soc"]
  - slack: [C0SOC]
    colour: red
protected:
  - {}
`;
    expect(places(yaml)).toEqual([
      ['2', '24', 'routes.0.match.workload'],
      ['3', '13', 'routes.0.slack.0'],
      ['5', '13', 'routes.1.colour'],
      ['7', '5', 'protected.0.match'],
    ]);
  });

  it('is the nearest thing around it when the thing itself is missing, and also told for rules between routes', () => {
    expect(places('routes:\n  - slack: [C0AB]\n  - slack: [C0CD]\n')).toEqual([['2', '5', 'routes.0']]);
    expect(problemsOf('routes:\n  - teams: ["19:soc@thread.tacv2"]\n', ['slack'])).toEqual([
      expect.stringMatching(/line 2, column 5: routes\.0: /),
    ]);
  });
});

describe('rules about how something is decided', () => {
  let rules: LoadedPolicy;
  beforeAll(() => {
    rules = policy(`${routes}
reasons:
  - match: { type: isolateDevice }
  - match: { workload: email }
    verbs: [undo]
barred:
  - match: { workload: email, severity: high }
    because: Mail is handled elsewhere
  - match: { device: "plc-*" }
`);
  });

  it('ask for a reason with the verbs they name, with all of them when they name none, and always for a rejection', () => {
    const verbs = (action: NormalisedIntake) => (['approve', 'reject', 'undo'] as const).filter((verb) => rules.reasonNeeded(action, verb));
    expect(verbs(anAction())).toEqual(['approve', 'reject', 'undo']);
    expect(verbs(anEmail)).toEqual(['reject', 'undo']);
    expect(verbs(anAction({ type: 'runAntivirusScan' }))).toEqual(['reject']);
  });

  it('bar what they match, with the reason of the first, and what leaves out the name they ask for', () => {
    expect(rules.barred(anEmail)).toEqual({ because: 'Mail is handled elsewhere' });
    expect(rules.barred({ ...anEmail, severity: 'low' })).toBeNull();
    expect(rules.barred(onDevice({ name: 'plc-7.contoso.example' }))).toEqual({ because: null });
    expect(rules.barred(onDevice({ deviceId }))).toEqual({ because: null });
    expect(rules.barred(anAction())).toBeNull();
  });

  it('ask for a fresh sign-in as said; unsaid only where something is protected; never when it is off', () => {
    const guarded = `${routes}protected:\n  - match: { device: "dc-*" }\n`;
    expect(policy(routes).freshSignIn).toBeNull();
    expect(policy(guarded).freshSignIn).toEqual({ withinMs: 600_000, isSaid: false });
    expect(policy(`${guarded}stepUp: { within: 2h }\n`).freshSignIn).toEqual({ withinMs: 7_200_000, isSaid: true });
    expect(policy(`${guarded}stepUp: off\n`).freshSignIn).toBeNull();
  });

  it('are part of the version once they are written, and cost no open card anything before', () => {
    const versions = [
      '',
      'reasons: [{ match: { type: isolateDevice } }]\n',
      'barred: [{ match: { type: isolateDevice } }]\n',
      'stepUp: off\n',
    ].map((rule) => policy(`${routes}${rule}`).version);
    expect(new Set(versions).size).toBe(4);
    expect(policy(`${routes}alarms: { slack: [C0OPS] }\n`).version).toBe(versions[0]);
    // As it was before these rules existed: the digest of approvals and protected alone.
    expect(versions[0]).toBe(createHash('sha256').update('{"approvals":[],"protected":[]}').digest('hex').slice(0, 16));
  });

  it('are refused with their place when they are misspelt', () => {
    expect(problemsOf(`${routes}stepUp: { within: soon }\n`)).toEqual([
      expect.stringMatching(/line 3.*stepUp\.within: must be a time span/),
    ]);
    expect(problemsOf(`${routes}reasons: [{ match: { type: isolateDevice }, verbs: [cancel] }]\n`)).toEqual([
      expect.stringMatching(/reasons\.0\.verbs\.0/),
    ]);
    expect(problemsOf(`${routes}barred: [{ match: { type: isolateDevice }, why: x }]\n`)).toEqual([
      expect.stringMatching(/barred\.0\.why: unknown key/),
    ]);
    expect(problemsOf(`${routes}alarms: {}\n`)).toEqual([expect.stringMatching(/alarms: must name a conversation/)]);
    expect(problemsOf(`${routes}alarms: { slack: ["#ops"] }\n`)).toEqual([expect.stringMatching(/alarms\.slack\.0: must be the id/)]);
  });
});

it('the conversations of alarms are looked after like those of routes, and left out where the platform is off', () => {
  const text = `${routes}alarms: { slack: [C0OPS, C0SOC], teams: ["19:ops@thread.tacv2"] }\n`;
  const both = policy(text);
  expect(both.conversations('slack')).toEqual(['C0SOC', 'C0OPS']);
  expect(both.alarmTargets).toEqual([
    { platform: 'slack', conversation: 'C0OPS' },
    { platform: 'slack', conversation: 'C0SOC' },
    { platform: 'teams', conversation: '19:ops@thread.tacv2' },
  ]);
  const slackOnly = policy(text, ['slack']);
  expect(slackOnly.alarmTargets.map(({ platform }) => platform)).toEqual(['slack', 'slack']);
  expect(slackOnly.warnings).toContainEqual(expect.stringContaining('alarms.teams: Teams is off'));
});
