/** An input block of a modal: a text to type or a choice to make. */
import { useId } from 'react';
import type { Block } from '../state.ts';
import { textOf } from './buttons.ts';

export type FieldFacts = {
  id: string;
  block: Block;
  label: string;
  hint: string;
  isOptional: boolean;
  isLong: boolean;
  placeholder: string;
  maxLength: number | undefined;
  initial: string;
  /** Null: free text. */
  options: { value: string; text: string }[] | null;
};

type Json = Record<string, unknown>;
const objectOf = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});
const stringOf = (value: unknown): string => (typeof value === 'string' ? value : '');

export function fieldsOf(blocks: Block[]): FieldFacts[] {
  return blocks.filter((block) => block.type === 'input').map(fieldOf);
}

function fieldOf(block: Block): FieldFacts {
  const element = objectOf(block['element']);
  const options = element['options'];
  return {
    id: block.block_id ?? textOf(block['label']),
    block,
    label: textOf(block['label']),
    hint: textOf(block['hint']),
    isOptional: block['optional'] === true,
    isLong: element['multiline'] === true,
    placeholder: textOf(element['placeholder']),
    maxLength: typeof element['max_length'] === 'number' ? element['max_length'] : undefined,
    initial: stringOf(element['initial_value']) || stringOf(objectOf(element['initial_option'])['value']),
    options: Array.isArray(options)
      ? options.map((option) => ({ value: stringOf(objectOf(option)['value']), text: textOf(objectOf(option)['text']) }))
      : null,
  };
}

type FieldProps = { field: FieldFacts; value: string; error: string | undefined; onChange: (value: string) => void };

export function Field({ field, value, error, onChange }: FieldProps) {
  const id = useId();
  const common = { id, value, 'aria-invalid': error !== undefined, 'aria-describedby': `${id}-more` };
  return (
    <div className="field">
      <label htmlFor={id}>
        {field.label}
        {field.isOptional ? <span className="optional"> (optional)</span> : null}
      </label>
      {field.options ? (
        <select {...common} onChange={(event) => onChange(event.target.value)}>
          <option value="">{field.placeholder || 'Choose'}</option>
          {field.options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.text}
            </option>
          ))}
        </select>
      ) : field.isLong ? (
        <textarea
          {...common}
          rows={4}
          maxLength={field.maxLength}
          placeholder={field.placeholder}
          onChange={(event) => onChange(event.target.value)}
        />
      ) : (
        <input
          {...common}
          type="text"
          maxLength={field.maxLength}
          placeholder={field.placeholder}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
      <div id={`${id}-more`}>
        {error === undefined ? null : (
          <p className="field-error" role="alert">
            {error}
          </p>
        )}
        {field.hint === '' ? null : <p className="hint">{field.hint}</p>}
      </div>
    </div>
  );
}
