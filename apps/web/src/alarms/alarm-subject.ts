import { type AlarmSubject, alarmSubject } from '@ausculta/vitals/alarm';

const TAUGHT: ReadonlySet<string> = new Set(['out-of-range', 'low']);
const FAMILIES: ReadonlySet<string> = new Set([
  ...['limit', 'score', 'rate', 'trend', 'baseline', 'overdue', 'rhythm', 'composite'],
]);

/** What an alarm is about; undefined for a rule of a kind that this screen was not taught. */
export function knownSubject(ruleKey: string): AlarmSubject | undefined {
  const [family, ...rest] = ruleKey.split('/');
  const isKnown =
    FAMILIES.has(family ?? '') ||
    (family === 'call' && callWords(ruleKey) !== undefined) ||
    (isTechnicalKey(ruleKey) &&
      (rest.includes('no-data') || rest[0] === 'leads-off' || TAUGHT.has(rest.at(-1) ?? '')));
  return isKnown ? alarmSubject(ruleKey) : undefined;
}

/** Who calls, and by what (safety S5). */
export function callWords(ruleKey: string): string | undefined {
  return CALLS.get(ruleKey.split('/')[1] ?? '');
}

const CALLS: ReadonlyMap<string, string> = new Map([
  ['button', 'Help button pressed'],
  ['fall', 'Fall detected'],
]);

/** About the measuring rather than the measured (IEC 60601-1-8: a technical alarm condition). */
export function isTechnicalKey(ruleKey: string): boolean {
  return ruleKey.startsWith('technical/');
}

/** A key in plain words, for a rule that nobody foresaw here: a line, never a blank. */
export function keyInWords(ruleKey: string): string {
  const parts = ruleKey.replace(/^technical\//, '').split('/');
  const words = parts.join(', ').replaceAll('-', ' ').trim() || 'alarm';
  return words.charAt(0).toUpperCase() + words.slice(1);
}
