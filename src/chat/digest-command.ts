/** The command about digests: what was asked is done or shown, for the asking person alone. */
import type * as own from '../action-center/digest-own.ts';
import type { DigestSchedule } from '../action-center/digest-schedule.ts';
import type { AskedAt, Asker, LookUpRefusal } from '../action-center/look-up.ts';
import type { Result } from '../action-center/refusal.ts';
import type { DigestAsk } from './digest-ask.ts';
import type { DigestCard } from './digest-card.ts';
import * as say from './digest-words.ts';
import type { Line } from './show.ts';

type Asked = Result<unknown, LookUpRefusal>;
type Flow<T> = (asker: own.DigestAsker) => Promise<Result<T, LookUpRefusal>>;

export type DigestFlows = {
  standing: Flow<own.DigestStanding>;
  on: (asker: own.DigestAsker, schedule: DigestSchedule) => Promise<Result<string | null, LookUpRefusal>>;
  off: Flow<number>;
  now: Flow<boolean>;
  preview: Flow<own.DigestPreview>;
  /** Without pictures: an answer is read at once. */
  draw: (preview: own.DigestPreview) => DigestCard;
};

type DigestAnswer = { lines: Line[]; card: null; digest?: DigestCard };
const said = (...lines: Line[]): DigestAnswer => ({ lines, card: null });

export async function answerDigest(
  flows: DigestFlows,
  asked: Asker & { place: AskedAt; account: string | null },
  ask: DigestAsk,
): Promise<DigestAnswer> {
  const { place, account, ...rest } = asked;
  const { platform } = rest;
  if (ask.kind === 'unclear') return said(...say.digestProblemText(ask.problem, platform));
  if (account === null) return said(say.noPlace);
  const asker = { ...rest, account, conversation: place.conversation };
  const refused = (result: Asked) => (result.ok ? [] : [say.digestRefusalText(result.refusal, platform)]);
  switch (ask.kind) {
    case 'standing': {
      const standing = await flows.standing(asker);
      return standing.ok ? said(...say.standingText(standing.value.own, standing.value.here, platform)) : said(...refused(standing));
    }
    case 'on': {
      const on = await flows.on(asker, ask.schedule);
      return on.ok ? said(...say.onText(ask.schedule, on.value, platform)) : said(...refused(on));
    }
    case 'off': {
      const off = await flows.off(asker);
      return off.ok ? said(say.offText(off.value)) : said(...refused(off));
    }
    case 'now': {
      const now = await flows.now(asker);
      return now.ok ? said(say.nowText(now.value)) : said(...refused(now));
    }
    case 'preview': {
      const preview = await flows.preview(asker);
      return preview.ok ? { ...said(say.previewText(preview.value.next)), digest: flows.draw(preview.value) } : said(...refused(preview));
    }
  }
}
