/** Times as a person reads them. */
const toSecond = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const toMinute = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });

export const clock = (iso: string): string => toSecond.format(new Date(iso));

/** A Slack timestamp: seconds since 1970 with a counter behind the point. */
export const slackClock = (ts: string): string => toMinute.format(new Date(Number.parseFloat(ts) * 1000));

/** Milliseconds since 1970, as Teams activities are kept. */
export const minuteClock = (ms: number): string => toMinute.format(new Date(ms));

export function passed(fromIso: string, toIso: string): string {
  const ms = Math.max(0, Date.parse(toIso) - Date.parse(fromIso));
  return ms < 1000 ? `+${ms} ms` : `+${(ms / 1000).toFixed(1)} s`;
}
