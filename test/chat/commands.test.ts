import { afterEach, describe, expect, it, vi } from 'vitest';
import { UpstreamError } from '../../src/action-center/errors.ts';
import { ok, refuse } from '../../src/action-center/refusal.ts';
import { cardFor } from '../../src/chat/card.ts';
import { answerCommand, type CommandDeps } from '../../src/chat/commands.ts';
import { plain } from '../../src/chat/show.ts';
import { openLog } from '../../src/log.ts';
import { aDecision, anAction } from '../setup/builders.ts';
import { plainContext } from './hostile.ts';
import { noDigest } from './no-digest.ts';
import { noHunts } from './no-hunts.ts';
import { noMany } from './no-many.ts';

const action = anAction();

function open(look: CommandDeps['look'], history = noHistory) {
  const log: string[] = [];
  const deps: CommandDeps = {
    look,
    history,
    places: async () => [],
    hunts: noHunts,
    exports: { start: () => Promise.reject(new Error('nothing is exported for this')) },
    draw: (one) => cardFor(one, { ...plainContext, huntUrl: 'https://security.microsoft.com/v2/advanced-hunting' }),
    many: { many: noMany, backend: 'simulator', log: openLog('silent', { write: () => {} }) },
    inbox: () => Promise.reject(new Error('nothing is listed for this')),
    digest: noDigest,
    log: openLog('info', { write: (line) => void log.push(line) }),
  };
  const ask = async (text: string) => {
    const { lines, card } = await answerCommand(deps, {
      text,
      place: { conversation: 'C0SOC', isPersonal: false },
      courier: { tell: async () => {}, mention: async () => {} },
      platform: 'slack',
      by: 'slack:T000000001/U0ALICE',
      person: async () => ok({ platform: 'slack', teamId: 'T000000001', userId: 'U0ALICE', email: null }),
      clickId: 'c1',
    });
    return { text: lines.map(plain).join('\n'), card: card?.kind === 'action' ? card : null };
  };
  return { ask, log };
}

/** What is looked up is tested in features/history.test.ts. */
const noHistory: CommandDeps['history'] = {
  lookUp: () => Promise.reject(new Error('nothing is looked up for this')),
  keepDefault: () => Promise.reject(new Error('nothing is kept for this')),
  noteShared: () => Promise.reject(new Error('nothing is shared for this')),
  visibility: 'never',
};

const nobodyLooks: CommandDeps['look'] = () => Promise.reject(new Error('nothing is looked up for this'));

describe('a command', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each(['', 'help', 'hlep', 'show', 'show me', 'undo it', 'x'.repeat(10_000)])(
    '%j is answered without looking anything up',
    async (text) => {
      const { ask, log } = open(nobodyLooks);
      const answer = await ask(text);
      expect(answer.card).toBeNull();
      expect(answer.text).not.toContain('went wrong');
      expect(log).toEqual([]);
    },
  );

  it('show answers with the card as it stands and its story, with links but nothing to decide', async () => {
    const waiting = await open(async () => ok({ action, history: [] })).ask(`show ${action.id}`);
    expect(cardFor(action, plainContext).buttons.map(({ kind }) => kind)).toContain('approve');
    expect(waiting.card?.buttons.map(({ kind }) => kind)).toEqual(['hunt']);
    expect(waiting.card?.heading).not.toContain('?');
    expect(waiting.text).toBe('Nobody has decided it yet.');

    const decision = aDecision();
    const history = [{ kind: 'decided' as const, at: decision.decidedAt, actorId: 'x', data: { ...decision } }];
    const done = await open(async () => ok({ action: anAction({ status: 'completed', decision }), history })).ask(`show ${action.id}`);
    expect(done.text).toContain('Alice Adams approved it in Slack, as Security Administrator');
  });

  it('show says of an expired action that nobody decided it, not that somebody still may', async () => {
    const { text } = await open(async () => ok({ action: anAction({ status: 'expired' }), history: [] })).ask(`show ${action.id}`);
    expect(text).toBe('Nobody decided it here.');
  });

  it('show hands the id on as it is written in the record', async () => {
    const asked: string[] = [];
    const { ask } = open(async ({ actionId }) => {
      asked.push(actionId);
      return refuse({ kind: 'not-found' });
    });
    expect((await ask(`show \`${action.id.toLowerCase()}\`.`)).text).toContain('There is no action with this id');
    expect(asked).toEqual([action.id]);
  });

  it('is answered when the record is away, and when we are at fault, with an id that finds it in the log', async () => {
    const away = open(() => Promise.reject(new UpstreamError('store', 'down', { retryable: true })));
    expect((await away.ask(`show ${action.id}`)).text).toBe('The record did not answer. Please try again in a minute.');
    expect(away.log).toHaveLength(1);
    const broken = open(() => Promise.reject(new Error('a bug with a secret in it')));
    const { text } = await broken.ask(`show ${action.id}`);
    const [, troubleId = 'none'] = /\((\S+)\)/.exec(text) ?? [];
    expect(text).not.toContain('secret');
    expect(broken.log.join()).toContain(troubleId);
  });

  it('history says so when the record is away, like show', async () => {
    const { ask } = open(nobodyLooks, {
      ...noHistory,
      lookUp: () => Promise.reject(new UpstreamError('store', 'down', { retryable: true })),
    });
    expect((await ask('history week in:all')).text).toBe('The record did not answer. Please try again in a minute.');
  });

  it('that gets no answer at all ends all the same', async () => {
    vi.useFakeTimers();
    const { ask } = open(() => new Promise(() => {}));
    const answer = ask(`show ${action.id}`);
    await vi.advanceTimersByTimeAsync(60_000);
    expect((await answer).text).toContain('The record did not answer');
  });
});
