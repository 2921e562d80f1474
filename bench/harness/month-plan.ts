/** What happens in the simulated month: what arrives when, who decides it when, and what breaks. Always the same for the same numbers. */
import { device as anyDevice, isolateDevice, quarantineFile, softDeleteEmail } from '../../test/features/actions.ts';

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** `decideAt` null: nobody ever does. */
export type Arrival = { at: number; body: object; decideAt: number | null; verb: 'approve' | 'reject' };
export type Span = { from: number; to: number };
/** `kill`: a bot loses its connections in the middle of a run and is started anew. `two`: two bots run. */
export type Happening = Span & { kind: 'slackDown' | 'teamsDown' | 'botDown' | 'kill' | 'two' };
export type MonthPlan = Span & Pick<MonthSize, 'slotMs' | 'happenings'> & { arrivals: Arrival[] };

export type MonthSize = {
  start: number;
  days: number;
  amount: number;
  /** What comes from outside is taken together in slots of this length: a look of a bot costs the same for one thing as for ten. */
  slotMs: number;
  storms: Span[];
  happenings: Happening[];
};

/** Numbers that look drawn and are the same each time (mulberry32). */
function drawer(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const hourOf = (at: number): number => Math.floor((at % dayMs) / hourMs);
const isWeekend = (at: number): boolean => [0, 6].includes(new Date(at).getUTCDay());
/** The office of the analysts is open 5 to 17 UTC: 7 to 19 in Berlin in summer. */
const isStaffed = (at: number): boolean => hourOf(at) >= 5 && hourOf(at) < 17;

function weightOf(at: number): number {
  const byHour = isStaffed(at) ? 10 : hourOf(at) < 21 && hourOf(at) >= 17 ? 4 : 1.5;
  return isWeekend(at) ? byHour * 0.35 : byHour;
}

/** What part of the month is left to the rhythm goes into its minutes by their weight; a storm takes its share within minutes. */
function momentsOf({ start, days, amount, storms }: MonthSize, draw: () => number): number[] {
  const inStorms = Math.floor(amount * 0.04);
  const moments = storms.flatMap(({ from, to }) => Array.from({ length: inStorms }, () => from + draw() * (to - from)));
  const hours = Array.from({ length: days * 24 }, (_, index) => start + index * hourMs);
  const total = hours.reduce((sum, at) => sum + weightOf(at), 0);
  const rest = amount - moments.length;
  let owed = 0;
  for (const at of hours) {
    owed += (weightOf(at) / total) * rest;
    for (; owed >= 1; owed -= 1) moments.push(at + draw() * hourMs);
  }
  while (moments.length < amount) moments.push(start + draw() * days * dayMs);
  return moments.map(Math.floor).sort((a, b) => a - b);
}

const severities = ['informational', 'low', 'medium'] as const;
const groups = ['Workstations', 'Workstations', 'Branch offices', 'Branch offices', 'Servers', 'Laptops'] as const;
/** How long an action has: mostly the week that Defender gives it, else what a producer likes. */
const lives = [7 * dayMs, 7 * dayMs, 7 * dayMs, 2 * dayMs, 30 * hourMs, 20 * hourMs, 5 * hourMs];

function bodyOf(
  { index, at, slotMs }: { index: number; at: number; slotMs: number },
  draw: () => number,
): { body: object; severity: string; expiresAt: number } {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(draw() * from.length)] as T;
  const severity = draw() < 0.08 ? 'high' : pick(severities);
  const expiresAt = Math.floor((at + pick(lives) + draw() * hourMs) / slotMs) * slotMs;
  const device = { ...anyDevice, name: `wks-${String(Math.floor(draw() * 4000)).padStart(4, '0')}.contoso.example`, group: pick(groups) };
  const common = { id: `month-${index}`, title: `Case ${index}`, severity, expiresAt: new Date(expiresAt).toISOString() };
  const kind = draw();
  const file = { type: 'file', sha256: String(Math.floor(draw() * 500)).padStart(64, '0'), name: 'invoice.exe' };
  const mail = `3f1d7c1e-52b0-4a44-9a53-${index.toString(16).padStart(12, '0')}`;
  const source = draw() < 0.5 ? 'automatedEmailAction' : 'manualEmailAction';
  const body =
    kind < 0.3
      ? softDeleteEmail({
          ...common,
          source,
          entities: [{ type: 'email', networkMessageId: mail, recipient: `p${index}@contoso.example` }],
        })
      : kind < 0.7
        ? quarantineFile({ ...common, asset: device.name, entities: [device, file] })
        : isolateDevice({ ...common, asset: device.name, entities: [device] });
  return { body, severity, expiresAt };
}

/** High severity is looked at day and night; the rest when somebody is in the office. Some things lie for days, some are never looked at. */
function decideAt(at: number, severity: string, draw: () => number): number | null {
  const fate = draw();
  if (fate < 0.05) return null;
  if (fate < 0.18) return Math.floor(at + (6 + draw() * 64) * hourMs);
  const mean = severity === 'high' ? 20 * minuteMs : 50 * minuteMs;
  let when = at - Math.log(1 - draw()) * mean;
  if (severity !== 'high' && !isStaffed(when)) {
    const morning = Math.floor(when / dayMs) * dayMs + 5 * hourMs;
    when = (morning < when ? morning + dayMs : morning) + draw() * 3 * hourMs;
  }
  return Math.floor(when);
}

export function planMonth(size: MonthSize): MonthPlan {
  const draw = drawer(20_261_010);
  const arrivals = momentsOf(size, draw).map((at, index): Arrival => {
    const { body, severity } = bodyOf({ index, at, slotMs: size.slotMs }, draw);
    return { at, body, decideAt: decideAt(at, severity, draw), verb: draw() < 0.12 ? 'reject' : 'approve' };
  });
  return { from: size.start, to: size.start + size.days * dayMs, slotMs: size.slotMs, arrivals, happenings: size.happenings };
}

const utc = (text: string): number => Date.parse(`${text}:00Z`);
const from = (text: string, ms: number): Span => ({ from: utc(text), to: utc(text) + ms });
/** When the digest of that minute is made. */
const settled = (text: string): Span => ({ from: utc(text) + 5000, to: utc(text) + 5000 });

/** From a Saturday over the end of summer time in Berlin (25 October) and in New York (1 November). */
export const wholeMonth: MonthSize = {
  start: utc('2026-10-10T00:00'),
  days: 31,
  amount: 40_000,
  slotMs: 5 * minuteMs,
  storms: [from('2026-10-14T09:30', 10 * minuteMs), from('2026-10-28T19:00', 15 * minuteMs)],
  happenings: [
    // Over the digest of this Tuesday: 8:00 in Berlin is 6:00 UTC.
    { kind: 'slackDown', ...from('2026-10-13T05:45', 40 * minuteMs) },
    // A minute over the digest's minute.
    { kind: 'botDown', from: utc('2026-10-15T06:00') - 20_000, to: utc('2026-10-15T06:00') + 40_000 },
    { kind: 'two', ...from('2026-10-16T04:00', 30 * hourMs) },
    { kind: 'kill', ...settled('2026-10-16T06:00') },
    { kind: 'botDown', ...from('2026-10-20T02:00', 5 * hourMs) },
    { kind: 'two', ...from('2026-10-22T03:00', 30 * hourMs) },
    // The end of the quiet hours, when most reminders go out.
    { kind: 'kill', ...from('2026-10-22T04:00', 0) },
    { kind: 'kill', ...from('2026-10-22T14:30', 0) },
    // After the clocks went back: 8:00 in Berlin is 7:00 UTC.
    { kind: 'two', ...from('2026-10-26T05:00', 4 * hourMs) },
    { kind: 'kill', ...settled('2026-10-26T07:00') },
    { kind: 'teamsDown', ...from('2026-10-29T05:30', 3 * hourMs) },
    { kind: 'kill', ...from('2026-11-03T05:00', 0) },
  ],
};

export const threeDays: MonthSize = {
  start: utc('2026-10-25T00:00'),
  days: 3,
  amount: 600,
  slotMs: 15 * minuteMs,
  storms: [from('2026-10-26T12:00', 5 * minuteMs)],
  happenings: [
    { kind: 'two', ...from('2026-10-26T06:50', 20 * minuteMs) },
    { kind: 'kill', ...settled('2026-10-26T07:00') },
    { kind: 'slackDown', ...from('2026-10-27T06:50', 30 * minuteMs) },
    { kind: 'teamsDown', ...from('2026-10-26T11:55', hourMs) },
    { kind: 'botDown', ...from('2026-10-27T10:00', 2 * hourMs) },
  ],
};
