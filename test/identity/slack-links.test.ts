import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EntraId } from '../../src/action-center/action.ts';
import { UpstreamError } from '../../src/action-center/errors.ts';
import { slackLinksFile } from '../../src/identity/slack-links.ts';

let folder = '';
let file = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-links-'));
  file = join(folder, 'links.json');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const alice = EntraId.parse('7f0c1c1e-52a4-4b0e-9a53-0d5a6c1e0a01');
const link = (teamId: string, userId: string, entraId: string = alice) => ({ teamId, userId, entraId });
const write = (content: unknown) => writeFile(file, JSON.stringify(content));

describe('links of Slack accounts in a file', () => {
  it('name the person of an account, in its own workspace only', async () => {
    await write({ links: [link('T1', 'U1', alice.toUpperCase()), link('T2', 'U2')] });
    const links = slackLinksFile(file);
    expect(await links.peopleOf({ teamId: 'T1', userId: 'U1' })).toEqual([alice]);
    expect(await links.peopleOf({ teamId: 'T2', userId: 'U1' })).toEqual([]);
    expect(await links.isLinked('T1', alice)).toBe(true);
    expect(await links.isLinked('T3', alice)).toBe(false);
  });

  it('count as they are at the moment', async () => {
    const links = slackLinksFile(file);
    await write({ links: [link('T1', 'U1')] });
    expect(await links.peopleOf({ teamId: 'T1', userId: 'U1' })).toHaveLength(1);
    await write({ links: [] });
    expect(await links.peopleOf({ teamId: 'T1', userId: 'U1' })).toEqual([]);
  });

  it.each([
    ['is not there', null],
    ['is not JSON', '{"links": ['],
    ['holds no object id', JSON.stringify({ links: [link('T1', 'U1', 'alice')] })],
    ['holds a word it should not', JSON.stringify({ links: [{ ...link('T1', 'U1'), roles: [] }] })],
    ['is empty', ''],
  ])('are no answer when the file %s', async (_, content) => {
    if (content !== null) await writeFile(file, content);
    await expect(slackLinksFile(file).peopleOf({ teamId: 'T1', userId: 'U1' })).rejects.toBeInstanceOf(UpstreamError);
  });
});
