/**
 * What in the audit of reads somebody should look at: hints, not verdicts. Nothing is refused by them, and
 * whoever reads one decides. Pure: what was looked at, and what is known of the two, come in.
 */
import type { UnusualKind } from '@ausculta/contract/oversight';
import type { AccountId, SubjectId } from '@ausculta/vitals/identity';

/** One record that an account has opened. */
export interface Look {
  readonly accountId: AccountId;
  readonly subjectId: SubjectId;
  readonly atMs: number;
  /** By emergency access, which is reviewed as such. */
  readonly isEmergency: boolean;
}

export interface Facts {
  readonly displayNameOf: (accountId: AccountId) => string | undefined;
  readonly familyNameOf: (subjectId: SubjectId) => string | undefined;
  /** Undefined: the account has no shifts at all, and needs none. */
  readonly isOnShift: (accountId: AccountId, atMs: number) => boolean | undefined;
  /** The person, or who acts for them. */
  readonly isOwn: (accountId: AccountId, subjectId: SubjectId) => boolean;
  readonly isGuarded: (subjectId: SubjectId, atMs: number) => boolean;
}

/** Why one look is unusual by itself: for each reason one. */
export function unusualOf(look: Look, facts: Facts): UnusualKind[] {
  const { accountId, subjectId, atMs, isEmergency } = look;
  if (facts.isOwn(accountId, subjectId)) return [];
  const found: UnusualKind[] = [];
  if (facts.isGuarded(subjectId, atMs)) found.push('guarded-record');
  if (areNamesakes(facts.displayNameOf(accountId), facts.familyNameOf(subjectId)))
    found.push('same-name');
  if (!isEmergency && facts.isOnShift(accountId, atMs) === false) found.push('off-shift');
  return found;
}

/** Shorter ones are initials, or half of the world. */
const NAME_LETTERS_MIN = 3;

/** Whether any part of a family's name is the last word of an account's: Meier-Okafor and Okafor are. */
export function areNamesakes(
  displayName: string | undefined,
  familyName: string | undefined,
): boolean {
  const last = wordsOf(displayName).at(-1);
  return last !== undefined && wordsOf(familyName).includes(last);
}

function wordsOf(name = ''): string[] {
  const plain = name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  return plain.split(/[^\p{L}]+/u).filter((word) => [...word].length >= NAME_LETTERS_MIN);
}

/** As many records as nobody opens one by one in an hour whose hours are like those of everybody else. */
export const RECORDS_MANY = 40;
const TIMES_USUAL = 3;
/** Of fewer hours nothing is said to be usual. */
export const USUAL_HOURS_MIN = 20;

export interface Usual {
  readonly hours: number;
  /** Of its busy hours: in 19 of 20 it opened no more. */
  readonly records: number;
}

export function isMany(records: number, { hours, records: usual }: Usual): boolean {
  if (records < RECORDS_MANY) return false;
  return hours < USUAL_HOURS_MIN || records >= TIMES_USUAL * usual;
}

export const HOUR_MS = 3_600_000;
export const hourOf = (atMs: number): number => Math.floor(atMs / HOUR_MS) * HOUR_MS;

/** How many records each account has opened in each hour that is not over yet. */
export class OpenedByHour {
  readonly #hours = new Map<number, Map<string, Set<string>>>();

  /** How many there are with this one. */
  add({ accountId, subjectId, atMs }: Omit<Look, 'isEmergency'>): number {
    const hourMs = hourOf(atMs);
    const accounts = this.#hours.get(hourMs) ?? new Map<string, Set<string>>();
    this.#hours.set(hourMs, accounts);
    const opened = accounts.get(accountId) ?? new Set<string>();
    accounts.set(accountId, opened);
    opened.add(subjectId);
    return opened.size;
  }

  /** Those of hours that had ended by then. */
  endedBy(ms: number): { readonly accountId: string; hourMs: number; records: number }[] {
    const ended = [...this.#hours].filter(([hourMs]) => hourMs + HOUR_MS <= ms);
    return ended.flatMap(([hourMs, accounts]) =>
      [...accounts].map(([accountId, { size }]) => ({ accountId, hourMs, records: size })),
    );
  }

  forget(ms: number): void {
    for (const hourMs of this.#hours.keys()) if (hourMs + HOUR_MS <= ms) this.#hours.delete(hourMs);
  }
}
