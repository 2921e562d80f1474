/** One `REDIS_URL` for a single Redis, one behind Sentinel, or a Cluster. */
import { Cluster, type CommonRedisOptions, Redis } from 'ioredis';

export type ConnectionSettings = Pick<
  CommonRedisOptions,
  'enableOfflineQueue' | 'maxRetriesPerRequest' | 'commandTimeout' | 'connectTimeout' | 'keepAlive' | 'retryStrategy' | 'reconnectOnError'
>;

export type RedisClient = Redis | Cluster;

type Address = { host: string; port: number };
type Where = {
  kind: 'single' | 'sentinel' | 'cluster';
  tls: boolean;
  hosts: Address[];
  username: string | null;
  password: string | null;
  /** Sentinel: the name of the master set, and perhaps the number of the database. */
  path: string[];
};

const form =
  /^(?<scheme>rediss?)(?:\+(?<kind>sentinel|cluster))?:\/\/(?:(?<login>[^@/]*)@)?(?<hosts>[^/?#]+)(?:\/(?<path>[^?#]*))?(?:[?#].*)?$/i;
const usualPort = { single: 6379, sentinel: 26_379, cluster: 6379 };

export function redisClient(url: string, options: ConnectionSettings): RedisClient {
  const where = parse(url);
  const { username, password, tls, hosts, path } = where;
  const login = { ...(username && { username }), ...(password && { password }), ...(tls && { tls: {} }) };
  if (where.kind === 'cluster') {
    const { retryStrategy, enableOfflineQueue, ...perNode } = options;
    return new Cluster(hosts, {
      enableOfflineQueue,
      clusterRetryStrategy: retryStrategy,
      // Certificates name hosts; a cluster that answers with addresses would fail their check.
      ...(tls && { dnsLookup: (address, done) => done(null, address) }),
      redisOptions: { ...perNode, ...login },
    });
  }
  if (where.kind === 'sentinel') {
    const [name, db] = path;
    if (!name) throw new Error('REDIS_URL needs the name of the master set: redis+sentinel://host:port,host:port/name');
    return new Redis({ ...options, ...login, sentinels: hosts, name, db: Number(db ?? 0), ...(tls && { enableTLSForSentinelMode: true }) });
  }
  return new Redis(url, options);
}

/** The URL as it may be shown: without user and password. */
export function describeRedis(url: string): string {
  const { kind, hosts, path } = parse(url);
  const name = path.length > 0 ? `/${path.join('/')}` : '';
  return `Redis${kind === 'single' ? '' : ` ${kind}`} at ${hosts.map(({ host, port }) => `${host}:${port}`).join(',')}${name}`;
}

function parse(url: string): Where {
  const found = form.exec(url)?.groups;
  if (!found) throw new Error('REDIS_URL is not a URL like redis://user:password@host:6379');
  const kind = (found['kind']?.toLowerCase() ?? 'single') as Where['kind'];
  const [username, password] = (found['login'] ?? '').split(':').map(decodeURIComponent);
  return {
    kind,
    tls: found['scheme']?.toLowerCase() === 'rediss',
    hosts: (found['hosts'] ?? '').split(',').map((host) => addressOf(host, usualPort[kind])),
    username: username || null,
    password: password || null,
    path: (found['path'] ?? '').split('/').filter((part) => part !== ''),
  };
}

function addressOf(text: string, port: number): Address {
  const [, host, number] = /^(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(text) ?? [];
  if (!host) throw new Error('REDIS_URL names a host that cannot be read');
  return { host: host.replace(/^\[|\]$/g, ''), port: number ? Number(number) : port };
}
