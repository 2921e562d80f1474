/** Draws whatever is posted and kept equal to the record. */
import type { Card } from '../card.ts';
import { renderCard, type TeamsContent } from './render.ts';
import { renderGroup } from './render-group.ts';

export const renderPosted = (card: Card): TeamsContent => (card.kind === 'group' ? renderGroup(card) : renderCard(card));
