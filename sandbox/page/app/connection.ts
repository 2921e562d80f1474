/** The page's line to its server: the stream of states in, requests out. */
import { useEffect, useState } from 'react';
import type { Answer, PageState, Requests } from '../state.ts';

/** `state` is null until the first picture arrives; `isLive` false while the server cannot be reached. */
export function usePageState(): { state: PageState | null; isLive: boolean } {
  const [state, setState] = useState<PageState | null>(null);
  const [isLive, setLive] = useState(true);
  useEffect(() => {
    const stream = new EventSource('/events');
    stream.onopen = () => setLive(true);
    stream.onmessage = (event) => setState(JSON.parse(String(event.data)) as PageState);
    stream.onerror = () => setLive(false);
    return () => stream.close();
  }, []);
  return { state, isLive };
}

/** Never rejects: what went wrong is in the answer. */
export async function post<Path extends keyof Requests>(path: Path, body: Requests[Path]): Promise<Answer> {
  try {
    const answer = await fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    return (await answer.json()) as Answer;
  } catch (error) {
    return { ok: false, error: `The demo did not answer (${error instanceof Error ? error.message : 'no reason given'}).` };
  }
}
