/** A Slack modal: its frame and its fields are ours, the other blocks are drawn as in a message. */
import { useState } from 'react';
import type { Answer, Block, PageView } from '../state.ts';
import { Blocks, type Names } from './blocks.tsx';
import { textOf } from './buttons.ts';
import { post } from './connection.ts';
import { Dialog } from './dialog.tsx';
import { Field, fieldsOf } from './field.tsx';

export function ViewDialog({ view, user, names }: { view: PageView; user: string; names: Names }) {
  const [typed, setTyped] = useState<Record<string, string>>({});
  const [isBusy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const fields = fieldsOf(view.blocks);
  const values = Object.fromEntries(fields.map((field) => [field.id, typed[field.id] ?? field.initial]));
  const isComplete = fields.every((field) => field.isOptional || values[field.id] !== '');

  const ask = async (request: Promise<Answer>) => {
    setBusy(true);
    const answer = await request;
    setTrouble(answer.ok ? null : (answer.error ?? 'That did not work.'));
    setBusy(false);
  };
  const close = () => void ask(post('/close-view', { user }));
  const entered = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''));

  const footer = (
    <>
      <button type="button" className="quiet" onClick={close} disabled={isBusy}>
        {view.close}
      </button>
      {view.submit === null ? null : (
        <button
          type="button"
          className="go"
          disabled={isBusy || !isComplete}
          onClick={() => void ask(post('/submit', { user, values: entered }))}
        >
          {isBusy ? 'Sending ...' : view.submit}
        </button>
      )}
    </>
  );
  return (
    <Dialog title={view.title} onClose={close} footer={footer}>
      {view.blocks.map((block, index) => {
        const field = fields.find((candidate) => candidate.block === block);
        if (!field) return <Blocks key={keyOf(block, index)} blocks={[block]} text={textOf(block['text'])} names={names} />;
        const error = view.errors[field.id];
        const onChange = (value: string) => setTyped((before) => ({ ...before, [field.id]: value }));
        return <Field key={field.id} field={field} value={values[field.id] ?? ''} error={error} onChange={onChange} />;
      })}
      {trouble === null ? null : (
        <p className="field-error" role="alert">
          {trouble}
        </p>
      )}
    </Dialog>
  );
}

const keyOf = (block: Block, index: number): string => block.block_id ?? `${index}`;
