/** Plays a plan of a month on real bots: goes from one thing that is due to the next, and lets every loop run whose time has come. */
import { teamsIdOf } from '../../test/features/people.ts';
import { momentOf, type Played, put, type Run, type Stage, slotOf } from './month-agenda.ts';
import { analysts, teamsChannels } from './month-places.ts';
import { type Happening, minuteMs } from './month-plan.ts';
import { announced, ownDigests } from './month-shift.ts';

const atOnce = 8;
const lookMs = 1000;
/** A bot looks every second; where a platform is waited for, this often in a slot is enough. */
const looksWaiting = 4;
/** Loops that were woken by the same thing run in the same moment. */
const togetherMs = 200;
/** Everything that a platform does not take is tried again and again; this often in a slot is enough. */
const looksAway = 10;
const bootMs = 20_000;
const lookingMs = 10 * minuteMs;

export async function playMonth(stage: Stage): Promise<Played> {
  const played: Played = { announced: 0, decided: { approve: 0, reject: 0 }, refused: {}, kills: 0, looks: 0, noBot: [] };
  const run: Run = { ...stage, played, slots: new Map(), turn: 0, away: new Set() };
  const { plan, clock, bots } = run;
  await bots.start('one');
  await ownDigests(run);
  for (const arrival of plan.arrivals) put(run, arrival.at, (bot) => announced(run, arrival, bot));
  const edges = edgesOf(plan.happenings);
  // What happened last is given the time to be shown.
  const end = plan.to + 10 * minuteMs;
  let slot = slotOf(run, clock.now());
  while (clock.now() < end) {
    await passEdges(run, edges);
    slot = await runSlots(run, slot);
    await runLoops(run);
    const next = await nextMoment(run, { slot, edge: edges[0]?.at ?? end, end });
    clock.goTo(Math.max(clock.now() + 1, Math.min(next, end)));
  }
  return played;
}

/** Everything that is due by now; while no bot is there it waits, as a producer and a person do. */
async function runSlots(run: Run, from: number): Promise<number> {
  const { clock, bots, slots } = run;
  let slot = from;
  for (; momentOf(run, slot) <= clock.now(); slot += 1) {
    if (bots.up().length === 0) return slot;
    const tasks = slots.get(slot) ?? [];
    slots.delete(slot);
    const next = tasks.values();
    const one = async () => {
      for (const task of next) {
        const up = bots.up();
        run.turn += 1;
        const bot = up[run.turn % up.length];
        if (bot) await task(bot);
      }
    };
    await Promise.all(Array.from({ length: Math.min(atOnce, tasks.length) }, one));
  }
  return slot;
}

async function runLoops({ bots, played }: Run): Promise<void> {
  played.looks += 1;
  await Promise.all(bots.up().map(({ loops }) => loops.runDue()));
}

const dueQuery = `select
    extract(epoch from least(
      (select min(next_at) from reminder_plans),
      (select min(next_at) + interval '5 seconds' from digest_plans),
      (select min(expires_at) from actions where status in ('pending', 'awaitingSecondApproval')))) * 1000 as due,
    (select extract(epoch from min(next_try_at)) * 1000 from cards
      where shown_version < wanted_version and not stopped and group_id is null and next_try_at > $1) as card,
    exists (select 1 from cards where shown_version < wanted_version and not stopped and group_id is null and next_try_at <= $1) as waits`;

type Ahead = { slot: number; edge: number; end: number };

async function nextMoment(run: Run, { slot, edge, end }: Ahead): Promise<number> {
  const { clock, bots, slots, record } = run;
  const now = clock.now();
  if (bots.up().length === 0) return edge;
  let full = slot;
  while (!slots.has(full) && momentOf(run, full) < end) full += 1;
  const wanted = Math.max(
    now + (run.away.size > 0 ? run.plan.slotMs / looksAway : togetherMs),
    Math.min(...bots.up().map(({ loops }) => loops.wantedAt())),
  );
  // Nothing that the record knows of is so urgent.
  if (wanted <= now + lookMs) return Math.min(edge, wanted);
  const { rows } = await record.query<{ due: string | null; card: string | null; waits: boolean }>(dueQuery, [new Date(now)]);
  const [row] = rows;
  const due = row?.due == null ? end : Math.ceil(Number(row.due));
  const pauseMs = run.plan.slotMs / looksWaiting;
  const card = row?.card == null ? end : Math.ceil(Number(row.card) / pauseMs) * pauseMs;
  const waits = row?.waits === true ? now + pauseMs : end;
  return Math.min(edge, momentOf(run, full), wanted, due <= now ? now + lookMs : due, card, waits);
}

type Edge = { at: number; happening: Happening; begins: boolean };

function edgesOf(happenings: readonly Happening[]): Edge[] {
  const both = happenings.flatMap((happening) => [
    { at: happening.from, happening, begins: true },
    ...(happening.kind === 'kill' ? [] : [{ at: happening.to, happening, begins: false }]),
  ]);
  return both.sort((a, b) => a.at - b.at);
}

async function passEdges(run: Run, edges: Edge[]): Promise<void> {
  while (edges[0] !== undefined && edges[0].at <= run.clock.now()) {
    const edge = edges.shift();
    if (edge) await pass(run, edge, edges);
  }
}

const always = Number.MAX_SAFE_INTEGER;

async function pass(run: Run, edge: Edge, edges: Edge[]): Promise<void> {
  const { happening, begins } = edge;
  const { bots } = run;
  switch (happening.kind) {
    case 'slackDown':
    case 'teamsDown':
      return platformGoes(run, happening, begins);
    case 'two':
      return begins ? bots.start('two') : bots.stop('two');
    case 'botDown':
      return begins ? stopAll(run, happening) : bots.start('one');
    case 'kill':
      return begins ? killOne(run, edge.at, edges) : bots.start('one');
  }
}

function platformGoes({ slack, teams, away }: Run, happening: Happening, begins: boolean): void {
  const isSlack = happening.kind === 'slackDown';
  if (!begins) {
    away.delete(happening);
    (isSlack ? slack : teams).faults.clear();
    return;
  }
  away.add(happening);
  if (!isSlack) {
    teams.faults.add({ kind: 'http502', times: always });
    return;
  }
  // The first ones arrive all the same, and nobody hears of it; private ones cannot be found again, so they fail from the start.
  slack.faults.add({ method: 'chat.postMessage', kind: 'lostAnswer', times: 3, when: ({ channel }) => /^C/.test(String(channel)) });
  slack.faults.add({ kind: 'http500', times: always });
}

async function stopAll({ bots, played }: Run, { from, to }: Happening): Promise<void> {
  for (const { name } of bots.up()) await bots.stop(name);
  played.noBot.push({ from, to });
}

/** Where people look at a channel, Teams tells of a message whose sender died before it could write down that it was posted. */
async function killOne(run: Run, at: number, edges: Edge[]): Promise<void> {
  const { bots, teams, played } = run;
  const [looker] = analysts;
  const lookAway = looker ? teamsChannels.map((channel) => teams.watch(teamsIdOf(looker), channel)) : [];
  put(run, at + lookingMs, async () => lookAway.forEach((stop) => void stop()));
  teams.setMessagesUrls(bots.up().map(({ running }) => `${running.url}/api/messages`));
  await bots.kill('one', () => runLoops(run));
  teams.setMessagesUrls(bots.up().map(({ running }) => `${running.url}/api/messages`));
  played.kills += 1;
  const back = at + bootMs;
  if (bots.up().length === 0) played.noBot.push({ from: at, to: back });
  const happening = { kind: 'kill', from: at, to: back } as const;
  edges.push({ at: back, happening, begins: false });
  edges.sort((a, b) => a.at - b.at);
}
