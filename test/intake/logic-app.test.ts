/** The example Logic App signs as the intake checks: its inline step is run here on an invented incident. */

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Script } from 'node:vm';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { intakeHandler } from '../../src/intake/http.ts';

const secret = 'a-secret-of-the-playbook-for-tests';
const Example = z.object({ definition: z.object({ actions: z.object({ Sign: z.object({ inputs: z.object({ code: z.string() }) }) }) }) });

it('posts an action that the intake accepts', async () => {
  const file = new URL('../../docs/examples/sentinel-logic-app.json', import.meta.url);
  const { code } = Example.parse(JSON.parse(readFileSync(file, 'utf8'))).definition.actions.Sign.inputs;
  const incident = {
    incidentNumber: 812,
    severity: 'High',
    title: 'Beaconing \u2013 Zürich 🚨',
    description: 'Seen twice '.repeat(300),
    createdTimeUtc: new Date().toISOString(),
  };
  const host = { HostName: 'wks-0042', DnsDomain: 'contoso.example', MdatpDeviceId: 'd'.repeat(40) };
  const workflowContext = {
    trigger: { outputs: { body: { object: { properties: incident } } } },
    actions: { 'Entities_-_Get_Hosts': { outputs: { body: { Hosts: [host] } } }, Secret: { outputs: secret } },
  };
  const run = new Script(`(function (workflowContext) {${code}})`).runInThisContext();
  const { body, timestamp, signature } = run(workflowContext);

  const taken: unknown[] = [];
  const handle = intakeHandler({
    secrets: [secret],
    now: Date.now,
    log: { info: () => {}, warn: () => {} },
    announce: async (intake) => {
      taken.push(intake);
      return { kind: 'invalid', issues: [] };
    },
    get: async () => null,
    history: async () => [],
  });
  const server = createServer((req, res) => void handle(req, res));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const headers = { 'content-type': 'application/json', 'x-countersign-timestamp': timestamp, 'x-countersign-signature': signature };
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/actions`;
  const status = (await fetch(url, { method: 'POST', headers, body })).status;
  server.close();
  // Signed and understood: only our stand-in for the record refused it.
  expect(status).toBe(400);
  expect(taken).toMatchObject([{ id: 'sentinel-812-isolate', type: 'isolateDevice', asset: 'wks-0042.contoso.example', severity: 'high' }]);
});
