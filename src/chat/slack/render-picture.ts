/** A picture of a message: the file that was uploaded for it, else what it says in words. Pure. */
import type { KnownBlock } from '@slack/types';
import { roomTexts } from '../card-words.ts';
import type { DrawnPicture } from '../chart.ts';
import { showText } from '../show.ts';

/** The uploaded file of a picture, by its name. */
export type PictureFiles = ReadonlyMap<string, string>;
export const noPictures: PictureFiles = new Map();

const altLimit = 2000;

/** `room`: for the words in its place. */
export function pictureBlock({ name, alt }: DrawnPicture, files: PictureFiles, room: number): KnownBlock {
  const file = files.get(name);
  if (file !== undefined) return { type: 'image', slack_file: { id: file }, alt_text: showText(alt, altLimit) };
  return { type: 'context', elements: [{ type: 'plain_text', text: showText(`${roomTexts.noPicture}${alt}`, room), emoji: false }] };
}
