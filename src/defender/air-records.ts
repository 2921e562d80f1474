/**
 * Automated investigations of Defender for Office 365 as the audit log keeps them: hunting and the Office 365 feed hand out the same records. How
 * names and values are written differs from page to page of Microsoft's, and lists may be JSON within JSON; so letters are compared without case.
 */

export type AirEntity = { kind: string; fields: Fields };
export type AirAction = {
  id: string | null;
  type: string;
  status: string;
  by: string | null;
  startedAt: string | null;
  alertIds: string[];
  entities: AirEntity[];
};
export type AirRecord = {
  investigationId: string;
  /** In people's words; null: none was given. */
  name: string | null;
  status: string;
  startedAt: string | null;
  /** When the investigation last changed: of two records the later one counts. */
  at: string;
  /** Its page in the portal, as Defender gives it. */
  link: string | null;
  actions: AirAction[];
};

/** By the name in lower case. */
export type Fields = ReadonlyMap<string, unknown>;

const maxText = 8000;
const maxListed = 10_000;
const maxActions = 500;

/** As people write a name or a value: without case, spaces and signs. */
export const plain = (value: string): string => value.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

function unwrapped(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[[{"]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value; // text that looks like JSON is text
  }
}

function fieldsOf(value: unknown): Fields {
  const object = unwrapped(unwrapped(value));
  if (typeof object !== 'object' || object === null || Array.isArray(object)) return new Map();
  return new Map(Object.entries(object).map(([name, one]) => [name.toLowerCase(), one]));
}

/** The first of these fields that says something. */
export function textIn(fields: Fields, ...names: string[]): string | null {
  for (const name of names) {
    const value = fields.get(name);
    const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : '';
    if (text !== '') return text.slice(0, maxText);
  }
  return null;
}

export function listIn(fields: Fields, name: string): unknown[] {
  const value = unwrapped(unwrapped(fields.get(name)));
  return Array.isArray(value) ? value.slice(0, maxListed) : [];
}

/** Audit records leave the zone out; it is UTC. */
export function timeIn(fields: Fields, ...names: string[]): string | null {
  for (const name of names) {
    const text = textIn(fields, name);
    if (text === null) continue;
    const at = Date.parse(/(?:z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`);
    if (!Number.isNaN(at)) return new Date(at).toISOString();
  }
  return null;
}

/** Null: not the record of an investigation. */
export function readAirRecord(value: unknown): AirRecord | null {
  const record = fieldsOf(value);
  const data = fieldsOf(record.get('data'));
  const investigationId = textIn(record, 'investigationid') ?? textIn(data, 'investigationid');
  const at = timeIn(record, 'lastupdatetimeutc', 'lastupdatetime') ?? timeIn(record, 'creationtime', 'timestamp');
  if (investigationId === null || investigationId.length > 256 || at === null) return null;
  const own = listIn(record, 'actions');
  return {
    investigationId,
    name: textIn(record, 'investigationname') ?? textIn(record, 'investigationtype'),
    status: textIn(record, 'status') ?? textIn(data, 'status') ?? '',
    startedAt: timeIn(record, 'starttimeutc', 'starttime'),
    at,
    link: textIn(record, 'deeplinkurl') ?? textIn(data, 'deeplinkurl'),
    actions: (own.length > 0 ? own : listIn(data, 'actions')).slice(0, maxActions).map(readAction),
  };
}

function readAction(value: unknown): AirAction {
  const fields = fieldsOf(value);
  return {
    id: textIn(fields, 'actionid', 'id'),
    type: textIn(fields, 'actiontype') ?? '',
    status: textIn(fields, 'actionstatus', 'status') ?? '',
    by: textIn(fields, 'approvedby')?.slice(0, 256) ?? null,
    startedAt: timeIn(fields, 'starttimeutc', 'timestamputc', 'starttime'),
    alertIds: listIn(fields, 'relatedalertids').flatMap((id) => (typeof id === 'string' && id !== '' ? [id] : [])),
    entities: listIn(fields, 'entities').map((one) => {
      const entity = fieldsOf(one);
      return { kind: plain(textIn(entity, 'type') ?? ''), fields: entity };
    }),
  };
}
