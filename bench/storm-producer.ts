/** Sends signed actions at a steady rate over a few kept connections, one urgent one in the middle. A process of its own. */
import { Agent, request } from 'node:http';
import { isolateDevice, quarantineFile, softDeleteEmail } from '../test/features/actions.ts';
import { signed } from '../test/features/world.ts';
import { serveParent } from './harness/process.ts';
import type { Arrived } from './harness/storm-setting.ts';

const agent = new Agent({ keepAlive: true, maxSockets: 32 });
const hash = (n: number) => String(n).padStart(64, '0');
const severities = ['informational', 'low', 'medium'];

/** Like a campaign and its aftermath: a few files on many devices, mails of a few incidents, isolations. */
function body(index: number): object {
  const severity = severities[index % severities.length];
  const device = { type: 'device', name: `wks-${String(index % 4000).padStart(5, '0')}.contoso.example`, group: 'Workstations' };
  const common = { severity, incidentId: String(index % 40), investigationId: String(index % 150) };
  if (index % 5 < 2)
    return quarantineFile({ ...common, entities: [device, { type: 'file', sha256: hash(index % 60), name: `tool-${index % 60}.exe` }] });
  if (index % 5 < 4) {
    const mail = `3f1d7c1e-52b0-4a44-9a53-${index.toString(16).padStart(12, '0')}`;
    const sender = `billing-${index % 9}@mail.example`;
    return softDeleteEmail({
      ...common,
      entities: [{ type: 'email', networkMessageId: mail, recipient: `p${index}@contoso.example`, sender }],
    });
  }
  return isolateDevice({ ...common, entities: [device] });
}

function post(url: string, secret: string, content: object): Promise<number> {
  const text = JSON.stringify(content);
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/v1/actions`, {
      method: 'POST',
      agent,
      headers: { ...signed(text, secret), 'content-length': Buffer.byteLength(text) },
    });
    sent.setTimeout(60_000, () => sent.destroy(new Error('no answer in 60 s')));
    sent.on('error', reject);
    sent.on('response', (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode ?? 0));
    });
    sent.end(text);
  });
}

type Ask = { url: string; secret: string; amount: number; seconds: number };

async function storm({ url, secret, amount, seconds }: Ask): Promise<Arrived> {
  const begun = performance.now();
  let next = 0;
  let refused = 0;
  let urgentSentAt = 0;
  const one = async () => {
    for (let index = next++; index < amount; index = next++) {
      const dueIn = (index / amount) * seconds * 1000 - (performance.now() - begun);
      if (dueIn > 1) await new Promise((resolve) => setTimeout(resolve, dueIn));
      const isUrgent = index === Math.floor(amount / 2);
      if (isUrgent) urgentSentAt = Date.now();
      const content = isUrgent ? isolateDevice({ severity: 'high', title: 'The urgent one' }) : body(index);
      if ((await post(url, secret, content)) !== 202) refused += 1;
    }
  };
  await Promise.all(Array.from({ length: 32 }, one));
  return { ms: performance.now() - begun, refused, urgentSentAt };
}

serveParent({ ready: {}, answer: (ask: Ask) => storm(ask) });
