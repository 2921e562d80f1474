/** Which known word somebody probably meant. Pure. */

/** Slips of the finger: one in a short word, two in a longer one. */
const nearEnough = 2;

/** Null: none is near, or the word is too short to tell. */
export function nearestOf<T extends string>(word: string, known: readonly T[]): T | null {
  const scored = known.map((name) => ({ name, slips: distance(word, name) }));
  const [best] = scored.sort((a, b) => a.slips - b.slips);
  return best && best.slips <= (word.length < 6 ? 1 : nearEnough) && word.length > 2 ? best.name : null;
}

/** Letters to change, add, leave out or swap with their neighbour (optimal string alignment). */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > nearEnough) return nearEnough + 1;
  const at = new Map<string, number>();
  const get = (i: number, j: number): number => (i === 0 ? j : j === 0 ? i : (at.get(`${i} ${j}`) ?? 0));
  for (let i = 1; i <= a.length; i += 1) {
    for (let j = 1; j <= b.length; j += 1) {
      const change = get(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      at.set(
        `${i} ${j}`,
        Math.min(get(i - 1, j) + 1, get(i, j - 1) + 1, change, isSwap ? get(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY),
      );
    }
  }
  return get(a.length, b.length);
}
