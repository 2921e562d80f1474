/** The card templates of `adaptive-cards/`, read once and expanded with data that is already safe to show. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { withMoments } from './moments.ts';

/** Its own type declarations lead into TypeScript sources of the renderer, which do not compile under our settings; this is what we use of it. */
type Template = { expand(context: { $root: unknown }): unknown };
const require = createRequire(import.meta.url);
const { Template } = require('adaptivecards-templating') as { Template: new (payload: unknown) => Template };

export type AdaptiveCard = {
  type: 'AdaptiveCard';
  version: '1.5';
  fallbackText: string;
  speak: string;
  body: Record<string, unknown>[];
  actions?: Record<string, unknown>[];
  msteams?: { width: 'Full' };
  refresh?: { action: { type: 'Action.Execute'; title: string; verb: string; data: Record<string, unknown> } };
};

export type TemplateName =
  | 'action'
  | 'note'
  | 'answer'
  | 'inbox'
  | 'digest'
  | 'reason-dialog'
  | 'history'
  | 'batch'
  | 'ask'
  | 'bulk-choose'
  | 'bulk-confirm'
  | 'group';

const folder = path.resolve(import.meta.dirname, '../../../adaptive-cards');
const read = (name: TemplateName) => new Template(JSON.parse(readFileSync(path.join(folder, `${name}.json`), 'utf8')));

const templates: Record<TemplateName, Template> = {
  action: read('action'),
  note: read('note'),
  answer: read('answer'),
  'reason-dialog': read('reason-dialog'),
  batch: read('batch'),
  ask: read('ask'),
  'bulk-choose': read('bulk-choose'),
  'bulk-confirm': read('bulk-confirm'),
  group: read('group'),
  history: read('history'),
  inbox: read('inbox'),
  digest: read('digest'),
};

/** Values are put in as they are: an expression inside one is not evaluated. Every name in the template has to be in the data. */
export function expand(name: TemplateName, data: Record<string, unknown>): AdaptiveCard {
  return withMoments(templates[name].expand({ $root: data }) as AdaptiveCard) as AdaptiveCard;
}
