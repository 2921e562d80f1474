/** Where the cards of an action stand, for whoever wants to go there. */
import { sql } from 'kysely';
import type { ActionId, Platform } from '../action-center/action.ts';
import { type Database, storing } from './database.ts';

/** An action has a card in each conversation of its route; a handful is enough to find one. */
const most = 5;

export type CardPlace = { conversation: string; ref: string };

/** Posted cards of this action on this platform, or of the group that stands for it, the oldest first. */
export const cardPlaces =
  (db: Database, tenantId: string) =>
  (actionId: ActionId, platform: Platform): Promise<CardPlace[]> =>
    storing('looking up where cards are', async () => {
      const { rows } = await sql<CardPlace>`select c.conversation, coalesce(c.ref, g.ref) as ref
        from cards c left join cards g on g.card_id = c.group_id
        where c.action_id = ${actionId} and c.tenant_id = ${tenantId} and c.platform = ${platform} and c.kind = 'action'
          and coalesce(c.ref, g.ref) is not null
        order by c.created_at, c.card_id limit ${most}`.execute(db);
      return rows;
    });
