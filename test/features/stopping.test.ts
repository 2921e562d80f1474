/** SIGTERM ends a process in order, and in bounded time also when what it would have to talk to is gone. */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, startPostgres, startRedis } from '../setup/local-services.ts';
import { serve, untilReady } from '../setup/processes.ts';
import type { ChatWorld } from './chat-world.ts';
import { people } from './people.ts';
import { platforms } from './platforms.ts';
import { intakeSecret } from './world.ts';

describe.each(platforms)('SIGTERM, with $name', ({ open }) => {
  let folder: string;
  let chat: ChatWorld;

  beforeAll(async () => {
    chat = await open();
    folder = await mkdtemp(join(tmpdir(), 'countersign-stop-'));
    await writeFile(join(folder, 'directory.json'), JSON.stringify({ people }));
    await writeFile(join(folder, 'policy.yaml'), chat.policy);
  });
  afterAll(async () => {
    await chat.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function started() {
    const [postgres, redis, port] = await Promise.all([startPostgres(), startRedis(), freePort()]);
    const service = serve(['start'], {
      ...chat.env,
      HOST: '127.0.0.1',
      PORT: String(port),
      DATABASE_URL: postgres.url,
      REDIS_URL: redis.url,
      DIRECTORY_FILE: join(folder, 'directory.json'),
      POLICY_FILE: join(folder, 'policy.yaml'),
      BACKEND: 'simulator',
      INTAKE_SECRETS: intakeSecret,
      LOG_LEVEL: 'silent',
    });
    await untilReady(`http://127.0.0.1:${port}`);
    return { postgres, redis, service };
  }

  async function terminated(service: ReturnType<typeof serve>): Promise<{ code: number | null; ms: number }> {
    const began = performance.now();
    const exit = once(service.child, 'exit');
    service.child.kill('SIGTERM');
    const [code] = (await exit) as [number | null];
    return { code, ms: performance.now() - began };
  }

  it('leaves with 0 within seconds when it is asked to', { timeout: 60_000 }, async () => {
    const { postgres, redis, service } = await started();
    expect(await terminated(service)).toMatchObject({ code: 0, ms: expect.toSatisfy((ms: number) => ms < 10_000) });
    await Promise.all([postgres.stop(), redis.stop()]);
  });

  it('leaves within half a minute although PostgreSQL and Redis are gone', { timeout: 90_000 }, async () => {
    const { postgres, redis, service } = await started();
    await Promise.all([postgres.kill9(), redis.kill9()]);
    expect(await terminated(service)).toMatchObject({ code: 0, ms: expect.toSatisfy((ms: number) => ms < 30_000) });
    await Promise.all([postgres.stop(), redis.stop()]);
  });
});
