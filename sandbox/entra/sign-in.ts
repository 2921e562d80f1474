// The sign-in of a person: which app sent them, who they are, and back with a code. What can be wrong with the app is shown to the person and
// never sent anywhere; the rest goes back to the app. https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc

import { randomBytes } from 'node:crypto';
import { describe, type HttpAnswer, isAnswer } from './answers.ts';
import { errorPage, signInPage } from './sign-in-page.ts';
import { addProblem, type EntraState, findPerson, keepCode, keepSession, type Session } from './state.ts';
import { absenceOf } from './token-endpoint.ts';
import type { EntraApp } from './types.ts';

const CODE_MS = 600_000;
const COOKIE = 'sandbox-sign-in';
const PROMPTS = [null, 'login', 'none', 'consent', 'select_account'];

export type SignInRequest = { verb: string; query: URLSearchParams; form: URLSearchParams; cookie: string | undefined };

/** What an app asks for when it sends somebody here. */
type Asked = {
  app: EntraApp;
  redirectUri: string;
  state: string | null;
  challenge: string;
  nonce: string | null;
  prompt: string | null;
  maxAge: number | null;
};

export function answerAuthorize(state: EntraState, { verb, query, form, cookie }: SignInRequest): HttpAnswer {
  const asked = askedOf(state, query);
  if (isAnswer(asked)) return asked;
  if (verb === 'POST') return signInAs(state, asked, form.get('person') ?? '');
  const session = sessionOf(state, asked, cookie);
  if (session !== undefined && (asked.prompt === null || asked.prompt === 'none')) return backWithCode(state, asked, session);
  if (asked.prompt === 'none') {
    const text = 'Session information is not sufficient for single-sign-on.';
    return backWithError(asked, { error: 'login_required', code: 50058, text });
  }
  return signInPage([...state.people.values()], asked.app.clientId);
}

function askedOf(state: EntraState, query: URLSearchParams): Asked | HttpAnswer {
  const clientId = query.get('client_id') ?? '';
  const app = state.apps.get(clientId.toLowerCase());
  if (app === undefined)
    return errorPage({ code: 700016, text: `Application with identifier '${clientId}' was not found in the directory.` });
  const redirectUri = query.get('redirect_uri') ?? '';
  if (!(app.redirectUris ?? []).some((registered) => isSameAddress(registered, redirectUri)))
    return errorPage({
      code: 50011,
      text: `The redirect URI '${redirectUri}' does not match the redirect URIs configured for the application.`,
    });
  const asked: Asked = {
    app,
    redirectUri,
    state: query.get('state'),
    challenge: query.get('code_challenge') ?? '',
    nonce: query.get('nonce'),
    prompt: query.get('prompt'),
    maxAge: query.get('max_age') === null ? null : Number(query.get('max_age')),
  };
  const trouble = troubleWith(query, asked);
  if (trouble === undefined) return asked;
  addProblem(state, `authorize: ${trouble.text}`);
  return backWithError(asked, trouble);
}

/** Of an address on the person's own machine the port does not count: https://learn.microsoft.com/entra/identity-platform/reply-url */
function isSameAddress(registered: string, given: string): boolean {
  if (registered === given) return true;
  const [one, other] = [URL.parse(registered), URL.parse(given)];
  if (one === null || other === null || one.protocol !== 'http:' || !['localhost', '127.0.0.1'].includes(one.hostname)) return false;
  other.port = one.port;
  return one.href === other.href;
}

type Trouble = { error: string; code: number; text: string };

function troubleWith(query: URLSearchParams, { challenge, prompt, maxAge }: Asked): Trouble | undefined {
  const invalid = (code: number, text: string): Trouble => ({ error: 'invalid_request', code, text });
  const responseType = query.get('response_type');
  if (responseType !== 'code')
    return {
      error: 'unsupported_response_type',
      code: 700054,
      text: `response_type '${responseType}' is not enabled for the application.`,
    };
  if (!['query', null].includes(query.get('response_mode')))
    return invalid(90023, 'This sandbox answers in the query only (response_mode).');
  if (!(query.get('scope') ?? '').split(' ').includes('openid'))
    return invalid(900144, "The request must contain the following parameter: 'scope', with openid in it.");
  if (!PROMPTS.includes(prompt)) return invalid(90023, `Unsupported 'prompt' value '${prompt}'.`);
  if (maxAge !== null && !(Number.isInteger(maxAge) && maxAge >= 0)) return invalid(90023, "Invalid 'max_age' value.");
  // Entra lets apps with a secret go without; this tenant does not.
  if (query.get('code_challenge_method') !== 'S256' || !/^[\w-]{43}$/.test(challenge))
    return invalid(9002325, 'Proof Key for Code Exchange (S256) is required for authorization code redemption.');
  return undefined;
}

/** Somebody this browser is signed in as, unless that is too long ago. */
function sessionOf(state: EntraState, { app, maxAge }: Asked, cookie: string | undefined): Session | undefined {
  const [, id] = new RegExp(`(?:^|;\\s*)${COOKIE}=([\\w-]+)`).exec(cookie ?? '') ?? [];
  const session = id === undefined ? undefined : state.sessions.get(id);
  if (session === undefined || absenceOf(state.people.get(session.person), app) !== undefined) return undefined;
  return maxAge !== null && state.now() - session.at >= maxAge * 1000 ? undefined : session;
}

function signInAs(state: EntraState, asked: Asked, named: string): HttpAnswer {
  const person = findPerson(state, named);
  const absence = absenceOf(person, asked.app);
  if (absence !== undefined || person === undefined) return errorPage(absence ?? { code: 50034, text: 'The user account does not exist.' });
  const session = { person: person.id.toLowerCase(), at: state.now() };
  const id = randomBytes(32).toString('base64url');
  keepSession(state, id, session);
  const back = backWithCode(state, asked, session);
  return { ...back, headers: { ...back.headers, 'Set-Cookie': `${COOKIE}=${id}; Path=/login; HttpOnly; SameSite=Lax` } };
}

function backWithCode(state: EntraState, asked: Asked, { person, at }: Session): HttpAnswer {
  const { app, redirectUri, challenge, nonce } = asked;
  const code = `1.${randomBytes(48).toString('base64url')}`;
  const until = state.now() + CODE_MS;
  keepCode(state, code, { clientId: app.clientId, redirectUri, challenge, nonce, person, signedInAt: at, until, redeemed: false });
  return back(asked, { code });
}

const backWithError = (asked: Pick<Asked, 'redirectUri' | 'state'>, { error, code, text }: Trouble): HttpAnswer =>
  back(asked, { error, error_description: describe({ status: 302, error, code, text }) });

function back({ redirectUri, state }: Pick<Asked, 'redirectUri' | 'state'>, answer: Record<string, string>): HttpAnswer {
  const location = new URL(redirectUri);
  for (const [name, value] of Object.entries({ ...answer, ...(state === null ? {} : { state }) })) location.searchParams.set(name, value);
  return { status: 302, headers: { Location: location.href, 'Cache-Control': 'no-store' } };
}
