import { failure, type HttpAnswer, loginRefused } from './answers.ts';
import type { EntraFault, EntraRoute } from './types.ts';

export type Faults = { add(fault: EntraFault): void; clear(): void; take(route: EntraRoute): EntraFault | undefined };

/** Faults wait in the order they were added; the first that fits a call is spent on it, or stays until all are cleared. */
export function createFaults(random: () => number = Math.random): Faults {
  let armed: (EntraFault & { left: number })[] = [];
  return {
    add: (fault) => void armed.push({ ...fault, left: fault.times ?? Number.POSITIVE_INFINITY }),
    clear: () => {
      armed = [];
    },
    take(route) {
      const found = armed.find(({ route: only = route, chance }) => only === route && (chance === undefined || random() < chance));
      if (found === undefined) return undefined;
      found.left -= 1;
      armed = armed.filter((fault) => fault.left > 0);
      return found;
    },
  };
}

const LOGIN_ROUTES: readonly EntraRoute[] = ['token', 'authorize', 'openid', 'keys'];
const CODES = { 403: 'Authorization_RequestDenied', 429: 'TooManyRequests', 500: 'InternalServerError', 503: 'ServiceUnavailable' };

/** What answers in place of Entra, before anything was done; undefined for the faults that are no answer. */
export function faultAnswer({ kind, retryAfterSeconds }: EntraFault, route: EntraRoute): HttpAnswer | undefined {
  const refused = (status: keyof typeof CODES): HttpAnswer => {
    const answer = LOGIN_ROUTES.includes(route) ? loginTrouble(status) : failure(status, CODES[status]);
    const headers = { ...answer.headers, ...(retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) }) };
    return { ...answer, headers };
  };
  switch (kind) {
    case 'throttle':
      return refused(429);
    case 'http500':
      return refused(500);
    case 'http503':
      return refused(503);
    case 'http403':
      return refused(403);
    case 'garbage':
      return { status: 200, body: '<html><body>Our services are not available right now</body></html>' };
    case 'empty':
      return { status: 200, body: emptiness(route) };
    case 'hang':
    case 'slow':
    case 'reset':
    case 'lostAnswer':
    case 'http500After':
      return undefined;
  }
}

function loginTrouble(status: number): HttpAnswer {
  if (status === 403) return loginRefused({ status, error: 'access_denied', code: 53003, text: 'Access has been blocked.' });
  const text = 'A transient error has occurred. Please try again.';
  return loginRefused({ status, error: 'temporarily_unavailable', code: 90033, text });
}

function emptiness(route: EntraRoute): object | string {
  switch (route) {
    case 'token':
    case 'user':
    case 'openid':
      return {};
    case 'keys':
      return { keys: [] };
    case 'authorize':
      return '';
    default:
      return { value: [] };
  }
}
