/** What the app's bot token may do in Slack: the scopes are in a header of every answer. */
import { z } from 'zod';
import { apiUrlOf } from './api-url.ts';

const Answer = z.object({ ok: z.boolean(), error: z.string().max(100).optional(), team: z.string().max(200).optional() });
const answerMs = 5000;

/** `scopes` null: Slack did not say. Throws with Slack's own word for what is wrong, never with the token. */
export async function grantedScopes({ botToken, apiUrl }: { botToken: string; apiUrl: string | null }) {
  const response = await fetch(new URL('auth.test', apiUrlOf(apiUrl)), {
    method: 'POST',
    headers: { authorization: `Bearer ${botToken}` },
    redirect: 'error',
    signal: AbortSignal.timeout(answerMs),
  });
  const parsed = Answer.safeParse(await response.json().catch(() => null));
  if (!parsed.success) throw new Error(`Slack answered ${response.status}, and not as it should`);
  if (!parsed.data.ok) throw new Error(`Slack does not accept the bot token: ${(parsed.data.error ?? 'no reason').replaceAll(/\W/g, '_')}`);
  const scopes = response.headers.get('x-oauth-scopes');
  const list = scopes === null ? null : scopes.split(',').map((scope) => scope.trim());
  return { team: parsed.data.team ?? 'unnamed', scopes: list };
}
