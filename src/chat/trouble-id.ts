import { randomBytes } from 'node:crypto';

/** The short id a person can quote when something went wrong; the log line carries the same. */
export const newTroubleId = (): string => randomBytes(4).toString('hex').toUpperCase();
