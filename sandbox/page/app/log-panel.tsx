/** What bot, worker, backend and the simulated chat platforms said, newest first. */
import type { LogLine, PageState } from '../state.ts';
import { clock } from './clock.ts';

const shownLines = 80;
const names: Record<LogLine['who'], string> = {
  slack: 'Slack',
  teams: 'Teams',
  bot: 'Bot',
  worker: 'Worker',
  backend: 'Backend',
  demo: 'Demo',
};

export function LogPanel({ state }: { state: PageState }) {
  const titles = new Map(state.actions.map(({ id, title }) => [id, title]));
  const lines = state.log.slice(-shownLines).toReversed();
  return (
    <section className="panel log" aria-labelledby="log-title">
      <h2 id="log-title">What happened</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area has to be reachable with the keyboard */}
      <ol tabIndex={0} aria-labelledby="log-title">
        {lines.map((line) => (
          <li key={line.number} className={`from-${line.who}`}>
            <time>{clock(line.at)}</time>
            <b>{names[line.who]}</b>
            <span>
              {line.text}
              {line.actionId === null ? null : <i> {titles.get(line.actionId)}</i>}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
