/** Opens a page in the browser of whoever sits here. Nothing depends on it: when there is no browser, the address was printed anyway. */
import { spawn } from 'node:child_process';

const openers: Partial<Record<NodeJS.Platform, [string, ...string[]]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

export function openBrowser(url: string, say: (line: string) => void): void {
  const [command, ...rest] = openers[process.platform] ?? ['xdg-open'];
  const child = spawn(command, [...rest, url], { stdio: 'ignore', detached: true });
  child.on('error', () => say('(No browser could be opened from here.)'));
  child.unref();
}
