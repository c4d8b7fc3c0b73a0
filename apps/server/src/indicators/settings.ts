/** What is said of indicators in one setting: how often, in which zone, and of how few people nothing is told. */
import { PERIOD_KINDS } from '@ausculta/fhir/indicator-period';
import { localDays } from '@ausculta/fhir/local-day';
import type { IndicatorSettings } from './indicators.ts';

/** As CMS has it: cells of 1 to 10 people are not told. */
const LEAST_DEFAULT = 11;
const LEAST_MIN = 3;
const LEAST_MAX = 1_000;

export const INDICATORS_MEND =
  'Set it to day, week or month, with a zone and the least number of people if you like: month Europe/Berlin 11. Leave it unset to report nothing.';

/** One period alone: a month and its days would tell what each of them does not. */
export function parseIndicators(text: string): IndicatorSettings | undefined {
  const [kind, zone = 'UTC', leastText = String(LEAST_DEFAULT), ...rest] = text.trim().split(/\s+/);
  const period = PERIOD_KINDS.find((one) => one === kind);
  const least = /^\d{1,4}$/.test(leastText) ? Number(leastText) : 0;
  const isUsable = least >= LEAST_MIN && least <= LEAST_MAX && rest.length === 0;
  if (period === undefined || localDays(zone) === undefined || !isUsable) return undefined;
  return { period, zone, least };
}
