/**
 * Entra's login service, by OpenID Connect: authorization code with PKCE. Verifier and nonce come from a secret of the browser and the state, so
 * that nothing of them is stored, any bot can finish what another began, and only the browser that was sent there can bring the code back.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { UpstreamError } from '../action-center/errors.ts';
import { refuse } from '../action-center/refusal.ts';
import type { SignInProvider } from '../action-center/sign-in-ports.ts';
import { startDeadline } from '../microsoft/deadline.ts';
import { exchange, isBusy } from '../microsoft/http.ts';
import { type Credential, proofOf } from '../microsoft/token.ts';
import { signInKeys } from './sign-in-keys.ts';
import { proofIn } from './sign-in-token.ts';

export type SignInSettings = {
  tenantId: string;
  clientId: string;
  credential: Credential;
  authorityUrl: string;
  /** Where this service is reached from outside, without a slash at its end. */
  publicUrl: string;
};

const exchangeDeadlineMs = 3000;
const scope = 'openid profile';
const TokenAnswer = z.object({ id_token: z.string().min(1) });
const TokenError = z.object({ error: z.string() });

const derived = (purpose: string, { state, browser }: { state: string; browser: string }): string =>
  createHash('sha256').update(`${purpose} ${browser} ${state}`).digest('base64url');
const verifierOf = (asked: { state: string; browser: string }): string => derived('verifier', asked);
const nonceOf = (asked: { state: string; browser: string }): string => derived('nonce', asked);

/** A link must be made by the right one of several accounts; a fresh sign-in must be one, whoever is signed in already. */
const prompts = { link: { prompt: 'select_account' }, 'step-up': { prompt: 'login', max_age: '0' } };

/** `clock` counts milliseconds that only grow; `now` tells the time of day. */
export function signInProvider(
  settings: SignInSettings,
  { now, clock = () => performance.now() }: { now: () => Date; clock?: () => number },
): SignInProvider {
  const { tenantId, clientId, authorityUrl } = settings;
  const redirectUri = `${settings.publicUrl}/link/callback`;
  const endpoint = (name: 'authorize' | 'token') => `${authorityUrl}/${tenantId}/oauth2/v2.0/${name}`;
  const keys = signInKeys(settings, { now: clock });
  return {
    address: (asked) => {
      const url = new URL(endpoint('authorize'));
      const query = {
        client_id: clientId,
        response_type: 'code',
        response_mode: 'query',
        redirect_uri: redirectUri,
        scope,
        state: asked.state,
        nonce: nonceOf(asked),
        code_challenge: createHash('sha256').update(verifierOf(asked)).digest('base64url'),
        code_challenge_method: 'S256',
        ...prompts[asked.kind],
      };
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
      return url.href;
    },
    redeem: async ({ code, ...asked }) => {
      const token = endpoint('token');
      const body = new URLSearchParams({
        grant_type: 'authorization_code',
        client_id: clientId,
        code,
        redirect_uri: redirectUri,
        code_verifier: verifierOf(asked),
        scope,
        ...proofOf(settings, token),
      });
      const answer = await exchange('the login service', token, { method: 'POST', body }, startDeadline(exchangeDeadlineMs));
      if (isCodeRefused(answer)) return refuse('code-not-taken');
      if (answer.status !== 200 || answer.body === undefined) throw noToken(answer.status);
      const parsed = TokenAnswer.safeParse(answer.body);
      if (!parsed.success) return refuse('no-id-token');
      const needsTime = asked.kind === 'step-up';
      return proofIn(parsed.data.id_token, { tenantId, clientId, authorityUrl, keys, nonce: nonceOf(asked), needsTime, now: now() });
    },
  };
}

/** Only this says that the code, or the browser it came from, is wrong; anything else is a trouble of the service or of our settings. */
const isCodeRefused = ({ status, body }: { status: number; body: unknown }): boolean =>
  status === 400 && TokenError.safeParse(body).data?.error === 'invalid_grant';

const noToken = (status: number): UpstreamError =>
  new UpstreamError('directory', `the login service took no code: ${status}; see docs/setup-entra.md`, {
    retryable: status === 200 || status >= 500 || isBusy({ status }),
  });
