// What a person sees of the login service: whom to be, or why not.

import { describe, type HttpAnswer } from './answers.ts';
import type { EntraPerson } from './types.ts';

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);

const STYLE = `body{font:16px system-ui,sans-serif;background:#f2f2f2;display:grid;place-items:center;min-height:100vh;margin:0}
main{background:#fff;padding:2rem;width:24rem;box-shadow:0 2px 6px #0003}
button{display:block;width:100%;text-align:left;padding:.7rem;margin:.3rem 0;border:1px solid #ccc;background:#fff;font:inherit;cursor:pointer}
button:hover{background:#eef}small{color:#555}`;

function page(status: number, title: string, content: string): HttpAnswer {
  const body = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title><style>${STYLE}</style></head>
<body><main><h1>${escaped(title)}</h1>${content}</main></body></html>`;
  return {
    status,
    body,
    headers: { 'Cache-Control': 'no-store', 'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'" },
  };
}

/** The form goes back to where it came from, the query of the app included. */
export function signInPage(people: readonly EntraPerson[], app: string): HttpAnswer {
  const buttons = people.map((person) => {
    const { id, displayName, userPrincipalName } = person;
    return `<button name="person" value="${escaped(id)}">${escaped(displayName)}<br><small>${escaped(userPrincipalName)}${escaped(remarks(person))}</small></button>`;
  });
  return page(200, 'Pick an account', `<p>to continue to ${escaped(app)}</p><form method="post">${buttons.join('\n')}</form>`);
}

function remarks({ userType, accountEnabled, homeTenantId }: EntraPerson): string {
  const home = homeTenantId === undefined ? '' : ` · from ${homeTenantId}`;
  return `${userType === 'Guest' ? ' · guest' : ''}${home}${accountEnabled ? '' : ' · disabled'}`;
}

export const errorPage = (trouble: { code: number; text: string }): HttpAnswer =>
  page(400, 'Sorry, but we’re having trouble signing you in.', `<p>${escaped(describe({ status: 400, error: '', ...trouble }))}</p>`);
