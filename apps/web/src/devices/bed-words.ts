import type { DeviceView } from '@ausculta/contract/devices';
import type { SubjectView } from '@ausculta/contract/subjects';
import { whoText } from './wearing-plan.ts';

/**
 * Of a device at whose bed somebody is admitted whom it does not measure: as a person has said, and
 * as it stays until a person or a new admission message says otherwise. Undefined where the two agree.
 */
export function bedWords(
  { standsAt, wornBy }: Pick<DeviceView, 'standsAt' | 'wornBy'>,
  subjects: readonly SubjectView[],
): string | undefined {
  const admitted = standsAt?.admitted ?? null;
  if (standsAt === null || admitted === null || admitted === wornBy) return undefined;
  const { ward, bed } = standsAt;
  const where = ward === '' ? `bed ${bed}` : `bed ${bed} of ${ward}`;
  const next =
    wornBy === null
      ? `What it sends is shown and watched as “Bed ${bed}, unknown”`
      : `What it sends goes to ${whoText(wornBy, subjects)}`;
  return `It stands at ${where}, where ${whoText(admitted, subjects)} was admitted, and does not measure this patient. ${next}, until somebody says here whose it is, or an admission message puts another patient into this bed.`;
}
