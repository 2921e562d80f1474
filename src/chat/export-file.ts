/**
 * The file of an export on its way into a chat. Both platforms want to know its size before its first byte, so it is written to the machine's
 * temporary folder first and removed as soon as it was handed over. What is fetched by a link never comes here.
 */
import { openAsBlob } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type ExportFile = { name: string; size: number /** Read from the disk as it is sent. */; blob: Blob };

export class FileTooLarge extends Error {
  override name = 'FileTooLarge' as const;
}

/** Far more than a million rows; beyond it a link is the better way. */
const maxBytes = 512 * 1_048_576;

/** Writes all of the text, hands the file to `use`, and removes it whatever happens. Throws FileTooLarge. */
export async function withFile<T>(
  { name, text, onPiece }: { name: string; text: AsyncIterable<string>; onPiece: () => void },
  use: (file: ExportFile) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-export-'));
  try {
    const path = join(folder, 'export');
    const size = await write(path, text, onPiece);
    return await use({ name, size, blob: await openAsBlob(path) });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function write(path: string, text: AsyncIterable<string>, onPiece: () => void): Promise<number> {
  const file = await open(path, 'wx', 0o600);
  try {
    let size = 0;
    for await (const piece of text) {
      const bytes = Buffer.from(piece);
      size += bytes.length;
      if (size > maxBytes) throw new FileTooLarge('the export is too large for a file in a chat');
      await file.writeFile(bytes);
      onPiece();
    }
    return size;
  } finally {
    await file.close();
  }
}
