// A person's browser at the sign-in page, in one go.

import { authorityUrlOf, type EntraState } from './state.ts';
import type { IdTokenSpoil, Visit } from './types.ts';

const PATIENCE_MS = 10_000;

export async function signIn(state: EntraState, authorizeUrl: string, person: string, spoil?: IdTokenSpoil): Promise<Visit> {
  if (!authorizeUrl.startsWith(`${authorityUrlOf(state)}/`)) throw new Error(`${authorizeUrl} is no page of the simulated Entra`);
  const page = await visit(state, authorizeUrl);
  if (page.status !== 200) return page;
  const sentBack = await visit(state, authorizeUrl, { person });
  const handedOut = sentBack.location === null ? null : URL.parse(sentBack.location)?.searchParams.get('code');
  const code = state.codes.get(handedOut ?? '');
  if (code !== undefined && spoil !== undefined) code.spoil = spoil;
  return sentBack;
}

/** The person goes nowhere by themselves: where they are sent is told. */
async function visit(state: EntraState, url: string, form?: Record<string, string>): Promise<Visit> {
  const signal = AbortSignal.any([state.closing.signal, AbortSignal.timeout(PATIENCE_MS)]);
  const sent = form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) };
  const response = await fetch(url, { ...sent, redirect: 'manual', signal });
  return { status: response.status, location: response.headers.get('location'), body: await response.text() };
}
