/** The one screen: who you are, the channel on both platforms, and what happens behind it. */
import { useEffect, useState } from 'react';
import { Channel } from './channel.tsx';
import { post, usePageState } from './connection.ts';
import { JourneyPanel } from './journey.tsx';
import { LogPanel } from './log-panel.tsx';
import { PeopleSwitcher } from './people-switcher.tsx';
import { Raise } from './raise.tsx';
import { Teams } from './teams.tsx';

export function App() {
  const { state, isLive } = usePageState();
  const [myId, setMyId] = useState<string | null>(null);
  const me = state?.people.find((person) => person.id === myId) ?? state?.people[0];
  const [touched, setTouched] = useState<string | null>(null);
  const playing = me?.id;
  useEffect(() => {
    // Again after a restart of the demo, which has forgotten it.
    if (playing !== undefined && isLive) void post('/play', { user: playing });
  }, [playing, isLive]);
  if (!state || !me) return <p className="empty">{isLive ? 'Opening the demo ...' : 'The demo is not running.'}</p>;
  return (
    <>
      <header className="top">
        <div className="brand">
          <h1>Countersign</h1>
          <span>demo, simulated worlds</span>
        </div>
        <PeopleSwitcher people={state.people} me={me} onChoose={setMyId} />
      </header>
      {isLive ? null : <p className="banner">The demo has stopped. Start it again and this page comes back by itself.</p>}
      {state.problems.map((problem) => (
        <p className="banner" key={problem}>
          The simulated platforms found a mistake in {problem}
        </p>
      ))}
      <main>
        <Channel state={state} me={me} touched={touched} onTouch={setTouched} />
        <Teams state={state} me={me} touched={touched} onTouch={setTouched} />
        <aside>
          <Raise state={state} />
          <JourneyPanel state={state} />
          <LogPanel state={state} />
        </aside>
      </main>
    </>
  );
}
