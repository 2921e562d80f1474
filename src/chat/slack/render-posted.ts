/** Draws whatever is posted and kept equal to the record. `files`: pictures that were uploaded for it; the others are told in words. */
import type { Card } from '../card.ts';
import { renderCard, type SlackContent } from './render.ts';
import { renderDigest } from './render-digest.ts';
import { renderGroup } from './render-group.ts';
import type { PictureFiles } from './render-picture.ts';

export function renderPosted(card: Card, files: PictureFiles): SlackContent {
  if (card.kind === 'group') return renderGroup(card);
  return card.kind === 'digest' ? renderDigest(card, files) : renderCard(card, files);
}
