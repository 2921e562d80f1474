import { expect, it } from 'vitest';
import { blastRadius } from '../../src/action-center/bulk.ts';
import type { Entity } from '../../src/action-center/entity.ts';
import { anAction } from '../setup/builders.ts';

const messageId = (n: number) => `3f1d7c1e-52b0-4a44-9a53-08dd6f0d2f1${n}`;

it('counts each thing once, however many actions hit it', () => {
  const device: Entity = { type: 'device', name: 'wks-1.contoso.example' };
  const file: Entity = { type: 'file', sha256: 'a'.repeat(64) };
  const { kinds } = blastRadius([
    anAction({ entities: [device, file] }),
    anAction({
      entities: [
        { ...device, name: 'WKS-1.contoso.example' },
        { type: 'file', sha256: 'b'.repeat(64) },
      ],
    }),
  ]);
  expect(kinds).toEqual([
    { kind: 'devices', count: 1 },
    { kind: 'files', count: 2 },
  ]);
});

it('counts mailboxes and mail, also mail that a cluster only counts, and names what is final', () => {
  const mail = (n: number, recipient: string): Entity => ({ type: 'email', networkMessageId: messageId(n), recipient });
  const cluster: Entity = { type: 'emailCluster', name: 'campaign', networkMessageIds: [messageId(5), messageId(6)], count: 40 };
  const actions = [
    anAction({
      type: 'hardDeleteEmail',
      entities: [mail(1, 'kim@contoso.example'), mail(1, 'lee@contoso.example'), mail(2, 'KIM@contoso.example')],
    }),
    anAction({ type: 'softDeleteEmail', entities: [cluster] }),
  ];
  const { kinds, irreversible } = blastRadius(actions);
  expect(kinds).toEqual([
    { kind: 'mailboxes', count: 2 },
    { kind: 'emails', count: 43 },
  ]);
  expect(irreversible).toEqual([actions[0]]);
});
