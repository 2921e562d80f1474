/**
 * What the product is measured against: Bolt with one listener, `ack` at once; or `commit` first, which sends the product's own statement through
 * pg, prepared as the product prepares it (the row by compare-and-set, audit event, outbox row, cards), without reading, asking, checking or telling anybody.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { App, HTTPReceiver } from '@slack/bolt';
import { Pool } from 'pg';
import { newDecisionId } from '../src/ids.ts';
import { type CapturedStatement, fill } from './harness/capture.ts';
import { serveParent } from './harness/process.ts';

const env = (name: string): string => process.env[name] ?? '';
const [kind] = process.argv.slice(2);
const receiver = new HTTPReceiver({ signingSecret: env('SLACK_SIGNING_SECRET') });
const app = new App({
  receiver,
  authorize: async () => ({ botToken: env('SLACK_BOT_TOKEN'), botId: 'B0', botUserId: 'U0' }),
  deferInitialization: true,
  convoStore: false,
});

// As many connections as the bot's pool has.
const pool = kind === 'commit' ? new Pool({ connectionString: env('DATABASE_URL'), max: 10, options: '-c timezone=UTC' }) : null;
pool?.on('error', (error) => console.error(error));
const statement: CapturedStatement | null = kind === 'commit' ? JSON.parse(env('STATEMENT')) : null;

async function commit(pressed: string): Promise<void> {
  if (!pool || !statement) return;
  const [actionId = ''] = pressed.split('|');
  const values = fill(statement, { actionId, decisionId: newDecisionId(), at: new Date().toISOString() });
  const { rowCount } = await pool.query({ name: 'decide', text: statement.text, values });
  if (rowCount !== 1) throw new Error('nothing was decided');
}

app.action(/^ac\./, async ({ action, ack }) => {
  await commit('value' in action ? String(action.value) : '');
  await ack();
});
await app.init();
const server = createServer((req, res) => receiver.requestListener(req, res));
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

serveParent({ ready: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }, stop: async () => void (await pool?.end()) });
