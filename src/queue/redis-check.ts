/** Whether a Redis may carry the queues. BullMQ itself only prints a warning, and with our producer settings not even that. */
import { Cluster, type Redis } from 'ioredis';
import type { RedisClient } from './redis-url.ts';

export type RedisReport = { errors: string[]; warnings: string[] };

/** Asks every master. Throws when one does not answer. */
export async function checkRedis(client: RedisClient): Promise<RedisReport> {
  // A cluster's nodes answer before the cluster does.
  await client.ping();
  const nodes = client instanceof Cluster ? client.nodes('master') : [client];
  const reports = await Promise.all(nodes.map(checkNode));
  return {
    errors: [...new Set(reports.flatMap(({ errors }) => errors))],
    warnings: [...new Set(reports.flatMap(({ warnings }) => warnings))],
  };
}

async function checkNode(node: Redis): Promise<RedisReport> {
  const facts = factsOf(await node.info());
  const [policy, save] = await Promise.all([setting(node, 'maxmemory-policy'), setting(node, 'save')]);
  const findings = [
    versionOf(facts.get('redis_version')),
    // INFO tells it too, where CONFIG is closed.
    evictionOf(policy ?? facts.get('maxmemory_policy')),
    persistenceOf(facts.get('aof_enabled') === '1', save),
  ];
  return { errors: findings.flatMap(({ error }) => error ?? []), warnings: findings.flatMap(({ warning }) => warning ?? []) };
}

type Finding = { error?: string; warning?: string };

function versionOf(version: string | undefined): Finding {
  const [, major, minor] = (/^(\d+)\.(\d+)/.exec(version ?? '') ?? []).map(Number);
  if (major === undefined || minor === undefined)
    return { warning: 'The version of Redis is unknown; it must be 5.0 or newer, 6.2 is advised.' };
  if (major < 5) return { error: `Redis ${version} is too old: 5.0 is the oldest that works, 6.2 or newer is advised.` };
  if (major < 6 || (major === 6 && minor < 2)) return { warning: `Redis ${version} is old: 6.2 or newer is advised.` };
  return {};
}

function evictionOf(policy: string | undefined): Finding {
  if (policy === 'noeviction') return {};
  if (!policy)
    return {
      warning: 'maxmemory-policy is unknown, as CONFIG is not allowed; it must be noeviction, or decisions can vanish from the queue.',
    };
  return {
    error:
      `maxmemory-policy is ${policy}: a full Redis would throw decisions away. ` +
      'Run `redis-cli CONFIG SET maxmemory-policy noeviction` and put `maxmemory-policy noeviction` into redis.conf.',
  };
}

function persistenceOf(appendOnly: boolean, save: string | null): Finding {
  if (appendOnly || save) return {};
  if (save === null) return { warning: 'Whether Redis persists is unknown, as CONFIG is not allowed; AOF (appendonly yes) is advised.' };
  return {
    warning:
      'Redis persists nothing (no AOF, no RDB): after its restart queued decisions are missing until the sweep sends them again from the record, ' +
      'and retries start over. Run `redis-cli CONFIG SET appendonly yes` and put `appendonly yes` into redis.conf.',
  };
}

/** Null when the server does not let us ask. */
async function setting(node: Redis, name: string): Promise<string | null> {
  try {
    const answer = await node.config('GET', name);
    return Array.isArray(answer) && typeof answer[1] === 'string' ? answer[1] : null;
  } catch (error) {
    if (error instanceof Error && /NOPERM|unknown command|not allowed|disabled/i.test(error.message)) return null;
    throw error;
  }
}

function factsOf(info: string): Map<string, string> {
  const pairs = info.split(/\r?\n/).map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  return new Map(pairs);
}
