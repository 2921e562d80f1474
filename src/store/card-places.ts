/** Where the cards of an action stand, for whoever wants to go there. */
import { sql } from 'kysely';
import type { ActionId, Platform } from '../action-center/action.ts';
import { type Database, storing } from './database.ts';

/** An action has a card in each conversation of its route; a handful is enough to find one. */
const most = 5;

export type CardPlace = { conversation: string; ref: string };

/** Posted cards of this action on this platform, the oldest first. */
export const cardPlaces =
  (db: Database, tenantId: string) =>
  (actionId: ActionId, platform: Platform): Promise<CardPlace[]> =>
    storing('looking up where cards are', async () => {
      const { rows } = await sql<CardPlace>`select conversation, ref from cards
        where action_id = ${actionId} and tenant_id = ${tenantId} and platform = ${platform} and kind = 'action' and ref is not null
        order by created_at, card_id limit ${most}`.execute(db);
      return rows;
    });
