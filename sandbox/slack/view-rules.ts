// Modals: https://docs.slack.dev/reference/views/modal-views; Home tabs: https://docs.slack.dev/reference/views/home-tab-views

import { checkBlocks } from './blocks.ts';
import { plainText } from './elements.ts';
import { type BlockProblem, boolean, isObject, newCheck, note, object, type Rule, string } from './rules.ts';

const modal: Rule = object(
  { type: string({ oneOf: ['modal'] }), title: plainText(24), blocks: (value, pointer, check) => checkBlocks(value, pointer, check) },
  {
    submit: plainText(24),
    close: plainText(24),
    private_metadata: string({ min: 0, max: 3000 }),
    callback_id: string({ min: 0, max: 255 }),
    external_id: string({ min: 0, max: 255 }),
    clear_on_close: boolean,
    notify_on_close: boolean,
    submit_disabled: boolean,
  },
);

const home: Rule = object(
  { type: string({ oneOf: ['home'] }), blocks: (value, pointer, check) => checkBlocks(value, pointer, check) },
  { private_metadata: string({ min: 0, max: 3000 }), callback_id: string({ min: 0, max: 255 }), external_id: string({ min: 0, max: 255 }) },
);

export function validateHome(view: unknown): BlockProblem[] {
  const check = newCheck('home');
  home(view, '/view', check);
  return check.problems;
}

export function validateView(view: unknown): BlockProblem[] {
  const check = newCheck('modal');
  modal(view, '/view', check);
  if (isObject(view) && view['submit'] === undefined && hasInput(view['blocks'])) {
    note(check, '/view/submit', 'must be defined for modals with an input block');
  }
  return check.problems;
}

const hasInput = (blocks: unknown): boolean =>
  Array.isArray(blocks) && blocks.some((block) => isObject(block) && block['type'] === 'input');
