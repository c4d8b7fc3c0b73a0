import { useSyncExternalStore } from 'react';

/**
 * What this browser remembers: how it looks, and that the notice was read. Nothing about a person
 * is ever kept here.
 */
export interface Preferences {
  readonly pages: 'system' | 'light' | 'dark';
  readonly watch: 'light' | 'dark';
  readonly noticeRead: boolean;
  /** On Watch a setting of the site, because remote desktops claim reduced motion (safety S12). */
  readonly steadyAlarms: boolean;
}

const KEY = 'ausculta.preferences';
const DEFAULTS: Preferences = {
  pages: 'system',
  watch: 'dark',
  noticeRead: false,
  steadyAlarms: false,
};

let current: Preferences | undefined;
const listeners = new Set<() => void>();

function read(): Preferences {
  if (current !== undefined) return current;
  current = DEFAULTS;
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    if (typeof stored === 'object' && stored !== null) current = pick(stored);
  } catch {
    // A browser that keeps nothing still works; it asks again the next time.
  }
  return current;
}

function pick(stored: object): Preferences {
  const has = (key: string, values: readonly unknown[]) =>
    values.includes(Reflect.get(stored, key)) ? { [key]: Reflect.get(stored, key) } : {};
  return {
    ...DEFAULTS,
    ...has('pages', ['system', 'light', 'dark']),
    ...has('watch', ['light', 'dark']),
    ...has('noticeRead', [true]),
    ...has('steadyAlarms', [true]),
  };
}

export function changePreferences(change: Partial<Preferences>): void {
  current = { ...read(), ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    // See above.
  }
  for (const listener of listeners) listener();
}

export function usePreferences(): Preferences {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, read);
}
