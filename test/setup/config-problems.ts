/** What is said of an environment that cannot be used; nothing where it can be. */
import { ConfigError } from '../../src/action-center/errors.ts';
import { type Needs, readConfig } from '../../src/config.ts';

export function problemsOf(env: Record<string, string | undefined>, needs: Needs = 'bot'): readonly string[] {
  try {
    readConfig(env, { needs });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}
