/** Draws whatever is posted and kept equal to the record; a digest, whose pictures have to be uploaded first, is drawn by the surface. */
import type { Card } from '../card.ts';
import { renderCard, type SlackContent } from './render.ts';
import { renderGroup } from './render-group.ts';

type Drawable = Exclude<Card, { kind: 'digest' }>;

export const renderPosted = (card: Drawable): SlackContent => (card.kind === 'group' ? renderGroup(card) : renderCard(card));
