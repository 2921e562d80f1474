/** The logger and what it never writes. Log ids, not bodies: no tokens, no message text, no e-mail subjects, no response URLs. */
import { type Logger, pino } from 'pino';

const secretKeys = [
  'token',
  'authorization',
  'signature',
  'secret',
  'password',
  'response_url',
  'responseUrl',
  'trigger_id',
  'triggerId',
  'body',
  'payload',
  'headers',
];

export type Log = Logger;

/** `level` as pino knows it; `silent` in tests that do not look at the log. */
export function openLog(level: string, destination?: { write(line: string): void }): Log {
  const options = {
    level,
    base: { app: 'countersign' },
    redact: { paths: secretKeys.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '[redacted]' },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
  };
  return destination ? pino(options, destination) : pino(options);
}
