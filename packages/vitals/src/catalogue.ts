import { AIRWAY } from './catalogue-airway.ts';
import { AMBIENT } from './catalogue-ambient.ts';
import { BODY } from './catalogue-body.ts';
import { CARDIAC } from './catalogue-cardiac.ts';
import { CHARTED } from './catalogue-charted.ts';
import { HOME } from './catalogue-home.ts';
import { INFUSION } from './catalogue-infusion.ts';
import { PRESSURE } from './catalogue-pressure.ts';
import { RESPIRATORY } from './catalogue-respiratory.ts';
import { WAVEFORMS } from './catalogue-waveforms.ts';
import type { Metric } from './metric.ts';

/**
 * Everything that can be measured. Where several metrics share a LOINC code, the first one here owns
 * it: 8867-4 without more is a heart rate, 8310-5 a body temperature whose site is not known.
 *
 * Plausible ranges bound what an adult's sensor can truthfully say; they are an engineering choice,
 * wider than any alarm limit, and never a reason to drop a value.
 */
export const CATALOGUE: readonly Metric[] = [
  ...CARDIAC,
  ...RESPIRATORY,
  ...PRESSURE,
  ...BODY,
  ...AIRWAY,
  ...INFUSION,
  ...HOME,
  ...CHARTED,
  ...AMBIENT,
  ...WAVEFORMS,
];
