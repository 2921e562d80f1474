/** Remembers what the bot, the worker and Slack told about each action, so that the page can show a decision's journey. */
import type { Stage } from '../stage.ts';
import type { LogLine, PageAction } from './state.ts';

const mostActions = 60;
const mostStages = 60;
const mostLines = 200;

export type Journal = {
  raised(action: { id: string; label: string; title: string }): void;
  tell(stage: Stage): void;
  note(who: LogLine['who'], text: string, actionId?: string | null): void;
  actions(): PageAction[];
  lines(): LogLine[];
};

/** `onChange` is called after every entry. */
export function openJournal(onChange: () => void, now: () => Date = () => new Date()): Journal {
  const actions = new Map<string, PageAction>();
  const lines: LogLine[] = [];
  let number = 0;

  const note: Journal['note'] = (who, text, actionId = null) => {
    number += 1;
    lines.push({ number, at: now().toISOString(), who, text, actionId });
    if (lines.length > mostLines) lines.splice(0, lines.length - mostLines);
    onChange();
  };
  // The bot may tell about an action before its producer has read the answer, so either side may come first.
  const entry = (id: string): PageAction => {
    const known = actions.get(id);
    if (known) return known;
    const fresh = { id, label: '', title: '', stages: [] };
    actions.set(id, fresh);
    for (const oldest of [...actions.keys()].slice(0, Math.max(0, actions.size - mostActions))) actions.delete(oldest);
    return fresh;
  };

  return {
    raised: ({ id, label, title }) => {
      Object.assign(entry(id), { label, title });
      onChange();
    },
    tell: (stage) => {
      const { stages } = entry(stage.actionId);
      // A decision whose backend needs time comes back to the worker again and again.
      if (stage.stage === 'taken' && stages.some((known) => known.stage === 'taken' && known.decisionId === stage.decisionId)) {
        note('worker', 'asked the backend how far it is', stage.actionId);
        return;
      }
      stages.push(stage);
      if (stages.length > mostStages) stages.splice(1, stages.length - mostStages);
      const line = lineFor(stage);
      note(line.who, line.text, stage.actionId);
    },
    note,
    actions: () => [...actions.values()],
    lines: () => lines,
  };
}

const platforms = { slack: ' in Slack', teams: ' in Teams' };

function lineFor({ stage, detail, platform }: Stage): Pick<LogLine, 'who' | 'text'> {
  const what = (detail ?? '').replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  switch (stage) {
    case 'announced':
      return { who: 'bot', text: 'stored a new action' };
    case 'decided':
      return { who: 'bot', text: `stored the decision: ${what}` };
    case 'queued':
      return { who: 'bot', text: 'put the decision on the queue' };
    case 'taken':
      return { who: 'worker', text: `took the decision: ${what}` };
    case 'reported':
      return { who: 'backend', text: `reported ${what}` };
    case 'settled':
      return { who: 'bot', text: `stored the outcome: ${what}` };
    case 'shown':
      return {
        who: 'bot',
        text: `${what === 'note' ? 'wrote into the thread' : 'brought the card up to date'}${platform ? platforms[platform] : ''}`,
      };
  }
}
