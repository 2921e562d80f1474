/** The load generator: a closed loop, as many presses in flight as there are connections, each press sent once. */
import { openConnection } from './harness/http-connection.ts';
import { expectedText, type Pressable, type Presser, pressRequests } from './harness/press.ts';
import { serveParent } from './harness/process.ts';

export type LoadQuestion =
  | { kind: 'prepare'; presser: Presser; pressables: Pressable[] }
  | { kind: 'run'; port: number; connections: number };
/** How often which answer came: its status, and whether what it has to hold is missing. Milliseconds from the first byte sent to the whole answer read. */
export type LoadAnswer = { seconds: number; answers: Record<string, number>; millis: number[] };

let requests: Buffer[] = [];
let expected: string | null = null;

async function run({ port, connections }: { port: number; connections: number }): Promise<LoadAnswer> {
  const open = await Promise.all(Array.from({ length: connections }, () => openConnection(port)));
  const millis: number[] = [];
  const answers: Record<string, number> = {};
  let next = 0;
  const began = performance.now();
  await Promise.all(
    open.map(async ({ send }) => {
      for (let request = requests[next++]; request !== undefined; request = requests[next++]) {
        const sent = performance.now();
        const { status, text } = await send(request);
        millis.push(performance.now() - sent);
        const told = expected === null || text.includes(expected) ? `${status}` : `${status} without "${expected}"`;
        answers[told] = (answers[told] ?? 0) + 1;
      }
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  for (const { close } of open) close();
  requests = [];
  return { seconds, answers, millis };
}

serveParent({
  ready: null,
  answer: (question: LoadQuestion) => {
    if (question.kind === 'run') return run(question);
    expected = expectedText(question.presser);
    requests = pressRequests(question.presser, question.pressables);
    return requests[0]?.length ?? 0;
  },
});
