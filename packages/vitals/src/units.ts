import { CATALOGUE } from './catalogue.ts';
import { fail, ok, type Result } from './fault.ts';
import type { Metric } from './metric.ts';
import { UNIT_TABLE } from './units-table.ts';

/** canonical = value * factor + offset. */
export interface LinearUnit {
  readonly ucum: string;
  readonly factor: number;
  readonly offset: number;
}

/** By metric key, then by any name of a unit. Maps, so that "__proto__" is simply unknown. */
const unitsByMetric = new Map<string, ReadonlyMap<string, LinearUnit>>();
const decimalsByMetric = new Map<string, number>();

for (const metric of CATALOGUE) {
  unitsByMetric.set(metric.key, unitsOf(metric));
  decimalsByMetric.set(metric.key, decimalsOfStep(metric.resolution) + 1);
}

function unitsOf(metric: Metric): ReadonlyMap<string, LinearUnit> {
  const units = new Map<string, LinearUnit>();
  for (const row of UNIT_TABLE) {
    if (row.to !== metric.unit) continue;
    if (row.only !== undefined && !row.only.includes(metric.vital)) continue;
    const unit = { ucum: row.ucum, factor: row.factor, offset: row.offset ?? 0 };
    for (const name of [row.ucum, ...(row.names ?? [])]) units.set(name, unit);
  }
  return units;
}

/** Decimals that a step needs: 1 → 0, 0.1 → 1, 0.05 → 2. */
export function decimalsOfStep(step: number): number {
  for (let decimals = 0; decimals < 9; decimals++) {
    const scaled = step * 10 ** decimals;
    if (Math.abs(scaled - Math.round(scaled)) < 1e-9) return decimals;
  }
  return 9;
}

/** The unit of this name for this metric; undefined when it is unknown or measures something else. */
export function findUnit(metric: Metric, unit: string): LinearUnit | undefined {
  return unitsByMetric.get(metric.key)?.get(unit);
}

/**
 * The value in the metric's canonical unit. A value that needs no conversion is left untouched, to
 * the last digit; one that only moves its decimal point keeps all of its digits (3452 g is 3.452 kg).
 * Any other is rounded to a tenth of what a device of the field resolves: 98.6 °F is 37 °C, not
 * 37.00000000000001, and no digits are added that nobody measured.
 *
 * `unit` is the sender's, or the one its name for the metric implies (NamedMetric.unit).
 */
export function toCanonical(metric: Metric, unit: string, value: number): Result<number> {
  if (!Number.isFinite(value)) return fail('VALUE_NOT_FINITE');
  if (unit === metric.unit) return ok(value);
  const found = findUnit(metric, unit);
  if (found === undefined) return fail('UNIT_UNKNOWN', `not a unit of ${metric.key}`);
  if (found.factor === 1 && found.offset === 0) return ok(value);
  const converted = value * found.factor + found.offset;
  if (!Number.isFinite(converted)) return fail('VALUE_NOT_FINITE');
  if (movesThePoint(found)) return ok(Number(converted.toPrecision(15)));
  return ok(roundTo(decimalsByMetric.get(metric.key) ?? 0, converted));
}

function movesThePoint(unit: LinearUnit): boolean {
  return unit.offset === 0 && Number.isInteger(Math.log10(unit.factor));
}

function roundTo(decimals: number, value: number): number {
  const scale = 10 ** decimals;
  const scaled = value * scale;
  // Beyond 2^53 a double has no decimals left to round.
  if (Math.abs(scaled) > Number.MAX_SAFE_INTEGER) return value;
  return Math.round(scaled) / scale + 0;
}
