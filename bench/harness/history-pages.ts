/** What pages take with nothing between them: the first time each is asked for, and the best of several times. */
import type { HistoryStore } from '../../src/action-center/history.ts';
import type { Asked } from './history-questions.ts';
import { benchNow } from './history-rows.ts';

/** `times[0]`: the first. In ms. */
type Page = { filters: string[]; times: number[] };

async function timedPage(store: HistoryStore, { query }: Asked, cursor: Parameters<HistoryStore['page']>[1]['cursor']) {
  const begun = performance.now();
  const answer = await store.page(query, { now: benchNow, cursor, size: 25 });
  return { ms: performance.now() - begun, next: answer.kind === 'page' ? answer.page.next : null };
}

/** The first and the next page of every question, turn by turn, so that nothing is asked twice in a row. */
export async function pagesAlone(store: HistoryStore, all: readonly Asked[], times = 5): Promise<Page[]> {
  const pages = new Map<string, Page>();
  const keep = (name: string, filters: string[], ms: number) => {
    const page = pages.get(name) ?? { filters, times: [] };
    page.times.push(ms);
    pages.set(name, page);
  };
  for (let turn = 0; turn < times; turn += 1) {
    for (const [index, asked] of all.entries()) {
      const first = await timedPage(store, asked, null);
      keep(`first ${index}`, asked.filters, first.ms);
      if (first.next !== null) keep(`next ${index}`, asked.filters, (await timedPage(store, asked, first.next)).ms);
    }
  }
  return [...pages.values()];
}
