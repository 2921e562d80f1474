/** Blocking a URL on all devices: an indicator of our own, taken away again by its undo. One that others made stays theirs. */
import { type Api, type ApiCall, DefenderError, filtered, quoted, readAnswer } from './api.ts';
import type { Driver, RequestOf, Standing, Work } from './driver.ts';
import { othersIndicator, wasSoBefore } from './outcome-words.ts';
import { Indicator, Indicators } from './payloads.ts';

type Request = RequestOf<'url'>;
type Found = { id: string; title?: string | null | undefined; action: string; indicatorValue: string };

const permission = 'Ti.ReadWrite';
const blocks = new Set(['Block', 'BlockAndRemediate']);
const titleOf = (decisionId: string): string => `countersign ${decisionId}`;

export function urlDriver(api: Api): Driver<Request> {
  const ask = ({ part }: Work<Request>, signal: AbortSignal, call: Pick<ApiCall, 'method' | 'path' | 'body'>) =>
    api.ask({ api: 'defender', permission, urgency: 'decision', decisionId: part.decisionId, ...call }, signal);
  const existing = async (work: Work<Request>, signal: AbortSignal): Promise<Found | null> => {
    const path = filtered('/api/indicators', `indicatorValue eq ${quoted(work.request.url)}`);
    const { value } = readAnswer(Indicators, await ask(work, signal, { method: 'GET', path }));
    return value.find(({ indicatorValue }) => indicatorValue === work.request.url) ?? null;
  };

  const block = async (work: Work<Request>, signal: AbortSignal): Promise<Standing> => {
    const { part, request } = work;
    const before = await existing(work, signal);
    if (before !== null && blocks.has(before.action)) return blocked(before, part.decisionId);
    // Defender keeps one indicator for a URL: ours would take the place of theirs, and our undo would not bring theirs back.
    if (before !== null) return { state: 'failed', message: othersIndicator(before.action) };
    const body = {
      indicatorValue: request.url,
      indicatorType: 'Url',
      action: 'Block',
      title: titleOf(part.decisionId),
      description: request.comment,
      severity: 'High',
      generateAlert: true,
    };
    return blocked(readAnswer(Indicator, await ask(work, signal, { method: 'POST', path: '/api/indicators', body })), part.decisionId);
  };

  const unblock = async (work: Work<Request>, signal: AbortSignal): Promise<Standing> => {
    const id = work.request.indicatorId ?? (await existing(work, signal))?.id;
    if (id === undefined) return { state: 'succeeded', message: wasSoBefore };
    try {
      await ask(work, signal, { method: 'DELETE', path: `/api/indicators/${encodeURIComponent(id)}` });
    } catch (error) {
      // Gone is what was wanted.
      if (!(error instanceof DefenderError) || error.status !== 404) throw error;
    }
    return { state: 'succeeded', external: { indicatorId: id } };
  };

  return {
    call: (work, signal) => (work.request.call === 'block' ? block(work, signal) : unblock(work, signal)),
    find: async (work, signal) => {
      const found = await existing(work, signal);
      if (work.request.call === 'unblock') return found === null ? { state: 'succeeded' } : 'absent';
      return found !== null && blocks.has(found.action) ? blocked(found, work.part.decisionId) : 'absent';
    },
  };
}

/** `existed`: it was blocked before us, and our undo leaves it alone. */
function blocked({ id, title }: Found, decisionId: string): Standing {
  const isOurs = title === titleOf(decisionId);
  const external = { indicatorId: id, ...(isOurs ? {} : { existed: 'true' }) };
  return { state: 'succeeded', external, ...(isOurs ? {} : { message: wasSoBefore }) };
}
