/**
 * Resources as the text that is sent. A FHIR decimal carries its precision: 37.0 °C says that tenths
 * were measured, and 37 does not. A JavaScript number cannot say so, hence the text is made here.
 */
import { metricByKey } from '@ausculta/vitals/lookup';
import type { Metric } from '@ausculta/vitals/metric';
import { decimalsOfStep } from '@ausculta/vitals/units';
import type {
  Bundle,
  CodeableConcept,
  Observation,
  OperationOutcome,
  Patient,
  Quantity,
} from '@medplum/fhirtypes';
import { rawNumber } from './precise-json.ts';
import { SYSTEM } from './systems.ts';

export function bundleJson(bundle: Bundle<Observation | Patient | OperationOutcome>): string {
  const { entry, ...rest } = bundle;
  if (entry === undefined) return JSON.stringify(bundle);
  const precise = entry.map(({ resource, ...place }) => ({
    ...place,
    resource: resource?.resourceType === 'Observation' ? preciseObservation(resource) : resource,
  }));
  return JSON.stringify({ ...rest, entry: precise });
}

function preciseObservation(observation: Observation): unknown {
  const { component } = observation;
  if (component === undefined) return precise(observation);
  return { ...precise(observation), component: component.map(precise) };
}

/** With the decimals that the metric resolves, or more where the device resolved more. */
function precise<T extends { code: CodeableConcept; valueQuantity?: Quantity }>(
  measured: T,
): object {
  const { valueQuantity } = measured;
  const value = valueQuantity?.value;
  const key = measured.code.coding?.find(({ system }) => system === SYSTEM.METRIC)?.code;
  const metric = key === undefined ? undefined : metricByKey(key);
  if (value === undefined || metric === undefined) return measured;
  return {
    ...measured,
    valueQuantity: { ...valueQuantity, value: rawNumber(valueText(metric, value)) },
  };
}

export function valueText(metric: Metric, value: number): string {
  return decimalText(value, decimalsOfStep(metric.resolution));
}

/** At least so many decimals; numbers that JSON writes with an exponent stay as they are. */
export function decimalText(value: number, decimals: number): string {
  // Nearly all readings are whole numbers of their unit.
  if (Number.isInteger(value) && Math.abs(value) < 1e9) {
    return decimals === 0 ? `${value}` : (value + 0).toFixed(decimals);
  }
  const shortest = JSON.stringify(value);
  if (!/^-?\d+(\.\d+)?$/.test(shortest)) return shortest;
  const own = shortest.split('.')[1]?.length ?? 0;
  return own >= decimals ? shortest : value.toFixed(decimals);
}
