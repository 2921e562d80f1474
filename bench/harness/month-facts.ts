/** What the record and the platforms say after the month, side by side. */
import type pg from 'pg';
import type { Message, Platform } from './month-ledger.ts';

export type Place = { platform: Platform; conversation: string };
export type ActionFacts = {
  id: string;
  severity: string;
  createdAt: number;
  expiresAt: number;
  /** When it was decided or expired; null: it is open. */
  closedAt: number | null;
  isExpired: boolean;
  places: Place[];
};
export type CardFacts = {
  id: string;
  kind: string;
  note: string | null;
  platform: Platform;
  ref: string | null;
  stopped: boolean;
  message: Message | null;
};
export type ToldFacts = { action: ActionFacts; rung: string; target: string; at: number; card: CardFacts | null };
export type DigestFacts = { platform: Platform; target: string; dueAt: number; isWithheld: boolean; card: CardFacts | null };

export type MonthFacts = {
  actions: Map<string, ActionFacts>;
  cards: Map<string, CardFacts>;
  told: ToldFacts[];
  digests: DigestFacts[];
  messages: readonly Message[];
  /** Audit events of reminders, by action, rung and target. */
  audited: string[];
};

const ms = (value: string | null): number | null => (value === null ? null : Number(value));
const epoch = (column: string): string => `extract(epoch from ${column}) * 1000`;

export async function readFacts(record: pg.Pool, messages: readonly Message[]): Promise<MonthFacts> {
  const byRef = new Map(messages.map((message) => [`${message.platform} ${message.ref}`, message]));
  const cards = await readCards(record, byRef);
  const actions = await readActions(record);
  type Told = { action_id: string; rung: string; target: string; at: string; card_id: string | null };
  const told = await record.query<Told>(`select action_id, rung, target, ${epoch('at')} as at, card_id from reminders order by at`);
  type Digest = { digest_id: string; platform: Platform; target: string; due: string; withheld: boolean };
  const digests = await record.query<Digest>(
    `select digest_id, platform, target, ${epoch('due_at')} as due, figures is null as withheld from digests order by due_at`,
  );
  const audited = await record.query<{ what: string }>(
    `select action_id || ' ' || (data ->> 'rung') || ' ' || (data ->> 'target') as what from audit_events where kind in ('reminded', 'escalated', 'warned')`,
  );
  return {
    actions,
    cards,
    told: told.rows.flatMap(({ action_id, rung, target, at, card_id }) => {
      const action = actions.get(action_id);
      return action ? [{ action, rung, target, at: Number(at), card: card_id === null ? null : (cards.get(card_id) ?? null) }] : [];
    }),
    digests: digests.rows.map(({ digest_id, platform, target, due, withheld }) => ({
      platform,
      target,
      dueAt: Number(due),
      isWithheld: withheld,
      card: cards.get(digest_id) ?? null,
    })),
    messages,
    audited: audited.rows.map(({ what }) => what),
  };
}

async function readCards(record: pg.Pool, byRef: ReadonlyMap<string, Message>): Promise<Map<string, CardFacts>> {
  type Row = { card_id: string; kind: string; note: string | null; platform: Platform; ref: string | null; stopped: boolean };
  const { rows } = await record.query<Row>(`select card_id, kind, note ->> 'kind' as note, platform, ref, stopped from cards`);
  return new Map(rows.map(({ card_id: id, ...card }) => [id, { ...card, id, message: byRef.get(`${card.platform} ${card.ref}`) ?? null }]));
}

async function readActions(record: pg.Pool): Promise<Map<string, ActionFacts>> {
  type Row = {
    id: string;
    severity: string;
    created: string;
    expires: string;
    closed: string | null;
    expired: boolean;
    places: Place[] | null;
  };
  const { rows } =
    await record.query<Row>(`select a.id, a.severity, ${epoch('a.created_at')} as created, ${epoch('a.expires_at')} as expires,
      (select ${epoch('min(e.at)')} from audit_events e where e.action_id = a.id and e.kind in ('decided', 'expired')) as closed,
      a.status = 'expired' as expired,
      (select jsonb_agg(jsonb_build_object('platform', c.platform, 'conversation', c.conversation)) from cards c
        where c.action_id = a.id and c.kind = 'action') as places
    from actions a`);
  return new Map(
    rows.map(({ id, severity, created, expires, closed, expired, places }) => [
      id,
      {
        id,
        severity,
        createdAt: Math.round(Number(created)),
        expiresAt: Math.round(Number(expires)),
        closedAt: ms(closed),
        isExpired: expired,
        places: places ?? [],
      },
    ]),
  );
}
