/** One budget of time for everything a question costs: the token, the calls, the pause that was asked for. */
export type Deadline = { signal: AbortSignal; leftMs(): number };

export function startDeadline(ms: number): Deadline {
  const end = performance.now() + ms;
  return { signal: AbortSignal.timeout(ms), leftMs: () => end - performance.now() };
}
