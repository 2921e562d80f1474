/** The flow of reminders on a real record: many at once, several bots, a crash in between, and whoever says who is on call misbehaving. */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ActionId, EntraId } from '../../src/action-center/action.ts';
import { type RemindDeps, remind } from '../../src/action-center/remind.ts';
import type { OnCall } from '../../src/action-center/reminder-ports.ts';
import type { Ladder, ReminderTo } from '../../src/action-center/reminders.ts';
import { onCallSource } from '../../src/identity/on-call.ts';
import { newReminderId } from '../../src/ids.ts';
import { isSigned } from '../../src/intake/signature.ts';
import { actionStore } from '../../src/store/actions.ts';
import { type Database, migrate, openDatabase } from '../../src/store/database.ts';
import { type Engine, openEngine } from '../../src/store/engine.ts';
import { reminderStore } from '../../src/store/reminders.ts';
import { anAction } from '../setup/builders.ts';
import { freshDatabase } from '../setup/fresh.ts';

const minute = 60_000;
const start = Date.parse('2026-11-21T08:00:00Z');
const iso = (ms: number) => new Date(ms).toISOString();
const alice = EntraId.parse('00000000-0000-4000-8000-0000000000a1');
const mona = EntraId.parse('00000000-0000-4000-8000-0000000000b1');
const secret = 'on-call-secret-for-tests';
const leads: ReminderTo = { kind: 'conversation', target: { platform: 'slack', conversation: 'C0LEADS' } };

let engine: Engine;
let db: Database;
let made = 0;
/** Rows of a test are its own. */
let tenant = 'default';

beforeAll(async () => {
  engine = await openEngine({ databaseUrl: await freshDatabase() }, { onError: () => {} });
  db = openDatabase(engine.pool, { prepares: true });
  await migrate(db);
}, 60_000);
afterAll(() => engine.close());

async function announce(count: number): Promise<ActionId[]> {
  made += 1;
  tenant = `t${made}`;
  const store = actionStore(db, tenant);
  const ids = Array.from({ length: count }, (_, nr) => ActionId.parse(`A-${tenant}-${String(nr).padStart(4, '0')}`));
  const targets = [{ platform: 'slack' as const, conversation: 'C0SOC' }];
  for (const id of ids) {
    const {
      decision: _decision,
      outcome: _outcome,
      status: _status,
      ...action
    } = anAction({ id, key: id, tenantId: tenant, createdAt: iso(start) });
    await store.add({ ...action, contentDigest: 'x' }, targets, { kind: 'announced', at: iso(start), actorId: null, data: {} });
  }
  return ids;
}

type Given = { rungs: { minutes: number; to: ReminderTo[] }[]; onCall?: OnCall | null; atMs: number; reach?: RemindDeps['reach'] };

function depsOf({
  rungs,
  onCall = null,
  atMs,
  reach = async (entraId) => ({ platform: 'slack', conversation: `U${entraId.slice(-2)}` }),
}: Given) {
  const seen = { told: 0, onCallFailed: 0, warned: [] as string[] };
  const ladder: Ladder = {
    rungs: rungs.map(({ minutes, to }) => ({ name: `after-${minutes}m`, waitMs: minutes * minute, from: 'start', to })),
    warnings: [],
    warnTo: [],
  };
  const say = (_: unknown, text?: string) => void seen.warned.push(String(text));
  const deps: RemindDeps = {
    reminders: reminderStore(db, tenant),
    policy: { version: 'v1', ladderFor: () => ladder, quietUntil: () => null },
    onCall,
    reach,
    standIn: null,
    now: () => new Date(start + atMs),
    newReminderId,
    log: { info: say, warn: say, error: say },
    told: () => {
      seen.told += 1;
    },
    onCallFailed: () => {
      seen.onCallFailed += 1;
    },
    poke: () => {},
  };
  return { deps, seen };
}

const messages = async () =>
  (
    await sql<{ conversation: string; kind: string }>`select conversation, kind from cards where tenant_id = ${tenant} and kind <> 'action'
    order by conversation`.execute(db)
  ).rows;
const events = async () =>
  (
    await sql<{ action_id: string; kind: string; rung: string }>`select action_id, kind, data ->> 'rung' as rung from audit_events
    where tenant_id = ${tenant} and kind in ('reminded', 'escalated', 'warned')`.execute(db)
  ).rows;

describe('many at once', () => {
  it('300 that are due in one moment are one message, and each is told once', async () => {
    const ids = await announce(300);
    const { deps, seen } = depsOf({ rungs: [{ minutes: 15, to: [{ kind: 'thread' }] }], atMs: 20 * minute });
    expect(await remind(deps)).toEqual({ reminders: 300, messages: 1, isMore: false });
    expect(await messages()).toEqual([{ conversation: 'C0SOC', kind: 'notice' }]);
    expect((await events()).map(({ action_id }) => action_id).toSorted()).toEqual(ids.toSorted());
    expect(seen.told).toBe(300);
    expect(await remind(depsOf({ rungs: [{ minutes: 15, to: [{ kind: 'thread' }] }], atMs: 25 * minute }).deps)).toMatchObject({
      reminders: 0,
    });
  });

  it('five bots at once tell each rung once, and none of them twice as many messages as it found work', async () => {
    await announce(60);
    const given = { rungs: [{ minutes: 15, to: [{ kind: 'thread' } as const, leads] }], atMs: 20 * minute };
    const runs = await Promise.all(Array.from({ length: 5 }, () => remind(depsOf(given).deps)));
    expect(runs.reduce((sum, { reminders }) => sum + reminders, 0)).toBe(120);
    expect(await events()).toHaveLength(120);
    expect((await messages()).length).toBeLessThanOrEqual(10);
  });

  it('a bot that died in the middle has told half; the next one tells the rest', async () => {
    await announce(8);
    const given = { rungs: [{ minutes: 15, to: [{ kind: 'thread' } as const, leads] }], atMs: 20 * minute };
    const { deps } = depsOf(given);
    let posts = 0;
    const dying: RemindDeps = {
      ...deps,
      reminders: {
        ...deps.reminders,
        tell: async (post, at) => {
          posts += 1;
          if (posts > 1) throw new Error('killed');
          return deps.reminders.tell(post, at);
        },
      },
    };
    await expect(remind(dying)).rejects.toThrow('killed');
    expect(await remind(depsOf(given).deps)).toMatchObject({ reminders: 0 });
    // The lease of the dead one is over.
    await remind(depsOf({ ...given, atMs: 23 * minute }).deps);
    expect(await events()).toHaveLength(16);
    expect(await messages()).toHaveLength(2);
  });
});

describe('whoever says who is on call', () => {
  const servers: { close(): void }[] = [];
  afterAll(() => {
    for (const server of servers) server.close();
  });
  async function webhook(listener: RequestListener): Promise<OnCall> {
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    servers.push({
      close: () => {
        server.closeAllConnections();
        server.close();
      },
    });
    return onCallSource({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/who`, secret }, { deadlineMs: 300 });
  }
  const onCallThen = (then: ReminderTo[]) => [
    { minutes: 15, to: [{ kind: 'onCall' } as const] },
    { minutes: 60, to: then },
  ];

  it('is asked once for all, with a signature, and named people hear it in private', async () => {
    await announce(3);
    const bodies: string[] = [];
    const onCall = await webhook((req, res) => {
      let body = '';
      req.on('data', (chunk) => {
        body += String(chunk);
      });
      req.on('end', () => {
        const claim = {
          timestamp: String(req.headers['x-countersign-timestamp']),
          signature: String(req.headers['x-countersign-signature']),
          body: Buffer.from(body),
        };
        bodies.push(isSigned(claim, [secret], Date.now()) ? body : 'not signed');
        res.end(
          JSON.stringify({
            people: [
              { entraId: alice, name: 'Alice Adams' },
              { entraId: mona, until: '2026-01-01T00:00:00Z' },
            ],
          }),
        );
      });
    });
    await remind(depsOf({ rungs: onCallThen([leads]), onCall, atMs: 20 * minute }).deps);
    expect(bodies).toHaveLength(1);
    expect(JSON.parse(bodies[0] ?? '')).toMatchObject({ version: 1, count: 3, actions: [{ type: 'stopAndQuarantineFile' }, {}, {}] });
    expect(await messages()).toEqual([{ conversation: 'Ua1', kind: 'notice' }]);
    // On call is answered: whoever comes later is not told of this rung.
    await remind(depsOf({ rungs: onCallThen([leads]), onCall: async () => [mona], atMs: 30 * minute }).deps);
    expect(await messages()).toHaveLength(1);
  });

  const troubles: [string, RequestListener][] = [
    ['hangs', () => {}],
    ['answers 500', (_, res) => void res.writeHead(500).end('oops')],
    ['answers something else', (_, res) => void res.end('<html>')],
    ['names nobody by an id', (_, res) => void res.end(JSON.stringify({ people: [{ name: 'Alice' }] }))],
    ['names nobody at all', (_, res) => void res.end(JSON.stringify({ people: [] }))],
    ['sends its question elsewhere', (_, res) => void res.writeHead(302, { location: 'https://elsewhere.example/' }).end()],
    [
      'never stops answering',
      (_, res) => {
        const timer = setInterval(() => res.write('x'.repeat(100_000)), 1);
        res.on('close', () => clearInterval(timer));
      },
    ],
  ];
  it.each(troubles)('when it %s the next rung is told at once, and not again in its time', async (_, listener) => {
    await announce(1);
    const onCall = await webhook(listener);
    const { deps, seen } = depsOf({ rungs: onCallThen([leads]), onCall, atMs: 20 * minute });
    await remind(deps);
    expect(await messages()).toEqual([{ conversation: 'C0LEADS', kind: 'notice' }]);
    expect(await events()).toMatchObject([{ kind: 'escalated', rung: 'after-60m' }]);
    expect(seen.onCallFailed).toBe(1);
    await remind(depsOf({ rungs: onCallThen([leads]), onCall, atMs: 70 * minute }).deps);
    expect(await messages()).toHaveLength(1);
  });

  it('from the last rung, and where nobody can be reached, it is said under the card', async () => {
    await announce(1);
    const rungs = [
      { minutes: 15, to: [{ kind: 'onCall' } as const] },
      { minutes: 60, to: [{ kind: 'person', entraId: mona } as const] },
    ];
    await remind(depsOf({ rungs, onCall: async () => [alice], reach: async () => null, atMs: 20 * minute }).deps);
    expect(await messages()).toEqual([{ conversation: 'C0SOC', kind: 'note' }]);
  });

  it('when nobody listens there, the reason says so', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const onCall = onCallSource({ url: `http://127.0.0.1:${port}/`, secret });
    await expect(onCall({ at: '2026-11-21T09:00:00.000Z', actions: [] })).rejects.toThrow('ECONNREFUSED');
  });

  it('when its file hangs, as on a network drive, nothing waits for it', async () => {
    const file = join(tmpdir(), `countersign-on-call-${process.pid}.pipe`);
    execFileSync('sh', ['-c', 'mkfifo "$1"', 'sh', file]);
    const asked = onCallSource({ file }, { deadlineMs: 50 })({ at: '2026-11-21T09:00:00.000Z', actions: [] });
    await expect(asked).rejects.toThrow('no answer within 50 ms');
    // Whoever still reads gets an end of it.
    closeSync(openSync(file, 'r+'));
    rmSync(file);
  });

  it('may be a file, which counts as it is at that moment', async () => {
    const file = join(tmpdir(), `countersign-on-call-${process.pid}.json`);
    const onCall = onCallSource({ file });
    const asked = { at: '2026-11-21T09:00:00.000Z', actions: [] };
    await expect(onCall(asked)).rejects.toThrow('ENOENT');
    await writeFile(
      file,
      JSON.stringify({ people: [{ entraId: alice.toUpperCase(), from: '2026-11-21T09:00:00+01:00', until: '2026-11-21T17:00:00Z' }] }),
    );
    expect(await onCall(asked)).toEqual([alice]);
    await writeFile(file, JSON.stringify({ people: [{ entraId: mona }, { entraId: mona }] }));
    expect(await onCall(asked)).toEqual([mona]);
    await writeFile(file, '{"people": [');
    await expect(onCall(asked)).rejects.toThrow('is not JSON');
    rmSync(file);
  });
});
