/** Whether a Redis may carry the queues, asked once. */
import { checkRedis, type RedisReport } from './redis-check.ts';
import { describeRedis, redisClient } from './redis-url.ts';

const answerMs = 3000;

/** Throws when it does not answer. */
export async function checkRedisUrl(url: string): Promise<RedisReport & { describe: string }> {
  const client = redisClient(url, {
    connectTimeout: answerMs,
    commandTimeout: answerMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  let trouble: unknown = null;
  client.on('error', (error: unknown) => {
    trouble = error;
  });
  try {
    return { ...(await checkRedis(client)), describe: describeRedis(url) };
  } catch (error) {
    const reason = trouble ?? error;
    throw new Error(
      `${describeRedis(url)} does not answer (${reason instanceof Error && 'code' in reason ? String(reason.code) : 'no connection'})`,
    );
  } finally {
    client.disconnect();
  }
}
