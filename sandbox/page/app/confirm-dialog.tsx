/** The dialog that Slack puts between a press and its request. */

import { Blocks } from './blocks.tsx';
import type { Confirm } from './buttons.ts';
import { Dialog } from './dialog.tsx';

const noNames = { users: [], channels: [] };

export function ConfirmDialog({ confirm, onAnswer }: { confirm: Confirm; onAnswer: (choice: 'accept' | 'deny') => void }) {
  const footer = (
    <>
      <button type="button" className="quiet" onClick={() => onAnswer('deny')}>
        {confirm.deny}
      </button>
      <button type="button" className={confirm.isDanger ? 'go danger' : 'go'} onClick={() => onAnswer('accept')}>
        {confirm.confirm}
      </button>
    </>
  );
  return (
    <Dialog title={confirm.title} onClose={() => onAnswer('deny')} footer={footer} isNarrow>
      <Blocks blocks={[]} text={confirm.text} names={noNames} />
    </Dialog>
  );
}
