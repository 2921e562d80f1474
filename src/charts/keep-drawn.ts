/** The same picture goes to everybody who looks at a message, and again whenever the message is drawn anew. */
const most = 20;

export function keepDrawn<Chart>(draw: (chart: Chart) => Uint8Array): (chart: Chart) => Uint8Array {
  const drawn = new Map<string, Uint8Array>();
  return (chart) => {
    const key = JSON.stringify(chart);
    const known = drawn.get(key);
    if (known !== undefined) return known;
    const png = draw(chart);
    drawn.set(key, png);
    const [oldest] = drawn.keys();
    if (drawn.size > most && oldest !== undefined) drawn.delete(oldest);
    return png;
  };
}
