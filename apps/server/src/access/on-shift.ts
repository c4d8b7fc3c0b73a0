/** Who is on shift where somebody lies, at this moment. */
import type { DataClass, Role } from '@ausculta/policy/vocabulary';
import type { AccountId, OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import { holdsAt, type ShiftRow, type Standing } from './standing.ts';

export interface OnShiftAsked {
  readonly accountId: AccountId;
  /** Undefined: of nobody in particular. */
  readonly subjectId: SubjectId | undefined;
  readonly dataClass: DataClass;
  readonly standing: Standing;
  readonly nowMs: () => number;
  /** Where the person lies; undefined: nowhere, or at home. */
  readonly unitOf: (subjectId: SubjectId) => string | undefined;
  readonly isAlarmOwed: (subjectId: SubjectId) => boolean;
  readonly organisationOf: (subjectId: SubjectId) => OrganisationId | undefined;
}

/** To hear an alarm, to know whose it is, and to see the strip. */
const AT_AN_ALARM: readonly DataClass[] = [
  ...(['alarm-presence', 'alarms', 'identity', 'placement', 'vitals', 'waveforms'] as const),
];

/** Those who answer whatever alarm there is on the ward that they are on. */
const ANSWERS_A_WARD: readonly Role[] = ['nurse', 'physician', 'paramedic'];

export function isOnShift(asked: OnShiftAsked): boolean {
  const { accountId, subjectId, standing } = asked;
  const nowMs = asked.nowMs();
  const now = standing.shiftsOf(accountId).filter((shift) => holdsAt(shift, nowMs));
  // Asked about nobody in particular: whoever is on shift at all.
  if (subjectId === undefined) return now.length > 0;
  if (now.some(({ unit }) => unit === null)) return true;
  const lies = sameUnit(asked.unitOf(subjectId));
  if (lies !== undefined && now.some((shift) => isOn(shift, lies))) return true;
  // Whoever lies nowhere that we know, or where nobody is on shift, is everybody's while an alarm waits
  // (safety S10, S17).
  const isOwed = AT_AN_ALARM.includes(asked.dataClass) && asked.isAlarmOwed(subjectId);
  return isOwed && now.length > 0 && !isWatched(asked, subjectId, lies);
}

/** Whether anybody who answers its alarms is on shift just there: who is on shift everywhere may be far away. */
function isWatched(
  { standing, organisationOf, nowMs }: OnShiftAsked,
  subjectId: SubjectId,
  unit: string | undefined,
): boolean {
  const house = organisationOf(subjectId);
  if (unit === undefined || house === undefined) return false;
  for (const shift of standing.shiftsIn(house, ANSWERS_A_WARD))
    if (holdsAt(shift, nowMs()) && isOn(shift, unit)) return true;
  return false;
}

const isOn = (shift: { readonly unit: string | null }, unit: string): boolean =>
  sameUnit(shift.unit ?? undefined) === unit;

/** Whether one of the shifts is in force, and is everywhere or in that ward. A unit that is null: everywhere. */
export function hasShift(
  shifts: readonly ShiftRow[],
  { unit, nowMs }: { readonly unit: string | null; readonly nowMs: number },
): boolean {
  const ward = sameUnit(unit ?? undefined) ?? '';
  return shifts.some(
    (shift) =>
      holdsAt(shift, nowMs) && (shift.unit === null || (unit !== null && isOn(shift, ward))),
  );
}

/** Case and blanks at the ends are how somebody typed it. */
const sameUnit = (unit: string | undefined): string | undefined =>
  unit?.trim().toUpperCase() || undefined;
