import type { DeviceSummary } from '@ausculta/contract/devices';
import type { SubjectView } from '@ausculta/contract/subjects';
import { whoText } from './wearing-plan.ts';

/** Who mends devices need not see whose they are: that somebody wears it is said all the same. */
export function wearerWords(
  { isWorn, wornBy }: Pick<DeviceSummary, 'isWorn' | 'wornBy'>,
  subjects: readonly SubjectView[],
): string {
  if (!isWorn) return 'Nobody wears it.';
  if (wornBy === null) return 'Somebody wears it whom your role does not show.';
  return `Worn by ${whoText(wornBy, subjects)}.`;
}
