import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { UpstreamError } from '../../src/action-center/errors.ts';
import { submitFile } from '../../src/intake/file.ts';
import type { Send } from '../../src/intake/submission.ts';
import { announceInMemory, aSubmission } from './record.ts';

const announce = announceInMemory();
let folder = '';
let said: string[] = [];
let drawn = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-submit-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(() => {
  said = [];
  drawn = '';
});

async function fileWith(content: string): Promise<string> {
  const path = join(folder, 'actions.ndjson');
  await writeFile(path, content);
  return path;
}

const submit = (source: Parameters<typeof submitFile>[0], { send = announce as Send, isTty = false } = {}) =>
  submitFile(source, {
    send,
    isTty,
    say: (line) => said.push(line),
    draw: (text) => {
      drawn += text;
    },
  });
const lines = (...rows: unknown[]): string => rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n');

describe('a file of actions', () => {
  it('is submitted whole; submitted again it changes nothing', async () => {
    const path = await fileWith(lines(aSubmission(), aSubmission(), aSubmission()));
    expect(await submit(path)).toEqual({ accepted: 3, known: 0, refused: 0, exitCode: 0 });
    expect(await submit(path)).toEqual({ accepted: 0, known: 3, refused: 0, exitCode: 0 });
    expect(said.at(-1)).toBe('accepted 0, known 3, refused 0');
  });

  it('may be the example that comes along', async () => {
    const example = fileURLToPath(new URL('../../docs/examples/actions.ndjson', import.meta.url));
    expect(await submit(example)).toEqual({ accepted: 20, known: 0, refused: 0, exitCode: 0 });
  });

  it('with wrong lines is submitted as far as it is right, and each wrong line is told', async () => {
    const known = aSubmission();
    await submit(await fileWith(lines(known)));
    said = [];
    const path = await fileWith(
      lines(
        aSubmission(),
        '{ not json',
        aSubmission({ severity: 'urgent', entities: [{ type: 'file', sha256: 'abc' }] }),
        '',
        { ...known, title: 'Other words' },
        aSubmission({ expiresAt: '2020-01-01T00:00:00Z' }),
        aSubmission(),
        aSubmission({ details: 'x'.repeat(300_000) }),
      ),
    );
    expect(await submit(path)).toEqual({ accepted: 2, known: 0, refused: 5, exitCode: 1 });
    const places = said.slice(0, -1).map((line) => line.split(': ').slice(0, 2).join(': '));
    expect(places.sort()).toEqual([
      'line 2: is not valid JSON',
      'line 3: entities.0.sha256',
      'line 3: severity',
      'line 5: the same producer and id were submitted before with other content',
      'line 6: expiresAt',
      'line 8: is longer than 262144 bytes',
    ]);
  });

  it('may be one object over many lines, or an array', async () => {
    expect(await submit(await fileWith(JSON.stringify(aSubmission(), null, 2)))).toMatchObject({ accepted: 1, exitCode: 0 });
    expect(await submit(await fileWith(JSON.stringify([aSubmission(), aSubmission()], null, 2)))).toMatchObject({
      accepted: 2,
      exitCode: 0,
    });
  });

  it('may come through a pipe', async () => {
    const pipe = async function* () {
      yield Buffer.from(lines(aSubmission(), ''));
      yield Buffer.from(lines(aSubmission()));
    };
    expect(await submit(pipe())).toMatchObject({ accepted: 2, exitCode: 0 });
  });

  it('that is not there, or is a folder, is told with exit code 2', async () => {
    expect(await submit(join(folder, 'nowhere'))).toMatchObject({ exitCode: 2 });
    expect(await submit(folder)).toMatchObject({ exitCode: 2 });
    expect(said).toEqual([expect.stringContaining('ENOENT'), expect.stringContaining('it is a folder')]);
  });

  it('cannot command the terminal through its keys', async () => {
    await submit(await fileWith(lines(aSubmission({ '\u001b[2Jwiped\u202e': 1 }))));
    expect(said[0]).toBe('line 1: ?[2Jwiped?: unknown key');
  });
});

describe('sending', () => {
  it('happens for at most eight at a time', async () => {
    let underWay = 0;
    let most = 0;
    const send: Send = async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise(setImmediate);
      underWay -= 1;
      return { kind: 'accepted' };
    };
    const rows = Array.from({ length: 50 }, () => aSubmission());
    expect(await submit(await fileWith(lines(...rows)), { send })).toMatchObject({ accepted: 50 });
    expect(most).toBe(8);
  });

  it('ends early when the other side is away, and says that the rest was not sent', async () => {
    let calls = 0;
    const send: Send = async () => {
      calls += 1;
      throw new UpstreamError('store', 'no connection', { retryable: true });
    };
    const rows = Array.from({ length: 100 }, () => aSubmission());
    expect(await submit(await fileWith(lines(...rows)), { send })).toMatchObject({ accepted: 0, exitCode: 1 });
    expect(calls).toBeLessThan(30);
    expect(said).toContainEqual(expect.stringMatching(/^Gave up .* the rest was not sent/));
  });

  it('does not hide a bug', async () => {
    const send: Send = async () => {
      throw new TypeError('a bug');
    };
    await expect(submit(await fileWith(lines(aSubmission())), { send })).rejects.toThrow('a bug');
  });
});

describe('the progress bar', () => {
  it('is drawn on a terminal and wiped in the end', async () => {
    await submit(await fileWith(lines(aSubmission(), aSubmission())), { isTty: true });
    expect(drawn).toMatch(/\[#+-*\] +\d+% accepted 1/);
    expect(drawn.endsWith('\r\u001b[2K')).toBe(true);
  });

  it('is not drawn anywhere else', async () => {
    await submit(await fileWith(lines(aSubmission())));
    expect(drawn).toBe('');
  });
});
