/** How far the newest decision has come, or that of a chosen action. */
import { useState } from 'react';
import type { PageAction, PageState } from '../state.ts';
import { clock, passed } from './clock.ts';
import { journeyOf, type Step } from './journey-steps.ts';

const verbs: Record<string, string> = { approve: 'Approved', reject: 'Rejected', undo: 'Undo asked for', cancel: 'Cancel asked for' };

/** The action that somebody raised or decided last. */
function newestOf(actions: PageAction[]): PageAction | undefined {
  const touched = (action: PageAction) =>
    action.stages.filter(({ stage }) => stage === 'announced' || stage === 'decided').reduce((last, { at }) => (at > last ? at : last), '');
  return actions.toSorted((a, b) => touched(a).localeCompare(touched(b))).at(-1);
}

export function JourneyPanel({ state }: { state: PageState }) {
  const [chosen, setChosen] = useState('');
  const action = state.actions.find(({ id }) => id === chosen) ?? newestOf(state.actions);
  return (
    <section className="panel journey" aria-labelledby="journey-title">
      <h2 id="journey-title">The decision's journey</h2>
      <label className="unseen" htmlFor="journey-action">
        Which action
      </label>
      <select id="journey-action" value={chosen} onChange={(event) => setChosen(event.target.value)}>
        <option value="">Follow what was touched last</option>
        {state.actions.toReversed().map(({ id, label, title }) => (
          <option key={id} value={id}>
            {label}: {title}
          </option>
        ))}
      </select>
      {action ? <JourneyOf action={action} /> : <p className="empty">Nothing was raised yet.</p>}
    </section>
  );
}

function JourneyOf({ action }: { action: PageAction }) {
  const { raisedAt, postedAt, verb, decidedAt, steps } = journeyOf(action.stages);
  return (
    <>
      <p className="subject">
        <b>{action.title || 'An action'}</b>
        <br />
        {raisedAt === null ? 'Being raised' : `Raised ${clock(raisedAt)}`}
        {postedAt === null ? ', no card yet' : `, card ${clock(postedAt)}`}
        {verb === null || decidedAt === null ? ', waits for a person' : `, ${verbs[verb]?.toLowerCase() ?? verb} ${clock(decidedAt)}`}
      </p>
      <ol className="steps">
        {steps.map((step) => (
          <StepRow key={step.name} step={step} since={decidedAt} />
        ))}
      </ol>
    </>
  );
}

const marks: Record<Step['state'], string> = { done: '✓', now: '…', waiting: '\u00a0', none: '–' };
const spoken: Record<Step['state'], string> = { done: 'done', now: 'under way', waiting: 'to come', none: 'not needed' };

function StepRow({ step, since }: { step: Step; since: string | null }) {
  const { name, state, at, note, tone } = step;
  return (
    <li className={`step ${state} tone-${tone}`} data-step={name} data-state={state}>
      <span className="mark" aria-hidden="true">
        {tone === 'bad' ? '!' : marks[state]}
      </span>
      <span className="name">
        {name}
        <span className="unseen"> ({spoken[state]})</span>
      </span>
      <span className="note">{note}</span>
      <span className="time">{at === null ? '' : since === null || name === 'Stored' ? clock(at) : passed(since, at)}</span>
    </li>
  );
}
