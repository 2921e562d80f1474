import { describe, expect, it } from 'vitest';
import { UpstreamError } from '../../src/action-center/errors.ts';
import { PoisonedMessage, takeSubmission } from '../../src/intake/queue.ts';
import { announceInMemory, aSubmission } from './record.ts';

const announce = announceInMemory();

describe('a message of the queue actions', () => {
  it('is stored as a POST would be, and once', async () => {
    const message = aSubmission();
    const first = await takeSubmission(message, announce);
    expect(first).toMatchObject({ status: 'pending', new: true });
    expect(await takeSubmission(message, announce)).toEqual({ ...first, new: false });
  });

  it.each([
    ['a wrong field', aSubmission({ severity: 'urgent' }), /^severity: /],
    ['an unknown key', aSubmission({ sevrity: 'high' }), /sevrity: unknown key/],
    ['a deadline that has passed', aSubmission({ expiresAt: '2020-01-01T00:00:00Z' }), /^expiresAt: /],
    ['no object', 'text', /./],
    ['nothing', undefined, /./],
    [
      'parameters without a bottom',
      aSubmission({ parameters: { deep: JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`) } }),
      /nested deeper/,
    ],
  ])('with %s is poison', async (_what, message, why) => {
    const taken = takeSubmission(message, announce);
    await expect(taken).rejects.toBeInstanceOf(PoisonedMessage);
    await expect(taken).rejects.toThrow(why);
  });

  it('with other content under a known id is poison', async () => {
    const message = aSubmission();
    await takeSubmission(message, announce);
    await expect(takeSubmission({ ...message, title: 'Other' }, announce)).rejects.toBeInstanceOf(PoisonedMessage);
  });

  it('is tried again when the record is away', async () => {
    const away = async () => {
      throw new UpstreamError('store', 'away', { retryable: true });
    };
    await expect(takeSubmission(aSubmission(), away)).rejects.toBeInstanceOf(UpstreamError);
  });
});
