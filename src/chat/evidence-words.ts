/** What the values of an entity are called, and how people name what an action is about. */
import { type Line, type Part, words } from './show.ts';

/** The name of a value stands before it. */
const names = {
  onDevice: 'on device',
  deviceId: 'device id',
  id: 'id',
  group: 'group',
  runs: 'runs',
  in: 'in',
  sha256: 'SHA-256',
  sha1: 'SHA-1',
  processId: 'process id',
  commandLine: 'command line',
  value: 'value',
  name: 'name',
  entraId: 'Entra id',
  sid: 'SID',
  to: 'to',
  subject: 'subject',
  from: 'from',
  messageId: 'message id',
  received: 'received',
} as const;

export const valueText = (name: keyof typeof names, value: Part): Line => [words(`${names[name]} `), value];

export const messageCountText = (count: number): Line => [words(`${count} messages`)];
/** `more`: how many there are beside those shown. */
export const messageIdsText = (shown: Part, more: number): Line => [words('message ids '), shown, words(andMoreText(more))];

/** Empty when there is nothing else. */
export const andMoreText = (count: number): string => (count > 0 ? ` and ${count} more` : '');

/** Follows the name of what is acted on: `invoice.exe on WKS-0042`. */
export const placeTexts = {
  reportedAs: (asset: string): string => ` (reported as ${asset})`,
  inMailbox: (place: string): string => ` in ${place}`,
  onDevice: (place: string): string => ` on ${place}`,
} as const;
