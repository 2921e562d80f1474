/** How far a source was read, for tests that need no record. */
import type { IngestStore, Mark } from '../../src/action-center/ingest-ports.ts';

/** A record in memory; that the real ones do the same is tested with them. */
export function rememberedMarks(): IngestStore & { mark: Mark | null; holder: string | null } {
  const marks: IngestStore & { mark: Mark | null; holder: string | null } = {
    mark: null,
    holder: null,
    hold: async (source, holder, since) => {
      marks.mark ??= { source, since, through: since, reading: null, caughtUpAt: null };
      marks.holder ??= holder;
      return marks.holder === holder ? marks.mark : null;
    },
    move: async (mark, holder) => {
      if (marks.holder !== holder) return false;
      marks.mark = mark;
      return true;
    },
    release: async () => {},
    openByKeys: async () => [],
    openOnDevices: async () => [],
  };
  return marks;
}
