/** One real PostgreSQL and one real Redis for all tests of the `real` project; each test file takes its own corner of them (fresh.ts). */
import type { TestProject } from 'vitest/node';
import { startPostgres, startRedis } from './local-services.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A superuser's connection to the shared server; test files use `freshDatabase()`. */
    postgresUrl: string;
    /** The shared Redis; test files put everything under a `freshPrefix()`. */
    redisUrl: string;
  }
}

type Service = { url: string; stop(): Promise<void> };

const started: Service[] = [];

export async function setup(project: TestProject): Promise<void> {
  const [postgres, redis] = await Promise.all([keep(startPostgres()), keep(startRedis())]);
  project.provide('postgresUrl', postgres.url);
  project.provide('redisUrl', redis.url);
}

/** What has started is stopped in the end, also when its sibling failed to start. */
async function keep(starting: Promise<Service>): Promise<Service> {
  const service = await starting;
  started.push(service);
  return service;
}

export async function teardown(): Promise<void> {
  await Promise.all(started.splice(0).map((service) => service.stop()));
}
