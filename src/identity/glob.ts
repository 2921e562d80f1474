/** `*` is any run of characters, `?` is one. Linear in practice and without a regular expression, so that no pattern can stall the process. */
export function matchesGlob(pattern: string, value: string): boolean {
  const glob = folded(pattern);
  const name = folded(value);
  let at = 0;
  let star = -1;
  let resume = 0;
  for (let index = 0; index < name.length; ) {
    if (glob[at] === '*') {
      star = at++;
      resume = index;
    } else if (glob[at] === '?' || (at < glob.length && glob[at] === name[index])) {
      at++;
      index++;
    } else if (star >= 0) {
      at = star + 1;
      index = ++resume;
    } else return false;
  }
  while (glob[at] === '*') at++;
  return at === glob.length;
}

/** Names of devices differ in case and width only by accident. */
export const folded = (text: string): string => text.normalize('NFKC').toLowerCase();
