/** Pictures of a message: uploaded first, shared with nobody but whoever sees the message that shows them. Needs the scope files:write. */
import type { WebClient } from '@slack/web-api';
import type { Log } from '../../action-center/ports.ts';
import type { DrawnPicture } from '../chart.ts';
import { within } from '../press.ts';
import { upload } from './files.ts';
import { noPictures, type PictureFiles } from './render-picture.ts';

/** Never rejects, and ends in time: a message without its pictures, which then says them in words, is better than none. */
export type UploadPictures = (pictures: readonly DrawnPicture[]) => Promise<PictureFiles>;

/** All of them together; with the post itself that stays well within the lease of a card. */
const deadlineMs = 8000;

export function pictureUploads({ client, apiUrl, log }: { client: WebClient; apiUrl: string | null; log: Log }): UploadPictures {
  const one = async ({ name, png }: DrawnPicture): Promise<[string, string][]> => {
    if (png === null) return [];
    const file = { name: `${name}.png`, size: png.length, body: new Blob([new Uint8Array(png)], { type: 'image/png' }) };
    return [[name, await upload({ client, apiUrl }, file, { signal: AbortSignal.timeout(deadlineMs) })]];
  };
  return async (pictures) => {
    try {
      const uploaded = await within(Promise.all(pictures.map(one)), deadlineMs, null);
      if (uploaded !== null) return new Map(uploaded.flat());
      log.warn('the pictures of a message were not uploaded in time; it goes out with their words instead');
    } catch (error) {
      log.warn({ err: error }, 'the pictures of a message could not be uploaded (scope files:write); it goes out with their words instead');
    }
    return noPictures;
  };
}
