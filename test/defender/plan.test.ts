/** From an action to its calls, a second time: what counts as done already. */
import { describe, expect, it } from 'vitest';
import { ActionId } from '../../src/action-center/action.ts';
import type { NewPart, Part } from '../../src/action-center/parts.ts';
import type { Hunt } from '../../src/defender/email.ts';
import { planParts } from '../../src/defender/plan.ts';

const never = new AbortController().signal;
const message = '5b0d1c1e-52a4-4b0e-9a53-000000000001';
const cluster = { type: 'emailCluster' as const, name: 'Invoice', networkMessageIds: [message] };
const action = { type: 'softDeleteEmail' as const, severity: 'high' as const, entities: [cluster] };

const copies =
  (recipients: readonly string[]): Hunt =>
  async () =>
    recipients.map((recipient) => ({ NetworkMessageId: message, RecipientEmailAddress: `${recipient}@contoso.example` }));

const succeeded = (parts: readonly NewPart[], decisionId: string, verb: Part['verb'] = 'approve'): Part[] =>
  parts.map((part, index) => ({
    ...part,
    decisionId,
    number: index + 1,
    actionId: ActionId.parse('A-01JD6Q00000000000000000001'),
    verb,
    state: 'succeeded',
    attempts: 1,
    done: part.total,
    calledAt: null,
    dueAt: null,
    external: null,
    message: null,
  }));
const recipientsOf = (parts: readonly NewPart[]): string[] =>
  parts.flatMap(({ request }) =>
    (request as { messages: { recipient: string }[] }).messages.map(({ recipient }) => recipient.split('@')[0] ?? ''),
  );

describe('mail of a cluster', () => {
  const planned = { action, verb: 'approve' as const, comment: 'x' };

  it('that was moved is not moved again', async () => {
    const first = await planParts({ ...planned, earlier: [] }, copies(['a', 'b']), never);
    const second = await planParts({ ...planned, earlier: succeeded(first, 'D-1') }, copies(['b', 'a']), never);
    expect(second).toMatchObject([{ state: 'succeeded', done: 2, total: 2 }]);
  });

  it('that has grown since is moved with what is new', async () => {
    const earlier = succeeded(await planParts({ ...planned, earlier: [] }, copies(['a', 'c']), never), 'D-1');
    const second = await planParts({ ...planned, earlier }, copies(['a', 'b']), never);
    expect(second.map(({ state }) => state)).toEqual([undefined]);
    expect(recipientsOf(second)).toEqual(['a', 'b']);
  });

  it('is moved back once each, however the tries had cut it up', async () => {
    const first = succeeded(await planParts({ ...planned, earlier: [] }, copies(['a', 'b']), never), 'D-1');
    const second = succeeded(await planParts({ ...planned, earlier: first }, copies(['a', 'b', 'c']), never), 'D-2');
    const undo = { action, verb: 'undo' as const, comment: 'x', earlier: [...first, ...second] };
    const back = await planParts(undo, null, never);
    expect(recipientsOf(back)).toEqual(['a', 'b', 'c']);
    expect(back).toMatchObject([{ total: 3, request: { call: 'moveToInbox' } }]);
    const again = await planParts({ ...undo, earlier: [...undo.earlier, ...succeeded(back, 'D-3', 'undo')] }, null, never);
    expect(again).toMatchObject([{ state: 'succeeded', total: 3 }]);
  });
});
