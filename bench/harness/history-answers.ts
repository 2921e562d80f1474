/** `/actions history` as a person asks it: from the signed request to the answer on the simulated platform. The bot is a process of its own. */
import type { HistoryQuery } from '../../src/action-center/history.ts';
import { usualLookUp } from '../../src/action-center/look-up.ts';
import { printHistory } from '../../src/chat/history-command.ts';
import { type ChatPlatform, platforms } from './chat-side.ts';
import type { Asked } from './history-questions.ts';
import { openSetting } from './setting.ts';

/** Slower than each platform's limit on what one conversation is told (Teams: 60 messages in 30 s), so that nobody waits for it. */
const pauseMs: Record<ChatPlatform, number> = { slack: 150, teams: 600 };

export type Answers = { platform: ChatPlatform; millis: number[]; complaints: string[] };

/** The words that ask the same. A conversation of the benchmark's is where nobody asks, so it goes over all. */
function wordsOf({ filters, period }: HistoryQuery): string {
  return printHistory({ ...usualLookUp('history'), filters, period, scope: 'all' });
}

export async function measureAnswers(databaseUrl: string, questions: readonly Asked[]): Promise<Answers[]> {
  const measured: Answers[] = [];
  for (const platform of platforms) measured.push(await measureOn(platform, databaseUrl, questions));
  return measured;
}

async function measureOn(platform: ChatPlatform, databaseUrl: string, questions: readonly Asked[]): Promise<Answers> {
  const setting = await openSetting(platform);
  try {
    const bot = await setting.startPart('bot', databaseUrl);
    try {
      const { url } = bot.ready as { url: string };
      const ask = await setting.chat.asker(url);
      // Once, for what is loaded at the first answer only.
      for (const { query } of questions.slice(0, 20)) await ask(wordsOf(query));
      const millis: number[] = [];
      for (const { query } of questions) {
        await new Promise((resolve) => setTimeout(resolve, pauseMs[platform]));
        millis.push(await ask(wordsOf(query)));
      }
      return { platform, millis, complaints: setting.complaints() };
    } finally {
      await bot.stop();
    }
  } finally {
    await setting.close();
  }
}
