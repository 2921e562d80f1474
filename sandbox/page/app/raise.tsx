/** Raises an action of any type, with the ending that the simulated backend is told. */
import { useState } from 'react';
import type { PageState } from '../state.ts';
import { post } from './connection.ts';

export function Raise({ state }: { state: PageState }) {
  const [type, setType] = useState('isolateDevice');
  const [ending, setEnding] = useState('usual');
  const [isBusy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const groups = [...new Set(state.examples.map((example) => example.group))];
  const chosen = state.examples.find((example) => example.id === type);

  const raise = async (asked: () => ReturnType<typeof post>) => {
    setBusy(true);
    const answer = await asked();
    setTrouble(answer.ok ? null : (answer.error ?? 'That did not work.'));
    setBusy(false);
  };

  return (
    <section className="panel raise" aria-labelledby="raise-title">
      <h2 id="raise-title">Raise an action</h2>
      <label htmlFor="raise-type">Action</label>
      <select id="raise-type" value={type} onChange={(event) => setType(event.target.value)}>
        {groups.map((group) => (
          <optgroup key={group} label={group}>
            {state.examples
              .filter((example) => example.group === group)
              .map((example) => (
                <option key={example.id} value={example.id}>
                  {example.label}
                  {example.decidedInDefender ? ' (decided in Defender)' : ''}
                </option>
              ))}
          </optgroup>
        ))}
      </select>
      <div className="row">
        <div>
          <label htmlFor="raise-ending">Once approved, it</label>
          <select id="raise-ending" value={ending} onChange={(event) => setEnding(event.target.value)} disabled={chosen?.decidedInDefender}>
            {state.endings.map(({ id, label }) => (
              <option key={id} value={id}>
                {label}
              </option>
            ))}
          </select>
        </div>
        <button type="button" className="go" disabled={isBusy} onClick={() => void raise(() => post('/raise', { type, ending }))}>
          Raise
        </button>
      </div>
      <button type="button" className="quiet below" disabled={isBusy} onClick={() => void raise(() => post('/storm', { type }))}>
        Raise a storm of 50
      </button>
      {trouble === null ? null : (
        <p className="field-error" role="alert">
          {trouble}
        </p>
      )}
    </section>
  );
}
