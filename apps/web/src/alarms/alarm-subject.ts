/** What an alarm is about, as far as its rule's key tells: the words for it are chosen by this. */
export interface AlarmSubject {
  readonly kind: (typeof KINDS)[number] | 'limit' | 'other';
  readonly isTechnical: boolean;
  /** The device that a technical alarm names; undefined where it names none. */
  readonly device: string | undefined;
  /** The key in plain words, for a kind that this screen was not taught: a line, never a blank. */
  readonly words: string;
}

const KINDS = ['out-of-range', 'no-data'] as const;
const TECHNICAL = 'technical';

/** Keys are `limit/heart-rate/high`, `technical/spo2/out-of-range`, `technical/no-data/patch-1`. */
export function subjectOfAlarm(ruleKey: string): AlarmSubject {
  const [first, ...rest] = ruleKey.split('/').filter((part) => part !== '');
  const isTechnical = first === TECHNICAL;
  const parts = isTechnical ? rest : [first ?? '', ...rest];
  const words = parts.join(', ').replaceAll('-', ' ').trim() || 'alarm';
  if (first === 'limit') return { kind: 'limit', isTechnical, device: undefined, words };
  const kind = KINDS.find((known) => isTechnical && parts.includes(known));
  if (kind === undefined) return { kind: 'other', isTechnical, device: undefined, words };
  return { kind, isTechnical, device: parts[parts.indexOf(kind) + 1], words };
}
