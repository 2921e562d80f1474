import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EntraId } from '../../src/action-center/action.ts';
import { UpstreamError } from '../../src/action-center/errors.ts';
import type { Directory } from '../../src/action-center/ports.ts';
import { fileDirectory } from '../../src/identity/file.ts';
import { openLog } from '../../src/log.ts';

let folder = '';
let file = '';
let errors: unknown[] = [];
let clock = 0;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-directory-'));
  file = join(folder, 'directory.json');
  errors = [];
  clock = 0;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const team = 'T000000001';
const ids = {
  alice: EntraId.parse('7f0c1c1e-52a4-4b0e-9a53-0d5a6c1e0a01'),
  bob: EntraId.parse('7f0c1c1e-52a4-4b0e-9a53-0d5a6c1e0b02'),
};
const aPerson = (name: keyof typeof ids, changes: object = {}) => ({
  entraId: ids[name],
  upn: `${name}@contoso.example`,
  displayName: name,
  email: `${name}@contoso.example`,
  enabled: true,
  userType: 'Member',
  slack: [{ teamId: team, userId: `U0${name.toUpperCase()}` }],
  roles: ['SecurityAdministrator'],
  deviceGroups: ['*'],
  ...changes,
});

const write = (...people: object[]) => writeFile(file, JSON.stringify({ people }));
const open = (identityMode: 'linked' | 'email' = 'linked'): Directory =>
  fileDirectory(file, { identityMode, log: openLog('silent'), onError: (error) => errors.push(error), now: () => clock });
const slack = (userId: string, email: string | null = null, teamId = team) => ({ platform: 'slack' as const, teamId, userId, email });
const cached = { fresh: false };
const fresh = { fresh: true };

async function answer(directory: Directory, ...question: Parameters<Directory['personFor']>): Promise<string> {
  const result = await directory.personFor(...question);
  return result.ok ? result.value.entraId : result.refusal.kind;
}

describe('a Slack account', () => {
  it('is the person whom the directory links it to', async () => {
    await write(aPerson('alice'), aPerson('bob', { roles: ['ActiveRemediationActions'], deviceGroups: ['Workstations'] }));
    expect(await open().personFor(slack('U0BOB'), cached)).toEqual({
      ok: true,
      value: {
        entraId: ids.bob,
        upn: 'bob@contoso.example',
        displayName: 'bob',
        roles: ['ActiveRemediationActions'],
        deviceGroups: ['Workstations'],
      },
    });
  });

  it.each([
    ['nobody is linked to', [aPerson('alice')], 'U0NOBODY', 'unknown-person'],
    [
      'is linked to two people',
      [aPerson('alice'), aPerson('bob', { slack: [{ teamId: team, userId: 'U0ALICE' }] })],
      'U0ALICE',
      'ambiguous-person',
    ],
    ['belongs to somebody who is listed twice', [aPerson('alice'), aPerson('alice', { slack: [] })], 'U0ALICE', 'ambiguous-person'],
    ['belongs to a disabled person', [aPerson('alice', { enabled: false })], 'U0ALICE', 'disabled-person'],
    ['belongs to a guest', [aPerson('alice', { userType: 'Guest' })], 'U0ALICE', 'guest'],
  ])('that %s is refused', async (_what, people, userId, refusal) => {
    await write(...people);
    expect(await answer(open(), slack(userId), cached)).toBe(refusal);
  });

  it('of another workspace is nobody, whatever its id', async () => {
    await write(aPerson('alice'));
    expect(await answer(open(), slack('U0ALICE', null, 'T000000099'), cached)).toBe('unknown-person');
  });

  it('is not known by its e-mail address in the mode linked', async () => {
    await write(aPerson('alice', { slack: [] }));
    expect(await answer(open('linked'), slack('U0NEW', 'alice@contoso.example'), cached)).toBe('unknown-person');
  });
});

describe('an e-mail address in the mode email', () => {
  it('names the person, in any case of letters', async () => {
    await write(aPerson('alice', { slack: [] }));
    expect(await answer(open('email'), slack('U0NEW', ' Alice@Contoso.example'), cached)).toBe(ids.alice);
  });

  it('that two people have names nobody', async () => {
    await write(aPerson('alice', { slack: [] }), aPerson('bob', { slack: [], email: 'ALICE@contoso.example' }));
    expect(await answer(open('email'), slack('U0NEW', 'alice@contoso.example'), cached)).toBe('ambiguous-person');
  });

  it('does not overrule a link', async () => {
    await write(aPerson('alice'), aPerson('bob'));
    expect(await answer(open('email'), slack('U0ALICE', 'bob@contoso.example'), cached)).toBe('ambiguous-person');
    expect(await answer(open('email'), slack('U0ALICE', 'alice@contoso.example'), cached)).toBe(ids.alice);
  });

  it('cannot be taken over from somebody who is linked to another account', async () => {
    await write(aPerson('alice'));
    expect(await answer(open('email'), slack('U0MALLORY', 'alice@contoso.example'), cached)).toBe('ambiguous-person');
  });
});

describe('a Teams account', () => {
  it('is the person with its Entra id, however that is spelled', async () => {
    await write(aPerson('alice', { entraId: ids.alice.toUpperCase() }));
    const claim = { platform: 'teams' as const, tenantId: 't', entraId: ids.alice.toUpperCase() };
    expect(await answer(open(), claim, cached)).toBe(ids.alice);
    const again = await open().personById(ids.alice, fresh);
    expect(again.ok && again.value.upn).toBe('alice@contoso.example');
  });
});

describe('a change of the file', () => {
  it('is seen at once when a fresh answer is asked for', async () => {
    await write(aPerson('alice'));
    const directory = open();
    expect(await answer(directory, slack('U0ALICE'), cached)).toBe(ids.alice);
    await write(aPerson('alice', { enabled: false }));
    expect(await answer(directory, slack('U0ALICE'), fresh)).toBe('disabled-person');
  });

  it('is seen by everybody else within a quarter of a second', async () => {
    await write(aPerson('alice'));
    const directory = open();
    await answer(directory, slack('U0ALICE'), cached);
    await write(aPerson('alice', { enabled: false }));
    clock += 200;
    expect(await answer(directory, slack('U0ALICE'), cached)).toBe(ids.alice);
    clock += 51;
    expect(await answer(directory, slack('U0ALICE'), cached)).toBe('disabled-person');
  });

  it('is seen when the file is replaced as a whole', async () => {
    await write(aPerson('alice'));
    const directory = open();
    await answer(directory, slack('U0ALICE'), cached);
    await writeFile(`${file}.new`, JSON.stringify({ people: [aPerson('bob')] }));
    await rename(`${file}.new`, file);
    clock += 251;
    expect(await answer(directory, slack('U0ALICE'), cached)).toBe('unknown-person');
  });
});

describe('a file without an answer', () => {
  const broken: [what: string, content: string, why: RegExp][] = [
    ['that is no JSON', '{"people": [', /not JSON/],
    ['without people', '{}', /people: /],
    ['with a misspelt key', JSON.stringify({ people: [{ ...aPerson('alice'), role: [] }] }), /people\.0: .*role/],
    ['with an unknown role', JSON.stringify({ people: [aPerson('alice'), aPerson('bob', { roles: ['Boss'] })] }), /people\.1\.roles\.0: /],
    [
      'that does not say whether a person is enabled',
      JSON.stringify({ people: [aPerson('alice', { enabled: undefined })] }),
      /people\.0\.enabled: /,
    ],
    ['that is larger than 5 MiB', `{"people": []}${' '.repeat(5 * 1024 * 1024)}`, /larger/],
  ];

  it.each(broken)('%s throws, and refuses nobody by itself', async (_what, content, why) => {
    await writeFile(file, content);
    const asked = open().personFor(slack('U0ALICE'), cached);
    await expect(asked).rejects.toThrow(why);
    await expect(asked).rejects.toMatchObject({ service: 'directory', retryable: true });
    await expect(asked).rejects.toBeInstanceOf(UpstreamError);
  });

  it('forgets what it said before, and answers again when it is repaired', async () => {
    await write(aPerson('alice'));
    const directory = open();
    expect(await answer(directory, slack('U0ALICE'), cached)).toBe(ids.alice);
    await rm(file);
    clock += 251;
    await expect(directory.personFor(slack('U0ALICE'), cached)).rejects.toThrow(/ENOENT/);
    await expect(directory.personFor(slack('U0ALICE'), cached)).rejects.toThrow(/ENOENT/);
    expect(errors).toHaveLength(1);
    await write(aPerson('alice'));
    expect(await answer(directory, slack('U0ALICE'), cached)).toBe(ids.alice);
  });
});

describe('the example directory', () => {
  const example = fileURLToPath(new URL('../../docs/examples/directory.json', import.meta.url));

  it('knows five people, one of them a guest', async () => {
    const directory = fileDirectory(example, { identityMode: 'linked', log: openLog('silent'), onError: () => {} });
    const answers = await Promise.all(
      ['U0ALICE', 'U0BOB', 'U0CAROL', 'U0DAVE', 'U0ERIN'].map(async (userId) => {
        const result = await directory.personFor(slack(userId), cached);
        return result.ok ? result.value.displayName : result.refusal.kind;
      }),
    );
    expect(answers).toEqual(['Alice Adams', 'Bob Brown', 'Carol Chen', 'guest', 'Erin Evans']);
  });
});
