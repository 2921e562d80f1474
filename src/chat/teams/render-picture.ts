/** Pictures of a message: they travel inside the card, so each counts against its size; what has no room is told in words. Pure. */
import { roomTexts } from '../card-words.ts';
import type { DrawnPicture } from '../chart.ts';
import { showText, words } from '../show.ts';
import { runs } from './render-runs.ts';

/**
 * Teams refuses a message over about 100 KB counted as UTF-16 and advises to stay under 80 KB: 40,000 characters, of which the pictures take
 * about half.
 */
export const picturedBudget = 38_000;
const altLimit = 2000;

export function pictureData(pictures: readonly DrawnPicture[], hasRoom: boolean) {
  const isShown = ({ png }: DrawnPicture): boolean => hasRoom && png !== null;
  return {
    pictures: pictures.filter(isShown).map(({ alt, png }) => ({
      url: `data:image/png;base64,${Buffer.from(png ?? []).toString('base64')}`,
      alt: showText(alt, altLimit),
    })),
    told: pictures
      .filter((picture) => !isShown(picture))
      .map(({ alt }) => ({ inlines: runs([words(`${roomTexts.noPicture}${showText(alt, 800)}`)], 900) })),
  };
}
