/** What is asked of Advanced hunting about automated investigations: the newest record of each, the oldest of them first. */
import { kqlDatetime } from '../action-center/kql.ts';

export function airQuery({ since, until, limit }: { since: Date; until: Date | null; limit: number }): string {
  return [
    `let since = ${kqlDatetime(since)};`,
    ...(until === null ? [] : [`let until = ${kqlDatetime(until)};`]),
    'CloudAppEvents',
    `| where ActionType == "AirInvestigationData" and Timestamp >= since${until === null ? '' : ' and Timestamp < until'}`,
    // Comes as text or as an object.
    '| extend Record = parse_json(tostring(RawEventData))',
    '| extend InvestigationId = tostring(Record.InvestigationId)',
    '| where isnotempty(InvestigationId)',
    '| summarize arg_max(Timestamp, Record) by InvestigationId',
    '| project Timestamp, InvestigationId, Record',
    `| top ${limit} by Timestamp asc`,
  ].join('\n');
}
