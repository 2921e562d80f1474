/** Flows about many actions for tests that are about something else: whoever asks is not connected to a person. */
import { type Refusal, refuse } from '../../src/action-center/refusal.ts';
import type { ManyFlows } from '../../src/chat/many.ts';

const nobody: Refusal = { kind: 'unknown-person' };

export const noMany: ManyFlows = {
  planUndo: async () => refuse(nobody),
  confirm: async () => refuse(nobody),
  bulkTypes: async () => refuse(nobody),
  bulkChoices: async () => refuse(nobody),
  planBulk: async () => refuse(nobody),
  reviewGroup: async () => refuse(nobody),
  listGroup: async () => refuse(nobody),
  planGroup: async () => refuse(nobody),
};
