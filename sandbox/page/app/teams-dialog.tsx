/** Dialogs of Teams: one with a card to fill in, and what the bot says when it is done. */
import { useState } from 'react';
import type { PageTeamsBar, PageTeamsDialog } from '../state.ts';
import { post } from './connection.ts';
import { Dialog } from './dialog.tsx';
import { TeamsCard } from './teams-card.tsx';

export function TeamsCardDialog({ dialog, user }: { dialog: PageTeamsDialog; user: string }) {
  const [trouble, setTrouble] = useState<string | null>(null);
  return (
    <Dialog title={dialog.title} onClose={() => void post('/teams/close-dialog', { user })}>
      <TeamsCard
        card={dialog.card}
        onPress={async ({ button, inputs }) => {
          const answer = await post('/teams/submit', { user, button, values: inputs });
          setTrouble(answer.ok ? null : (answer.error ?? 'That did not work.'));
        }}
      />
      {trouble === null ? null : (
        <p className="field-error" role="alert">
          {trouble}
        </p>
      )}
    </Dialog>
  );
}

export function TeamsSaid({ said, onClose }: { said: PageTeamsBar; onClose: () => void }) {
  const footer = (
    <button type="button" className="go" onClick={onClose}>
      OK
    </button>
  );
  return (
    <Dialog title="Countersign" onClose={onClose} footer={footer} isNarrow>
      {said.text === '' ? null : <p className="teams-text">{said.text}</p>}
      {said.card ? <TeamsCard card={said.card} /> : null}
    </Dialog>
  );
}
