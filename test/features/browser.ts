/** A person's browser: keeps its cookie, goes where it is sent, and comes back from the simulated login service. */
import type { EntraWorld, IdTokenSpoil } from '../../sandbox/entra/types.ts';
import type { DirectoryPerson } from './people.ts';

export type Page = { status: number; location: string | null; headers: Headers; body: string; text: string };
export type Browser = {
  /** Opens an address of the bot, at whatever host it is written with, as behind a proxy. */
  open(url: string, init?: RequestInit): Promise<Page>;
  /** Opens a one-time address and signs in; answers the address that the login service sends the browser back to. */
  signIn(url: string, who: DirectoryPerson, spoil?: IdTokenSpoil): Promise<string>;
  /** All the way, to the page at the end. */
  through(url: string, who: DirectoryPerson, spoil?: IdTokenSpoil): Promise<Page>;
  /** Presses the button "This was not me". */
  deny(page: Page): Promise<Page>;
};

/** What a reader sees. */
const textOf = (html: string): string =>
  html
    .replace(/<style>.*?<\/style>/s, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&amp;/g, '&')
    .replace(/\s+/g, ' ');

export function openBrowser(botUrl: () => string, entra: Pick<EntraWorld, 'signIn'>): Browser {
  let cookie: string | null = null;
  const open: Browser['open'] = async (url, init = {}) => {
    const { pathname, search } = new URL(url);
    const headers = { ...(cookie === null ? {} : { cookie }), ...(init.headers as Record<string, string> | undefined) };
    const response = await fetch(`${botUrl()}${pathname}${search}`, { ...init, redirect: 'manual', headers });
    const [set] = response.headers.get('set-cookie')?.split(';') ?? [];
    cookie = set ?? cookie;
    const body = await response.text();
    return { status: response.status, location: response.headers.get('location'), headers: response.headers, body, text: textOf(body) };
  };
  const signIn: Browser['signIn'] = async (url, who, spoil) => {
    const { location, text } = await open(url);
    if (location === null) throw new Error(`the address did not lead to a sign-in: ${text}`);
    const back = await entra.signIn(location, who.entraId, spoil);
    if (back.location === null) throw new Error(`the login service kept ${who.displayName}: ${back.body}`);
    return back.location;
  };
  return {
    open,
    signIn,
    through: async (url, who, spoil) => open(await signIn(url, who, spoil)),
    deny: async ({ body }) => {
      const [, action = ''] = /<form method="post" action="([^"]+)"/.exec(body) ?? [];
      const [, token = ''] = /name="token" value="([^"]+)"/.exec(body) ?? [];
      return open(action, { method: 'POST', body: new URLSearchParams({ token }) });
    },
  };
}
