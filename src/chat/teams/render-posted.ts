/** Draws whatever is posted and kept equal to the record. */
import type { Card } from '../card.ts';
import { renderCard, type TeamsContent } from './render.ts';
import { renderDigest } from './render-digest.ts';
import { renderGroup } from './render-group.ts';

export function renderPosted(card: Card): TeamsContent {
  if (card.kind === 'group') return renderGroup(card);
  return card.kind === 'digest' ? renderDigest(card) : renderCard(card);
}
