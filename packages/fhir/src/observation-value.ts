import type { Metric } from '@ausculta/vitals/metric';
import { FLAG, flagNames, hasFlag, type Reading } from '@ausculta/vitals/reading';
import { decimalsOfStep } from '@ausculta/vitals/units';
import type { CodeableConcept, Coding, Observation, Quantity } from '@medplum/fhirtypes';
import { SYSTEM } from './systems.ts';

/** The value of one reading: a quantity in UCUM, with a comparator where it is one-sided. */
export function valueElement(
  metric: Metric,
  reading: Reading,
): Pick<Observation, 'valueQuantity' | 'valueCodeableConcept'> {
  const answer = metric.answers?.find(({ value }) => value === reading.value);
  if (answer !== undefined) {
    const coding = [{ system: SYSTEM.ANSWER, code: `${metric.key}/${answer.key}` }];
    return { valueCodeableConcept: { coding, text: answer.key } };
  }
  const valueQuantity: Quantity = {
    value: withoutNoise(metric, reading.value),
    unit: metric.unit,
    system: SYSTEM.UCUM,
    code: metric.unit,
  };
  if (hasFlag(reading.flags, FLAG.ABOVE)) valueQuantity.comparator = '>';
  if (hasFlag(reading.flags, FLAG.BELOW)) valueQuantity.comparator = '<';
  return { valueQuantity };
}

/** Decimals that no device of the field resolves are the noise of arithmetic: 37.00000001 is 37. */
export function withoutNoise(metric: Metric, value: number): number {
  if (Number.isInteger(value)) return value;
  const decimals = decimalsOfStep(metric.resolution) + 3;
  return Math.abs(value) < 1e9 ? Number(value.toFixed(decimals)) : value;
}

interface Certainty {
  readonly status: 'final' | 'corrected';
  readonly security: Coding[];
  readonly interpretation: CodeableConcept[];
}

/**
 * What a reading's flags mean to others: the measurement statuses of HL7's point-of-care guide where
 * they exist, and our own flag beside, which tells implausible from conflict.
 */
export function certainty(flags: number): Certainty {
  const security: Coding[] = [];
  const interpretation: CodeableConcept[] = [];
  if (hasFlag(flags, FLAG.SIMULATED)) {
    security.push({ system: SYSTEM.ACT_REASON, code: 'HTEST' });
  }
  const doubts = flags & (FLAG.QUESTIONABLE | FLAG.IMPLAUSIBLE | FLAG.CONFLICT);
  if (doubts !== 0) {
    security.push({ system: SYSTEM.OBSERVATION_VALUE, code: 'UNCERTREL' });
    const named = flagNames(doubts).map((code) => ({ system: SYSTEM.FLAG, code }));
    const coding = [{ system: SYSTEM.MEASUREMENT_STATUS, code: 'questionable' }, ...named];
    interpretation.push({ coding });
  }
  const status = hasFlag(flags, FLAG.CORRECTION) ? 'corrected' : 'final';
  return { status, security, interpretation };
}
