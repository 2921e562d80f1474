/** Failures that are thrown. Anything that is neither of these nor a refusal is a bug. */
export type UpstreamService = 'directory' | 'slack' | 'teams' | 'store' | 'queue' | 'backend' | 'onCall';

/** An outside service did not do its part. Made only in the client of that service. */
export class UpstreamError extends Error {
  override name = 'UpstreamError' as const;
  readonly service: UpstreamService;
  readonly retryable: boolean;
  readonly retryAfterMs: number | null;

  constructor(service: UpstreamService, message: string, options: { retryable: boolean; retryAfterMs?: number | null; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.service = service;
    this.retryable = options.retryable;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

/** Everything that is wrong with the configuration, all at once. The process exits 2. */
export class ConfigError extends Error {
  override name = 'ConfigError' as const;
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The configuration is not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}
