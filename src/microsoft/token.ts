/** Tokens of an app by client credentials: one request at a time however many ask, and a new one before the old one ends. */
import { z } from 'zod';
import { UpstreamError, type UpstreamService } from '../action-center/errors.ts';
import type { Log } from '../action-center/ports.ts';
import { type Certificate, clientAssertion } from './assertion.ts';
import { type Deadline, startDeadline } from './deadline.ts';
import { isBusy, patiently } from './http.ts';

export type Credential = { kind: 'secret'; secret: string } | ({ kind: 'certificate' } & Certificate);
export type TokenSettings = {
  tenantId: string;
  clientId: string;
  credential: Credential;
  authorityUrl: string;
  /** The API the token is for, without a slash at the end. */
  audience: string;
  /** Whom a failure is counted against. */
  service: UpstreamService;
};

export type TokenSource = {
  token(deadline: Deadline): Promise<string>;
  /** The API did not take it: it is not handed out again. */
  drop(token: string): void;
};

/** Ends before the question that first needed it, so that the next one does not join what is lost already. */
const deadlineMs = 1500;
/** Renewed while it still works, so that no click waits for it; of a short-lived token the last fifth. */
const earlyMs = 300_000;
const longestMs = 24 * 3_600_000;
const TokenAnswer = z.object({
  access_token: z.string().min(1).max(20_000),
  token_type: z.string().regex(/^bearer$/i),
  expires_in: z.number().positive(),
});
const TokenError = z.object({ error: z.string().max(100), error_description: z.string().optional() });

type Held = { token: string; renewAt: number; endsAt: number };

export function tokenSource(settings: TokenSettings, { log, now }: { log: Pick<Log, 'warn'>; now: () => number }): TokenSource {
  let held: Held | null = null;
  let flight: Promise<Held> | null = null;

  const renew = (): Promise<Held> => {
    // Its own deadline, not that of whoever came first: others wait for the same answer.
    flight ??= ask(settings, now)
      .then((answer) => {
        held = answer;
        return answer;
      })
      .finally(() => {
        flight = null;
      });
    return flight;
  };

  return {
    token: async (deadline) => {
      const current = held;
      if (!current || now() >= current.endsAt) return (await before(settings.service, deadline, renew())).token;
      if (now() >= current.renewAt)
        renew().catch((error: unknown) => log.warn({ err: error, audience: settings.audience }, 'an access token was not renewed yet'));
      return current.token;
    },
    drop: (token) => {
      if (held?.token === token) held = null;
    },
  };
}

async function ask(settings: TokenSettings, now: () => number): Promise<Held> {
  const url = `${settings.authorityUrl}/${settings.tenantId}/oauth2/v2.0/token`;
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: settings.clientId,
    scope: `${settings.audience}/.default`,
    ...proofOf(settings, url),
  });
  const began = now();
  const answer = await patiently(
    { what: 'the login service', service: settings.service },
    url,
    { method: 'POST', body },
    startDeadline(deadlineMs),
  );
  const parsed = TokenAnswer.safeParse(answer.body);
  if (answer.status !== 200 || !parsed.success) throw refused(settings.service, answer.status, answer.body);
  const lifeMs = Math.min(parsed.data.expires_in * 1000, longestMs);
  return { token: parsed.data.access_token, renewAt: began + lifeMs - Math.min(earlyMs, lifeMs / 5), endsAt: began + lifeMs };
}

/** What shows that we are the app, to be sent along to this address. */
export function proofOf({ credential, clientId }: Pick<TokenSettings, 'credential' | 'clientId'>, url: string): Record<string, string> {
  if (credential.kind === 'secret') return { client_secret: credential.secret };
  const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
  return { client_assertion_type: type, client_assertion: clientAssertion(credential, { clientId, audience: url, now: Date.now() }) };
}

/** The service's own code (AADSTS...) says what is wrong and holds nothing secret; its description may. */
function refused(service: UpstreamService, status: number, body: unknown): UpstreamError {
  const told = TokenError.safeParse(body);
  const code = told.success ? (told.data.error_description?.match(/\bAADSTS\d+/)?.[0] ?? told.data.error) : 'an unreadable answer';
  const message = `the login service gave no token: ${status} ${code.replaceAll(/[^\w ]/g, '')}`;
  return new UpstreamError(service, message, { retryable: status === 200 || status >= 500 || isBusy({ status }) });
}

async function before<T>(service: UpstreamService, { signal }: Deadline, work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(new UpstreamError(service, 'the login service did not answer in time', { retryable: true }));
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, late]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
