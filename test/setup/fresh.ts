/** A corner of the shared services for one test file: its own database, its own queue prefix. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, inject } from 'vitest';

const made: string[] = [];

/** An empty database on the shared PostgreSQL, dropped when the test file ends. Answers its connection URL. */
export async function freshDatabase(): Promise<string> {
  const name = `t_${randomBytes(8).toString('hex')}`;
  await onServer(`create database ${name}`);
  made.push(name);
  const url = new URL(inject('postgresUrl'));
  url.pathname = `/${name}`;
  return url.href;
}

/** A queue prefix that no other test file has. The braces keep the keys of one queue in one cluster slot. */
export function freshPrefix(): string {
  return `{test-${randomBytes(8).toString('hex')}}`;
}

async function onServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: inject('postgresUrl'), connectionTimeoutMillis: 10_000, query_timeout: 30_000 });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

// Registered before any hook of the test file, hence run after all of them. A connection that is still open does not keep a database alive.
afterAll(async () => {
  for (const name of made.splice(0)) await onServer(`drop database if exists ${name} with (force)`);
});
