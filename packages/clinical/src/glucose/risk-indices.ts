import { midnightOf } from './glucose-grid.ts';
import type { GlucoseSeries } from './glucose-series.ts';
import { meanOf } from './statistics.ts';

/**
 * Low and high blood glucose index, average daily risk range: Kovatchev et al. 2006, "Evaluation of a
 * new measure of blood glucose variability in diabetes", doi:10.2337/dc06-1085. The transformation
 * makes hypo- and hyperglycaemia weigh alike around 112.5 mg/dL.
 */
export interface RiskIndices {
  readonly lbgi: number;
  readonly hbgi: number;
  readonly adrr: number;
}

/** 10 · 1.509², as the paper rounds it. */
const RISK_SCALE = 22.77;

export function riskIndices({ timesMs, mgDl }: GlucoseSeries): RiskIndices {
  const low = mgDl.map((value) => riskOf(value, -1));
  const high = mgDl.map((value) => riskOf(value, 1));
  const worstOfDay = new Map<number, { low: number; high: number }>();
  for (const [i, timeMs] of timesMs.entries()) {
    const day = midnightOf(timeMs);
    const worst = worstOfDay.get(day) ?? { low: 0, high: 0 };
    worst.low = Math.max(worst.low, low[i] as number);
    worst.high = Math.max(worst.high, high[i] as number);
    worstOfDay.set(day, worst);
  }
  const ranges = [...worstOfDay.values()].map((worst) => worst.low + worst.high);
  return { lbgi: meanOf(low), hbgi: meanOf(high), adrr: meanOf(ranges) };
}

/** The risk on one side of the scale; 0 on the other. */
function riskOf(mgDl: number, side: -1 | 1): number {
  const transformed = Math.log(mgDl) ** 1.084 - 5.381;
  return transformed * side > 0 ? RISK_SCALE * transformed ** 2 : 0;
}
