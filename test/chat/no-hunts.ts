/** Hunting for tests that are about something else: it is off. */
import type { HuntJobs } from '../../src/chat/hunt-jobs.ts';
import { huntRefusalText } from '../../src/chat/hunt-words.ts';

export const noHunts: Pick<HuntJobs, 'start'> = { start: async ({ platform }) => huntRefusalText({ kind: 'hunting-off' }, platform) };
