/** One line on a terminal that shows how far a file was read. Draws nothing when there is no terminal. */
export type ProgressBar = { read(bytes: number): void; show(text: string): void; clear(): void };

const width = 24;
const drawEveryMs = 100;

/** `total` in bytes; null when it is not known beforehand. */
export function progressBar({ draw, total }: { draw: ((text: string) => void) | null; total: number | null }): ProgressBar {
  let done = 0;
  let drawnAt = Number.NEGATIVE_INFINITY;
  let isDrawn = false;
  return {
    read: (bytes) => {
      done += bytes;
    },
    show: (text) => {
      const now = performance.now();
      if (!draw || now - drawnAt < drawEveryMs) return;
      drawnAt = now;
      isDrawn = true;
      draw(`\r\u001b[2K${total === null ? '' : `${bar(done, total)} `}${text}`);
    },
    clear: () => {
      if (draw && isDrawn) draw('\r\u001b[2K');
      isDrawn = false;
    },
  };
}

function bar(done: number, total: number): string {
  const part = total === 0 ? 1 : Math.min(1, done / total);
  const filled = Math.round(part * width);
  return `[${'#'.repeat(filled)}${'-'.repeat(width - filled)}] ${String(Math.floor(part * 100)).padStart(3)}%`;
}
