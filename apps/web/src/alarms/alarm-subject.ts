import { type AlarmSubject, alarmSubject } from '@ausculta/vitals/alarm';

const TAUGHT: ReadonlySet<string> = new Set(['out-of-range', 'low']);

/** What an alarm is about; undefined for a rule of a kind that this screen was not taught. */
export function knownSubject(ruleKey: string): AlarmSubject | undefined {
  const [family, ...rest] = ruleKey.split('/');
  const isKnown =
    family === 'limit' ||
    (isTechnicalKey(ruleKey) &&
      (rest.includes('no-data') || rest[0] === 'leads-off' || TAUGHT.has(rest.at(-1) ?? '')));
  return isKnown ? alarmSubject(ruleKey) : undefined;
}

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
