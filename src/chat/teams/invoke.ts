/** Answers to invokes: what Teams shows to the person who pressed. HTTP 200 whenever our code ran, so that Teams does not send the press again. */
import type { Line } from '../show.ts';
import { notOfferedText } from '../words.ts';
import type { Arrival } from './activity.ts';
import { byTheirClock } from './local-times.ts';
import { attachmentOf, cardContentType, renderLine, type TeamsContent } from './render.ts';
import type { AdaptiveCard } from './templates.ts';

export type InvokeAnswer = { status: number; body?: unknown };

/** Who sent the invoke. */
type Reader = Pick<Arrival, 'activity'>;
const textFor = (line: Line, to: Reader): string => renderLine(byTheirClock(line, to)).text;

const ok = (body: unknown): InvokeAnswer => ({ status: 200, body });

/** A bar under the card, for the presser's eyes only. Never empty: Teams would send the press again. */
export const barAnswer = (line: Line, to: Reader): InvokeAnswer =>
  ok({ statusCode: 200, type: 'application/vnd.microsoft.activity.message', value: textFor(line, to) });

/** The presser's own view of the card. */
export const cardAnswer = ({ card }: TeamsContent): InvokeAnswer => ok({ statusCode: 200, type: cardContentType, value: card });

export const errorAnswer = (statusCode: 400 | 500, line: Line): InvokeAnswer =>
  ok({
    statusCode,
    type: 'application/vnd.microsoft.error',
    value: { code: statusCode === 400 ? 'BadRequest' : 'InternalServerError', message: renderLine(line).text },
  });

/** Ends a dialog, or answers instead of one. */
export const saidInDialog = (line: Line, to: Reader): InvokeAnswer => ok({ task: { type: 'message', value: textFor(line, to) } });

export const dialogAnswer = ({ title, card }: { title: string; card: AdaptiveCard }): InvokeAnswer =>
  ok({ task: { type: 'continue', value: { title, height: 'medium', width: 'medium', card: attachmentOf({ card }) } } });

/** Something we never offer: sign-in, message extensions. */
export const notOffered: InvokeAnswer = {
  status: 400,
  body: { error: { code: 'NotSupported', message: notOfferedText } },
};
