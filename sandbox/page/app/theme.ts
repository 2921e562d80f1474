/** Whether this person's machine asks for dark pages, also when that changes while the page is open. */
import { useSyncExternalStore } from 'react';

const dark = window.matchMedia('(prefers-color-scheme: dark)');

function subscribe(onChange: () => void): () => void {
  dark.addEventListener('change', onChange);
  return () => dark.removeEventListener('change', onChange);
}

export const useTheme = (): 'light' | 'dark' => (useSyncExternalStore(subscribe, () => dark.matches) ? 'dark' : 'light');
