// How the Defender API answers, refusals included: https://learn.microsoft.com/defender-endpoint/api/common-errors

import { randomUUID } from 'node:crypto';

export type Answer = { status: number; body?: object | string; headers?: Record<string, string> };

export const refused = (status: number, code: string, message: string, headers: Record<string, string> = {}): Answer => ({
  status,
  body: { error: { code, message, target: randomUUID() } },
  headers,
});
export const badRequest = (message: string, code = 'BadRequest'): Answer => refused(400, code, message);
export const notFound = (what: string): Answer => refused(404, 'ResourceNotFound', `${what} was not found`);
export const inProgress = (): Answer => badRequest('Action is already in progress');
export const forbidden = (): Answer =>
  refused(403, 'Forbidden', 'The application does not have any of the required application permissions.');
export const unauthorized = (): Answer => refused(401, 'Unauthorized', 'Invalid or missing token.');
export const throttled = (seconds: number): Answer =>
  refused(429, 'TooManyRequests', `Too many requests were sent. Try again in ${seconds} seconds.`, { 'Retry-After': String(seconds) });
export const broken = (status: number): Answer => refused(status, 'InternalServerError', 'Please contact support.');
