/** A page a person sees after signing in: plain HTML with nothing in it that runs, and no text that could become markup. */
import { createHash } from 'node:crypto';

export type SignInPage = {
  title: string;
  /** Each paragraph is made of pieces; `strong` ones stand out. Whatever they hold is shown letter by letter. */
  paragraphs: readonly (readonly { text: string; strong?: true }[])[];
  /** Shown large, to be typed somewhere else. */
  code: string | null;
  /** A button that says "this was not me". */
  deny: { label: string; token: string } | null;
};

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (sign) => entities[sign] ?? '');

const style = `body{font:17px/1.5 system-ui,sans-serif;color:#1b1b1b;background:#f4f4f4;margin:0;padding:2rem 1rem}
main{max-width:34rem;margin:0 auto;background:#fff;padding:2rem;border-radius:8px}
h1{font-size:1.4rem;margin:0 0 1rem}
p{overflow-wrap:anywhere}
.code{font:700 1.6rem ui-monospace,monospace;letter-spacing:.1em;background:#eef3f8;padding:.8rem 1rem;border-radius:6px;text-align:center;user-select:all}
button{font:inherit;padding:.6rem 1rem;border:1px solid #a4262c;background:#fff;color:#a4262c;border-radius:6px;cursor:pointer}
@media (prefers-color-scheme:dark){body{background:#1b1b1b;color:#eee}main{background:#2a2a2a}.code{background:#1e2a36}button{background:#2a2a2a;color:#ff9ea3;border-color:#ff9ea3}}`;

const styleHash = createHash('sha256').update(style).digest('base64');

/** For every page: nothing is loaded, nothing runs, nothing is kept, and no other page learns this one's address. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
};

export function htmlOf({ title, paragraphs, code, deny }: SignInPage, denyUrl: string): string {
  const lines = paragraphs.map(
    (pieces) => `<p>${pieces.map(({ text, strong }) => (strong ? `<strong>${escaped(text)}</strong>` : escaped(text))).join('')}</p>`,
  );
  const shown = code === null ? '' : `<p class="code">${escaped(code)}</p>`;
  const form =
    deny === null
      ? ''
      : `<form method="post" action="${escaped(denyUrl)}"><input type="hidden" name="token" value="${escaped(deny.token)}"><button>${escaped(deny.label)}</button></form>`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">
<title>${escaped(title)}</title><style>${style}</style></head>
<body><main><h1>${escaped(title)}</h1>
${lines.join('\n')}
${shown}
${form}</main></body></html>`;
}
