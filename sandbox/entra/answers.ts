// How Microsoft Graph and the login service answer, refusals included:
// https://learn.microsoft.com/graph/errors and https://learn.microsoft.com/entra/identity-platform/reference-error-codes

import { randomUUID } from 'node:crypto';
import { isObject } from './values.ts';

/** Text is sent as it is, anything else as JSON. */
export type HttpAnswer = { status: number; body?: object | string; headers?: Record<string, string> };

export const isAnswer = (value: object): value is HttpAnswer => 'status' in value && typeof value.status === 'number';

const refuse = (status: number, code: string, message: string): HttpAnswer => ({ status, body: { error: { code, message } } });

export const badRequest = (message: string, code = 'BadRequest'): HttpAnswer => refuse(400, code, message);
export const noToken = (message: string): HttpAnswer => ({
  ...refuse(401, 'InvalidAuthenticationToken', message),
  headers: { 'WWW-Authenticate': 'Bearer' },
});
export const denied = (): HttpAnswer => refuse(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.');
export const notFound = (id: string): HttpAnswer =>
  refuse(
    404,
    'Request_ResourceNotFound',
    `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`,
  );
/** What advanced queries answer to whoever does not say that they know of eventual consistency. */
export const noAdvancedQuery = (): HttpAnswer => refuse(404, 'Request_ResourceNotFound', 'Resource not found.');
export const noSegment = (segment: string): HttpAnswer => badRequest(`Resource not found for the segment '${segment}'.`);
export const notAllowed = (): HttpAnswer =>
  refuse(405, 'Request_BadRequest', 'Specified HTTP method is not allowed for the request target.');
export const tooBig = (): HttpAnswer => refuse(413, 'RequestEntityTooLarge', 'The request is too large.');
export const failure = (status: number, code: string): HttpAnswer =>
  refuse(status, code, 'An error occurred while processing the request.');

/** Graph puts an id for its support into every refusal. */
export function withInnerError(answer: HttpAnswer, now: number, clientRequestId: string | undefined): HttpAnswer {
  const { body } = answer;
  if (!isObject(body) || !isObject(body['error'])) return answer;
  const id = randomUUID();
  const date = new Date(now).toISOString().slice(0, 19);
  const innerError = { date, 'request-id': id, 'client-request-id': clientRequestId ?? id };
  return { ...answer, body: { error: { ...body['error'], innerError } }, headers: { ...answer.headers, 'request-id': id } };
}

/** `code` is the number after AADSTS. */
export type LoginRefusal = { status: number; error: string; code: number; text: string };

export const describe = ({ code, text }: LoginRefusal): string =>
  `AADSTS${code}: ${text} Trace ID: ${randomUUID()} Correlation ID: ${randomUUID()}`;

export const loginRefused = (refusal: LoginRefusal): HttpAnswer => ({
  status: refusal.status,
  body: { error: refusal.error, error_description: describe(refusal), error_codes: [refusal.code] },
  headers: { 'Cache-Control': 'no-store' },
});
