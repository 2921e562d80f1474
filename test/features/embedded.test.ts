/** The embedded default: no PostgreSQL and no Redis, one process, and kill -9 at the worst moments. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate, openDatabase } from '../../src/store/database.ts';
import { openEngine } from '../../src/store/engine.ts';
import { freePort } from '../setup/local-services.ts';
import { patienceMs, poll } from '../setup/poll.ts';
import { type Service, serve, untilReady } from '../setup/processes.ts';
import { quarantineFile } from './actions.ts';
import type { ChatWorld } from './chat-world.ts';
import { alice, people } from './people.ts';
import { platforms } from './platforms.ts';
import { intakeSecret, signed } from './world.ts';

describe.each(platforms)('embedded, with $name', ({ open }) => {
  let chat: ChatWorld;
  let folder: string;
  let url: string;
  let env: Record<string, string>;
  let service: Service;

  beforeAll(async () => {
    chat = await open();
    folder = await mkdtemp(join(tmpdir(), 'countersign-embedded-'));
    await writeFile(join(folder, 'directory.json'), JSON.stringify({ people }));
    await writeFile(join(folder, 'policy.yaml'), chat.policy);
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    env = {
      HOST: '127.0.0.1',
      PORT: String(port),
      DATA_DIR: join(folder, 'data'),
      DIRECTORY_FILE: join(folder, 'directory.json'),
      POLICY_FILE: join(folder, 'policy.yaml'),
      BACKEND: 'simulator',
      INTAKE_SECRETS: intakeSecret,
      LOG_LEVEL: 'silent',
      ...chat.env,
    };
    chat.connect([url]);
    service = serve(['start'], env);
    await untilReady(url);
  }, 60_000);
  afterAll(async () => {
    await service?.kill9();
    await chat?.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function raise(body: { title: string }): Promise<string> {
    const text = JSON.stringify(body);
    const answer = await fetch(`${url}/v1/actions`, { method: 'POST', headers: signed(text), body: text });
    expect(answer.status).toBe(202);
    await poll('the card is posted', () => chat.card(body.title), patienceMs);
    return ((await answer.json()) as { id: string }).id;
  }
  const statusOf = async (id: string): Promise<string> => {
    const answer = await fetch(`${url}/v1/actions/${id}`, { headers: signed('') });
    return ((await answer.json()) as { status: string }).status;
  };

  it('carries a decision through', async () => {
    const body = quarantineFile();
    await raise(body);
    await chat.press(alice, body.title, /^Approve/);
    await poll('completed', () => chat.card(body.title)?.includes('Completed'), patienceMs);
  });

  it('loses nothing and repeats nothing when it is killed right after a press was answered, and while the backend works', {
    timeout: 150_000,
  }, async () => {
    const ids: string[] = [];
    for (const takesMs of [50, 1500]) {
      const body = quarantineFile({ parameters: { simulator: { takesMs } } });
      const id = await raise(body);
      ids.push(id);
      expect(await chat.press(alice, body.title, /^Approve/)).toBe(200);
      if (takesMs > 1000) await poll('in progress', async () => (await statusOf(id)) === 'inProgress', patienceMs);
      await service.kill9();
      service = serve(['start'], env);
      await untilReady(url);
      // A job that was being worked on is taken again when its lock has run out.
      await poll('completed', async () => (await statusOf(id)) === 'completed', 120_000);
      // A card that the killed process was working on is free again when its lease of 30 s is over.
      await poll('the card shows it', () => chat.card(body.title)?.includes('Completed'), 45_000);
      expect(chat.copies(body.title)).toBe(1);
    }
    await service.kill9();
    const engine = await openEngine({ dataDir: join(folder, 'data') }, { onError: () => {} });
    const db = openDatabase(engine.pool);
    await migrate(db);
    const runs = await db
      .selectFrom('simulator_runs')
      .innerJoin('outbox', 'outbox.decision_id', 'simulator_runs.decision_id')
      .select('outbox.action_id')
      .where('outbox.action_id', 'in', ids)
      .execute();
    await engine.close();
    expect(runs.map(({ action_id }) => action_id).sort()).toEqual([...ids].sort());
  });
});
