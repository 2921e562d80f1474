/**
 * What the product is measured against: the platform's own SDK with one listener that answers at once; or after `commit`, which sends the product's
 * own statement through pg, prepared as the product prepares it (the row by compare-and-set, audit event, outbox row, cards), without reading,
 * asking, checking or telling anybody.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'pg';
import { newDecisionId } from '../src/ids.ts';
import { bareBolt } from './harness/bare-bolt.ts';
import { bareCloudAdapter } from './harness/bare-cloud-adapter.ts';
import { type CapturedStatement, fill } from './harness/capture.ts';
import { serveParent } from './harness/process.ts';

const env = (name: string): string => process.env[name] ?? '';
const [platform, kind] = process.argv.slice(2);

// As many connections as the bot's pool has.
const pool = kind === 'commit' ? new Pool({ connectionString: env('DATABASE_URL'), max: 10, options: '-c timezone=UTC' }) : null;
pool?.on('error', (error) => console.error(error));
const statement: CapturedStatement | null = kind === 'commit' ? JSON.parse(env('STATEMENT')) : null;

async function onPress(actionId: string): Promise<void> {
  if (!pool || !statement) return;
  const values = fill(statement, { actionId, decisionId: newDecisionId(), at: new Date().toISOString() });
  const { rowCount } = await pool.query({ name: 'decide', text: statement.text, values });
  if (rowCount !== 1) throw new Error('nothing was decided');
}

const server = createServer(await (platform === 'teams' ? bareCloudAdapter(env, onPress) : bareBolt(env, onPress)));
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

serveParent({ ready: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }, stop: async () => void (await pool?.end()) });
