/** `countersign doctor`: everything a deployment needs, asked one by one without changing anything, each with what to do about it. */
import * as words from './chat/doctor-words.ts';
import { configVariables, type Needs, readConfig } from './config.ts';
import { readSecret } from './config-files.ts';
import { examineSlack, examineTeams } from './doctor-chats.ts';
import type { Finding, Standing } from './doctor-finding.ts';
import { examineConfiguration, examinePolicy, examineQueues, examineStore } from './doctor-ground.ts';
import { examineExecutor, examineReader } from './doctor-microsoft.ts';
import { tableLines } from './terminal-table.ts';

type Environment = Record<string, string | undefined>;
export type DoctorOptions = { json?: boolean; worker?: boolean; width: number };

/** A secret is never said, wherever an error may have picked it up, and whether it is set or in a file that is named. */
function withoutSecrets(findings: readonly Finding[], env: Environment): Finding[] {
  const secrets = configVariables.flatMap(({ name, secret }) => {
    const file = env[`${name}_FILE`]?.trim() ?? '';
    const value = env[name]?.trim() || (secret === true && file !== '' ? (readSecret(file).text ?? '') : '');
    return secret === true && value.length >= 8 && !/^(postgres|redis)/.test(value) ? [value] : [];
  });
  const clean = (text: string): string => secrets.reduce((left, secret) => left.replaceAll(secret, '***'), text);
  return findings.map((one) => ({ ...one, says: clean(one.says), fix: one.fix === null ? null : clean(one.fix) }));
}

async function examine(env: Environment, needs: Needs): Promise<Finding[]> {
  // The executor's credentials are looked at only where they are set: a chat process should not have them.
  const executes = needs === 'worker' || Object.keys(env).some((name) => name.startsWith('EXECUTOR_') && Boolean(env[name]?.trim()));
  const { config, findings } = examineConfiguration(() => readConfig(env, { needs, executes }));
  if (config === null) return withoutSecrets(findings, env);
  const checks = [examinePolicy, examineStore, examineQueues, examineSlack, examineTeams, examineReader, examineExecutor];
  const found = await Promise.all(checks.map((check) => check(config)));
  return withoutSecrets([...findings, ...found.flat()], env);
}

const marks: Record<Standing, string> = { ok: 'ok', off: 'off', advice: 'advice', missing: 'MISSING', failed: 'FAILED' };
const isBad = ({ standing }: Finding): boolean => standing === 'missing' || standing === 'failed';

/** 1: something is missing or failed. */
export async function runDoctor(
  env: Environment,
  { json = false, worker = false, width }: DoctorOptions,
  say: (line: string) => void,
): Promise<number> {
  const findings = await examine(env, worker ? 'worker' : 'bot');
  const bad = findings.filter(isBad).length;
  if (json) {
    say(JSON.stringify({ healthy: bad === 0, findings }, null, 2));
    return bad === 0 ? 0 : 1;
  }
  const column = (heading: string, of: (one: Finding) => string) => ({ heading, cells: findings.map(of) });
  const columns = [
    column('Result', ({ standing }) => marks[standing]),
    column('Area', ({ area }) => area),
    column('Check', ({ what }) => what),
    column('Finding', ({ says }) => says),
  ];
  for (const line of tableLines(columns, width)) say(line);
  say('');
  const advice = findings.filter((one) => one.fix !== null && (isBad(one) || one.standing === 'advice'));
  if (advice.length > 0) say(words.toDo);
  // In full: a name that is cut off cannot be granted.
  for (const [index, { what, fix }] of advice.entries()) for (const line of wrapped(`${index + 1}. ${what}: ${fix}`, width)) say(line);
  say(bad === 0 ? words.allWell : words.countOf(bad));
  return bad === 0 ? 0 : 1;
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ').split(/ +/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = `   ${word}`;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
