/**
 * What in the audit of reads somebody should look at: hints, not verdicts. Nothing is refused by them, and
 * whoever reads one decides. Pure: what was looked at, and what is known of the two, come in.
 */
import type { UnusualKind } from '@ausculta/contract/oversight';
import type { AccountId, SubjectId } from '@ausculta/vitals/identity';
import { areNamesakes } from './namesakes.ts';

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

/** As many records as nobody opens in an hour whose hours are like those of everybody else. */
export const RECORDS_MANY = 40;
const TIMES_USUAL = 3;
/** Whoever opens so many is looked at, however usual it is. */
export const RECORDS_ALWAYS_MANY = 200;
/** Of fewer hours nothing is said to be usual. */
export const USUAL_HOURS_MIN = 20;

export interface Usual {
  readonly hours: number;
  /** Of its busy hours: in 19 of 20 it opened no more. */
  readonly records: number;
}

export function isMany(records: number, { hours, records: usual }: Usual): boolean {
  if (records < RECORDS_MANY) return false;
  if (hours < USUAL_HOURS_MIN || records >= RECORDS_ALWAYS_MANY) return true;
  return records >= TIMES_USUAL * usual;
}
