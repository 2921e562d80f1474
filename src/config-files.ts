/** Secrets that are in files. What is said of trouble never holds any of a file. */
import { readFileSync, statSync } from 'node:fs';

const maxSecretFileBytes = 65_536;

export function readSecret(file: string): { text: string; trouble?: undefined } | { text?: undefined; trouble: string } {
  try {
    const { size } = statSync(file);
    if (size > maxSecretFileBytes) return { trouble: 'the file it names is larger than any secret' };
    const text = readFileSync(file, 'utf8').trim();
    return text === '' ? { trouble: 'the file it names is empty' } : { text };
  } catch (error) {
    return { trouble: `the file it names cannot be read (${codeOf(error)})` };
  }
}

export const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason');
