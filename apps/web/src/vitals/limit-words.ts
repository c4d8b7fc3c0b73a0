import { readyLimits } from '@ausculta/rules/adult-limits';
import type { PatientCategory } from '@ausculta/vitals/subject';

/** Of whom it is said: nobody whom no limit watches may look as if they were watched (safety S18). */
const WHY: Record<PatientCategory, string> = {
  adult: 'no limits for an adult',
  child: 'no limits for a child',
  neonate: 'no limits for a neonate',
  maternity: 'no limits in maternity',
  unknown: 'category not known',
};

/** What a tile says of a patient whose values raise no alarm, the worst first; undefined where limits are set. */
export function noLimits(
  category: PatientCategory,
): { readonly full: string; readonly brief: string } | undefined {
  if (readyLimits(category).length > 0) return undefined;
  return { full: `No alarms: ${WHY[category]}`, brief: 'No limits, no alarms' };
}
