// How the Bot Connector answers, refusals included:
// https://learn.microsoft.com/microsoftteams/platform/bots/build-conversational-capability#status-codes-from-bot-conversational-apis

export type HttpAnswer = { status: number; body?: object; headers?: Record<string, string> };

const refuse = (status: number, code: string, message: string): HttpAnswer => ({ status, body: { error: { code, message } } });

export const badRequest = (message: string): HttpAnswer => refuse(400, 'BadSyntax', message);
export const unauthorized = (message: string): HttpAnswer => ({
  ...refuse(401, 'Unauthorized', message),
  headers: { 'WWW-Authenticate': 'Bearer' },
});
export const notInRoster = (): HttpAnswer => refuse(403, 'BotNotInConversationRoster', 'The bot is not part of the conversation roster.');
export const forbidden = (message: string): HttpAnswer => refuse(403, 'Forbidden', message);
export const noConversation = (): HttpAnswer => refuse(404, 'ConversationNotFound', 'Conversation not found.');
export const noActivity = (): HttpAnswer => refuse(404, 'ActivityNotFoundInConversation', 'The activity is not in this conversation.');
export const noMember = (): HttpAnswer => refuse(404, 'MemberNotFoundInConversation', 'The member was not found in the conversation.');
export const noRoute = (): HttpAnswer => refuse(404, 'NotFound', 'No such operation.');
export const notAllowed = (): HttpAnswer => refuse(405, 'MethodNotAllowed', 'The method is not allowed here.');
export const conflicting = (): HttpAnswer => refuse(412, 'PreconditionFailed', 'Concurrent operations on the same conversation.');
export const tooBig = (): HttpAnswer => refuse(413, 'MessageSizeTooBig', 'The message is larger than 100 KB.');
export const broken = (status: number): HttpAnswer => refuse(status, 'ServiceError', 'An unexpected error.');

/** Teams also sends it without saying how long to wait. */
export const tooMany = (seconds?: number): HttpAnswer => ({
  ...refuse(429, 'TooManyRequests', 'Too many requests.'),
  ...(seconds === undefined ? {} : { headers: { 'Retry-After': String(seconds) } }),
});

export const failed = ({ status }: HttpAnswer): boolean => status >= 400;
/** Tells a refusal from what was asked for. */
export const isAnswer = (value: object): value is HttpAnswer => 'status' in value && typeof value.status === 'number';

export function errorCodeOf({ body }: HttpAnswer): string | undefined {
  const error = body !== undefined && 'error' in body ? body.error : undefined;
  if (typeof error === 'string') return error;
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined;
}
