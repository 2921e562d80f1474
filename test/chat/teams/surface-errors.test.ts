import { describe, expect, it } from 'vitest';
import { connectorErrorOf, NotSent } from '../../../src/chat/teams/surface-errors.ts';

/** As botbuilder's client throws it. */
const answered = (statusCode: number, body: unknown = {}, headers: Record<string, string> = {}) =>
  Object.assign(new Error('the wording is not looked at'), {
    statusCode,
    response: { headers: new Headers(headers), bodyAsText: typeof body === 'string' ? body : JSON.stringify(body) },
  });

describe('what the Bot Connector answered', () => {
  it.each([
    [400, 'refused'],
    [401, 'unreachable'],
    [403, 'unreachable'],
    [404, 'unreachable'],
    [412, 'unavailable'],
    [413, 'refused'],
    [429, 'rate-limited'],
    [500, 'unknown'],
    [502, 'unknown'],
    [503, 'unknown'],
    [504, 'unknown'],
    [418, 'unreachable'],
  ])('%i means %s', (status, trouble) => {
    expect(connectorErrorOf(answered(status))).toMatchObject({ trouble, status });
  });

  it('tells a deleted message from a conversation that is not there', () => {
    expect(connectorErrorOf(answered(404, { error: { code: 'ActivityNotFoundInConversation' } })).trouble).toBe('gone');
    expect(connectorErrorOf(answered(404, { error: { code: 'ConversationNotFound' } })).trouble).toBe('unreachable');
  });

  it.each([
    ['in seconds', '3', 3000],
    ['not at all', undefined, null],
    ['as nonsense', 'soon', null],
    ['for ever', '999999999', 3_600_000],
  ])('a pause told %s', (_how, value, ms) => {
    const headers: Record<string, string> = value === undefined ? {} : { 'retry-after': value };
    expect(connectorErrorOf(answered(429, {}, headers)).retryAfterMs).toBe(ms);
  });

  it('a pause told as a date is counted from now', () => {
    const at = new Date(Date.now() + 60_000).toUTCString();
    const { retryAfterMs } = connectorErrorOf(answered(429, {}, { 'retry-after': at }));
    expect(retryAfterMs).toBeGreaterThan(55_000);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
  });

  it('reads an answer that is not the Bot Connector’s own', () => {
    expect(connectorErrorOf(answered(502, '<html>Bad gateway</html>'))).toMatchObject({ trouble: 'unknown', code: null });
  });
});

describe('no answer at all', () => {
  it('is unknown, unless nothing can have been sent', () => {
    const cause = (code: string) => new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code }) });
    expect(connectorErrorOf(new DOMException('late', 'TimeoutError')).trouble).toBe('unknown');
    expect(connectorErrorOf(cause('ECONNRESET')).trouble).toBe('unknown');
    expect(connectorErrorOf(cause('ECONNREFUSED')).trouble).toBe('unavailable');
    expect(connectorErrorOf(new NotSent(new Error('no token'))).trouble).toBe('unavailable');
  });
});
