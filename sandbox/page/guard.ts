/** Who may talk to the page's server: a browser on this machine that has the page itself open, and nobody else. */
import type { IncomingHttpHeaders } from 'node:http';

/** A page on the internet can make its own name lead to 127.0.0.1; the Host header gives it away. */
export function isLoopbackHost(host: string | undefined, port: number): boolean {
  return host !== undefined && ['127.0.0.1', 'localhost', '[::1]'].some((name) => host === `${name}:${port}`);
}

/** A foreign page may send a POST, but its Origin cannot be ours. No Origin is no browser. */
export function isSameOrigin(headers: IncomingHttpHeaders): boolean {
  if (headers.origin === undefined || headers.host === undefined) return false;
  const site = headers['sec-fetch-site'];
  return headers.origin === `http://${headers.host}` && (site === undefined || site === 'same-origin');
}

/** No script but our own, nothing from elsewhere, in no frame. */
export const securityHeaders: Record<string, string> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};
