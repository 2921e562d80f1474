/** Raises actions the way a producer does: a signed `POST /v1/actions`, from the published contract and nothing of the bot's own code. */
import { createHmac, randomUUID } from 'node:crypto';
import { examples } from './examples.ts';

/** What the simulated backend is told to do with an approved action. `usual` leaves it to the backend. */
export const endings = {
  usual: { label: 'As usual', told: null },
  succeeds: { label: 'Succeeds quickly', told: { takesMs: 800, outcome: 'completed' } },
  fails: { label: 'Fails', told: { takesMs: 1500, outcome: 'failed', message: 'The device refused the command (told so by the demo).' } },
  timesOut: {
    label: 'Times out',
    told: { takesMs: 4000, outcome: 'timedOut', message: 'No answer from the device in time (told so by the demo).' },
  },
  slow: { label: 'Takes 20 seconds', told: { takesMs: 20_000, outcome: 'completed' } },
} as const;
export type Ending = keyof typeof endings;
export const isEnding = (value: unknown): value is Ending => typeof value === 'string' && Object.hasOwn(endings, value);

export type Raised = { id: string; type: string; label: string; title: string };

const deadlineMs = 10_000;

export function bodyFor(type: string, ending: Ending, over: Record<string, unknown> = {}): Record<string, unknown> {
  const example = examples.find((candidate) => candidate.type === type);
  if (!example) throw new Error(`there is no example of the action type ${type}`);
  const { told } = endings[ending];
  const own = (example.body['parameters'] ?? {}) as Record<string, unknown>;
  return { ...example.body, id: `demo-${randomUUID()}`, parameters: told === null ? own : { ...own, simulator: told }, ...over };
}

function signIntake(secret: string, body: string, seconds: number): Record<string, string> {
  const signature = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return {
    'content-type': 'application/json',
    'x-countersign-timestamp': String(seconds),
    'x-countersign-signature': `v1=${signature}`,
  };
}

/** Resolves once the bot has stored the action. */
export async function raise(
  bot: { url: string; secret: string },
  type: string,
  ending: Ending = 'usual',
  over: Record<string, unknown> = {},
): Promise<Raised> {
  const submission = bodyFor(type, ending, over);
  const body = JSON.stringify(submission);
  const headers = signIntake(bot.secret, body, Math.floor(Date.now() / 1000));
  const answer = await fetch(`${bot.url}/v1/actions`, { method: 'POST', headers, body, signal: AbortSignal.timeout(deadlineMs) });
  const text = await answer.text();
  if (answer.status !== 202) throw new Error(`the bot answered ${answer.status} to the action: ${text.slice(0, 500)}`);
  const label = examples.find((example) => example.type === type)?.label ?? type;
  return { id: (JSON.parse(text) as { id: string }).id, type, label, title: String(submission['title']) };
}
