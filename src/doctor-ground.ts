/** `countersign doctor`: the configuration, the policy, the record and the queues. */
import { ConfigError } from './action-center/errors.ts';
import * as words from './chat/doctor-words.ts';
import type { Config } from './config.ts';
import { checking, type Finding, ok } from './doctor-finding.ts';
import { loadPolicy } from './identity/policy.ts';
import { checkRedisUrl } from './queue/check.ts';
import { checkDataDir, checkPostgres } from './store/check.ts';

const area = 'Configuration';

export function examineConfiguration(read: () => Config): { config: Config | null; findings: Finding[] } {
  try {
    const config = read();
    const advice = config.warnings.map((warning): Finding => {
      const [what = '', ...rest] = warning.split(': ');
      return { area, what, standing: 'advice', says: rest.join(': '), fix: null };
    });
    return { config, findings: [ok(area, 'Environment', words.configurationReads), ...advice] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const findings = error.problems.map((problem): Finding => {
      const [what = '', ...rest] = problem.split(': ');
      return { area, what, standing: 'failed', says: rest.join(': '), fix: words.configurationAdvice };
    });
    return { config: null, findings };
  }
}

export function examinePolicy({ policyFile, platforms }: Config): Promise<Finding[]> {
  return checking(
    area,
    'POLICY_FILE',
    async () => {
      const { warnings } = loadPolicy(policyFile, platforms.length > 0 ? platforms : undefined);
      return [
        ok(area, 'POLICY_FILE', words.policyReads),
        ...warnings.map((says): Finding => ({ area, what: 'POLICY_FILE', standing: 'advice', says, fix: null })),
      ];
    },
    words.policyAdvice,
  );
}

export function examineStore({ databaseUrl, dataDir }: Config): Promise<Finding[]> {
  if (databaseUrl === null) {
    const run = async () => {
      await checkDataDir(dataDir);
      return [ok('Record', 'DATA_DIR', words.embeddedReady)];
    };
    return checking('Record', 'DATA_DIR', run, words.embeddedAdvice);
  }
  const run = async () => {
    const { describe, missing } = await checkPostgres(databaseUrl);
    return [ok('Record', 'DATABASE_URL', words.storeReady(describe, missing))];
  };
  return checking('Record', 'DATABASE_URL', run, words.storeAdvice);
}

export async function examineQueues({ redisUrl }: Config): Promise<Finding[]> {
  if (redisUrl === null) return [ok('Queues', 'REDIS_URL', words.queuesInRecord)];
  const run = async (): Promise<Finding[]> => {
    const { describe, errors, warnings } = await checkRedisUrl(redisUrl);
    const told = (standing: 'failed' | 'advice') => (says: string) => ({ area: 'Queues', what: 'REDIS_URL', standing, says, fix: null });
    if (errors.length > 0) return errors.map((says) => ({ ...told('failed')(says), fix: words.redisAdvice }));
    return [ok('Queues', 'REDIS_URL', words.redisReady(describe)), ...warnings.map(told('advice'))];
  };
  return checking('Queues', 'REDIS_URL', run, words.redisAdvice);
}
