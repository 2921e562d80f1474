/** Where the sentences stand. A judge reads the sources; the last part checks that the judge is awake. */
import { globSync, readFileSync } from 'node:fs';
import { parseSync } from 'vite';
import { describe, expect, it } from 'vitest';

type Node = { type: string; start: number; [key: string]: unknown };
const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
const nameOf = (value: unknown): string => (isNode(value) ? String(value['name'] ?? value['value'] ?? '') : '');

/** Two words, a blank before or after one (so a piece of a sentence), or a word with a capital that is longer than three letters. */
const isTold = (text: string): boolean =>
  /\p{L}+[,:.;]?\s+\p{L}+/u.test(text) || /^\s+\p{L}{2,}|\p{L}{2,}:?\s+$/u.test(text) || /^\P{L}*\p{Lu}\p{Ll}\p{L}{2,}/u.test(text);

/** Properties of an element whose values the platform's schema fixes. */
const fixedBySchema = new Set(['type', 'size', 'weight', 'color', 'fontType', 'style', 'spacing', 'code', 'width', 'height']);

/** What no reader of a chat sees: imports, types, what a name is compared with, errors and the log. */
function isUnseen(node: Node): boolean {
  if (/^(Import|ExportAll)\w*Declaration$/.test(node.type)) return true;
  if (node.type.startsWith('TS')) return !/^TS(As|Satisfies)Expression$/.test(node.type);
  if (node.type === 'BinaryExpression') return /^[!=]==?$/.test(String(node['operator']));
  if (node.type === 'NewExpression') return /(Error|TooLarge)$/.test(nameOf(node['callee']));
  if (node.type === 'PropertyDefinition') return nameOf(node['key']) === 'name';
  if (node.type === 'Property') return fixedBySchema.has(nameOf(node['key']));
  if (node.type !== 'CallExpression' || !isNode(node['callee'])) return false;
  const { callee } = node;
  return callee.type === 'Super' || (callee.type === 'MemberExpression' && /^(debug|info|warn|error)$/.test(nameOf(callee['property'])));
}

function* textsOf(value: unknown): Generator<string> {
  if (Array.isArray(value)) for (const child of value) yield* textsOf(child);
  if (!isNode(value) || isUnseen(value)) return;
  if (value.type === 'Literal' && typeof value['value'] === 'string') yield value['value'];
  if (value.type === 'TemplateElement') yield String((value['value'] as { cooked: unknown }).cooked);
  for (const [key, child] of Object.entries(value)) {
    const isName = key === 'key' || (key === 'test' && value.type === 'SwitchCase');
    if (!isName && typeof child === 'object') yield* textsOf(child);
  }
}

function toldIn(file: string, source: string): string[] {
  const { program, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file} cannot be parsed: ${errors[0]?.message}`);
  return [...textsOf(program)].filter(isTold).map((text) => `${file}: ${text}`);
}

/** Commands are the same in every language, and so is what is said to machines. This list only gets shorter. */
const allowed: Record<string, string[]> = {
  'part of a command': [
    'src/chat/digest-card.ts:  period:any',
    'src/chat/export-command.ts:  format:',
    'src/chat/export-jobs.ts: export ',
    'src/chat/history-command.ts: half a year',
    'src/chat/history-command.ts: microsoft teams',
    'src/chat/history-command.ts: this channel',
    'src/chat/history-command.ts: undo asked',
    'src/chat/history-command.ts: update time',
    'src/chat/history-press.ts: show ',
    'src/chat/hunt-card.ts: hunt ',
    'src/chat/slack/inbox.ts: show ',
    'src/chat/teams/inbox.ts: show ',
  ],
  'said to a server': [
    'src/chat/slack/answers.ts: application/json; charset=utf-8',
    'src/chat/slack/granted-scopes.ts: Bearer ',
    'src/chat/teams/app.ts: application/json; charset=utf-8',
    'src/chat/teams/connector.ts: Bearer ',
    'src/chat/teams/connector.ts: Countersign',
    'src/chat/teams/connector.ts: Retry',
    'src/chat/teams/credentials.ts: Bearer ',
    'src/chat/teams/files.ts: bytes ',
  ],
  'the name of an error': [
    'src/chat/teams/door.ts: JsonWebTokenError',
    'src/chat/teams/door.ts: NotBeforeError',
    'src/chat/teams/door.ts: TokenExpiredError',
    'src/chat/teams/surface-errors.ts: ActivityNotFoundInConversation',
  ],
};
const mostAllowed = 24;

const isWords = (file: string): boolean => /(?:^|[/-])(words|labels)\.ts$/.test(file);
const sources = globSync('src/chat/**/*.ts').toSorted();

describe('every sentence and label of a chat', () => {
  it('stands in a words module, and what is excepted is still there', () => {
    const found = sources.filter((file) => !isWords(file)).flatMap((file) => toldIn(file, readFileSync(file, 'utf8')));
    const excepted = Object.values(allowed).flat();
    expect([...new Set(found)].toSorted()).toEqual(excepted.toSorted());
    expect(excepted.length).toBeLessThanOrEqual(mostAllowed);
  });

  it('is handed to a card template, which holds none itself', () => {
    const shown = new Set(['text', 'title', 'label', 'altText', 'placeholder', 'errorMessage', 'fallbackText', 'speak', 'tooltip']);
    const held = globSync('adaptive-cards/*.json').flatMap((file) => {
      const texts: string[] = [];
      JSON.parse(readFileSync(file, 'utf8'), (key: string, value: unknown) => {
        if (shown.has(key) && typeof value === 'string' && !/^\$\{\w+\}$/.test(value)) texts.push(`${file}: ${value}`);
        return value;
      });
      return texts.filter((text) => !/: \$\{\w+\}$/.test(text));
    });
    expect(held).toEqual([]);
  });

  it('has its place in the type of a language', () => {
    const named = readFileSync('src/chat/language.ts', 'utf8').match(/(?<=import\('\.\/)[\w-]+\.ts(?='\))/g) ?? [];
    const modules = sources.filter(isWords).map((file) => file.replace('src/chat/', ''));
    expect(named.toSorted()).toEqual(modules);
  });
});

describe('the judge', () => {
  it.each([
    ["const a = words('Nothing was decided.');", 'Nothing was decided.'],
    ["const a = { label: 'Severity' };", 'Severity'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a source to be judged
    ['const a = `${n} messages`;', ' messages'],
    ["const a = b === 'x y' ? 'in Slack' : '';", 'in Slack'],
    ["const a = ['Undo'] as const;", 'Undo'],
  ])('finds the sentence in %s', (source, text) => {
    expect(toldIn('a.ts', source)).toEqual([`a.ts: ${text}`]);
  });

  it.each([
    "import { a } from './some words.ts';",
    "throw new TypeError('this is for the log');",
    "log.warn({}, 'nothing was sent');",
    "type A = 'Two words';",
    "const a = { type: 'TextRun', size: 'Small' };",
    "const a = 'ac.undo-why';",
  ])('passes %s', (source) => {
    expect(toldIn('a.ts', source)).toEqual([]);
  });
});
