import { readyLimits } from '@ausculta/rules/adult-limits';
import type { PatientCategory } from '@ausculta/vitals/subject';

/** Of whom it is said: nobody whom no limit watches may look as if they were watched (safety S18). */
const WHOSE: Record<PatientCategory, string> = {
  adult: 'for an adult',
  child: 'for a child',
  neonate: 'for a neonate',
  maternity: 'in maternity',
  unknown: 'while the category is not known',
};

/** What a tile says of a patient whose values raise no alarm; undefined where limits are set. */
export function noLimits(
  category: PatientCategory,
): { readonly full: string; readonly brief: string } | undefined {
  if (readyLimits(category).length > 0) return undefined;
  return { full: `No limits ${WHOSE[category]}: no alarms`, brief: 'No limits, no alarms' };
}
