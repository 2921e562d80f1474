/** What a language consists of: every words module, as the English one has it. Types only; docs/languages.md says how another is put beside it. */
import type { Line, Part } from './show.ts';

/** The same shape with other words in it: a text is any text, a number any number, and a function takes what it took. */
type InAnyLanguage<T> = T extends string
  ? string
  : T extends number
    ? number
    : T extends Part
      ? Part
      : T extends Line
        ? Line
        : T extends (...given: infer Given) => infer Told
          ? (...given: Given) => InAnyLanguage<Told>
          : T extends object
            ? { [Key in keyof T]: InAnyLanguage<T[Key]> }
            : T;

export type Sentences = InAnyLanguage<{
  again: typeof import('./again-words.ts');
  alarm: typeof import('./alarm-words.ts');
  batch: typeof import('./batch-words.ts');
  card: typeof import('./card-words.ts');
  command: typeof import('./command-words.ts');
  delegation: typeof import('./delegation-words.ts');
  digest: typeof import('./digest-words.ts');
  doctor: typeof import('./doctor-words.ts');
  elsewhere: typeof import('./elsewhere-words.ts');
  evidence: typeof import('./evidence-words.ts');
  export: typeof import('./export-words.ts');
  fact: typeof import('./fact-words.ts');
  group: typeof import('./group-words.ts');
  historyLabels: typeof import('./history-labels.ts');
  history: typeof import('./history-words.ts');
  hunt: typeof import('./hunt-words.ts');
  inbox: typeof import('./inbox-words.ts');
  link: typeof import('./link-words.ts');
  moment: typeof import('./moment-words.ts');
  reason: typeof import('./reason-words.ts');
  reminder: typeof import('./reminder-words.ts');
  show: typeof import('./show-words.ts');
  signIn: typeof import('./sign-in-words.ts');
  undo: typeof import('./undo-words.ts');
  general: typeof import('./words.ts');
}>;
