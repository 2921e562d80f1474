/** An ActionStore in memory for tests of the flow `announce`: it keeps the port's promises about adding, and nothing else. */
import type { RemediationAction } from '../../src/action-center/intake.ts';
import type { ActionStore, AuditEvent, CardTarget, NewAction } from '../../src/action-center/ports.ts';

export type Remembered = Pick<ActionStore, 'add' | 'byKey'> & { added: { action: NewAction; targets: CardTarget[]; event: AuditEvent }[] };

const stored = ({ contentDigest: _digest, ...action }: NewAction): RemediationAction => ({
  ...action,
  status: 'pending',
  decision: null,
  outcome: null,
});

/** `beforeAdd` runs between the look-up and the write, where another bot may come in between. */
export function rememberedActions({ beforeAdd = () => {} }: { beforeAdd?: () => void } = {}): Remembered {
  const added: Remembered['added'] = [];
  const find = (producer: string, key: string) => added.find(({ action }) => action.producer === producer && action.key === key)?.action;
  return {
    added,
    byKey: async (producer, key) => {
      const found = find(producer, key);
      return found ? { action: stored(found), contentDigest: found.contentDigest } : null;
    },
    add: async (action, targets, event) => {
      beforeAdd();
      const found = find(action.producer, action.key);
      if (found) return { known: true, action: stored(found), sameContent: found.contentDigest === action.contentDigest };
      added.push({ action, targets, event });
      return { known: false, action: stored(action) };
    },
  };
}
