/** What went wrong with a message, decided by the class and code of the failure, never by its wording. */
import { WebAPIPlatformError, WebAPIRateLimitedError, WebAPIRequestError } from '@slack/web-api';
import { neverSentCode, SurfaceError, type SurfaceTrouble } from '../surface.ts';

/** Slack's error codes that are not `unreachable`: https://docs.slack.dev/reference/methods/chat.postMessage#errors */
const troubles: Record<string, SurfaceTrouble> = {
  message_not_found: 'gone',
  thread_not_found: 'gone',
  cant_update_message: 'refused',
  edit_window_closed: 'refused',
  invalid_blocks: 'refused',
  invalid_blocks_format: 'refused',
  invalid_arguments: 'refused',
  invalid_arg_name: 'refused',
  invalid_metadata_format: 'refused',
  invalid_metadata_schema: 'refused',
  metadata_too_large: 'refused',
  msg_too_long: 'refused',
  msg_blocks_too_long: 'refused',
  no_text: 'refused',
  ratelimited: 'rate-limited',
  rate_limited: 'rate-limited',
  // "It's possible some aspect of the operation succeeded before the error was raised."
  fatal_error: 'unknown',
  internal_error: 'unknown',
  request_timeout: 'unknown',
  service_unavailable: 'unknown',
};

/** Slack names no pause with these. */
const unnamedPauseMs = 30_000;

export function surfaceErrorOf(error: unknown): SurfaceError {
  if (error instanceof SurfaceError) return error;
  if (error instanceof WebAPIRateLimitedError) {
    return new SurfaceError('rate-limited', 'Slack asks for a pause', { retryAfterMs: error.retryAfter * 1000, cause: error });
  }
  if (error instanceof WebAPIPlatformError) return platformError(error);
  const code = error instanceof WebAPIRequestError ? neverSentCode(error.original) : null;
  if (code !== null) return new SurfaceError('unavailable', `Slack could not be reached (${code})`, { cause: error });
  return new SurfaceError('unknown', 'Slack gave no answer', { cause: error });
}

function platformError(error: WebAPIPlatformError): SurfaceError {
  const code = error.data.error;
  // A code that is not listed means that Slack said no; an operator has to look why.
  const trouble = Object.hasOwn(troubles, code) ? (troubles[code] ?? 'unreachable') : 'unreachable';
  const pause = trouble === 'rate-limited' ? { retryAfterMs: unnamedPauseMs } : {};
  return new SurfaceError(trouble, `Slack answered ${code}`, { ...pause, cause: error });
}
