// OData as far as these routes need it: the options of a request, and lists page by page.

import { badRequest, type HttpAnswer } from './answers.ts';

const PAGE = 100;
const TOP_MAX = 999;

export type Query = { select: string[] | null; filter: string | null; top: number; skip: number; isCounted: boolean };

/** An option that is not simulated is refused: to pass over it would be to answer another question. */
export function queryOf(params: URLSearchParams, allowed: readonly string[]): Query | HttpAnswer {
  for (const name of params.keys()) {
    if (!allowed.includes(name)) return badRequest(`Query option '${name}' is not supported here.`);
    if (params.getAll(name).length > 1) return badRequest(`Query option '${name}' was specified more than once.`);
  }
  const top = params.get('$top') ?? String(PAGE);
  if (!/^\d{1,9}$/.test(top) || Number(top) < 1 || Number(top) > TOP_MAX)
    return badRequest(`Invalid page size specified: '${top}'. Must be between 1 and ${TOP_MAX} inclusive.`, 'Request_BadRequest');
  const skip = skipOf(params.get('$skiptoken'));
  if (skip === undefined) return badRequest('The specified page token is expired or invalid.', 'Directory_ExpiredPageToken');
  const select = params.get('$select');
  return {
    select: select === null ? null : select.split(',').map((name) => name.trim()),
    filter: params.get('$filter'),
    top: Number(top),
    skip,
    isCounted: params.get('$count') === 'true',
  };
}

const tokenFor = (skip: number): string => Buffer.from(`from ${skip}`).toString('base64url');

function skipOf(token: string | null): number | undefined {
  if (token === null) return 0;
  const [, skip] = /^from (\d{1,9})$/.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  return skip === undefined ? undefined : Number(skip);
}

/** One page of a list, and where the next one is. */
export function pageOf(
  rows: readonly object[],
  { top, skip, isCounted }: Query,
  { url, context }: { url: URL; context: string },
): HttpAnswer {
  const next = new URL(url);
  next.searchParams.set('$skiptoken', tokenFor(skip + top));
  const body = {
    '@odata.context': contextOf(url, context),
    ...(isCounted ? { '@odata.count': rows.length } : {}),
    ...(rows.length > skip + top ? { '@odata.nextLink': next.href } : {}),
    value: rows.slice(skip, skip + top),
  };
  return { status: 200, body };
}

export const contextOf = (url: URL, context: string): string => `${url.origin}/${url.pathname.split('/')[1]}/$metadata#${context}`;
