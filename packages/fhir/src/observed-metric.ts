/** What an Observation of somebody else measures, by the codes it carries. */
import { BLOOD_PRESSURE_PANEL } from '@ausculta/vitals/catalogue-pressure';
import { findMetric, metricByKey, type NamedMetric } from '@ausculta/vitals/lookup';
import type { Metric } from '@ausculta/vitals/metric';
import { FLAG } from '@ausculta/vitals/reading';
import type { CodeableConcept, Observation, Quantity } from '@medplum/fhirtypes';
import { SYSTEM } from './systems.ts';

export interface ObservedReading {
  readonly metric: Metric;
  /** In the metric's canonical unit. */
  readonly value: number;
  readonly flags: number;
}

/**
 * The most telling code counts: our own key, then the device's MDC term, which knows an oximeter's
 * pulse from an ECG's, then LOINC. Codes that contradict each other leave it undefined: nobody can say
 * which of them the sender meant.
 */
export function metricOfCode({ coding = [] }: CodeableConcept): NamedMetric | undefined {
  const named = [SYSTEM.METRIC, SYSTEM.MDC, SYSTEM.LOINC].flatMap((system) =>
    coding.flatMap((one) => {
      if (one.system !== system || one.code === undefined) return [];
      return metricNamed(system, one.code) ?? [];
    }),
  );
  const [first] = named;
  if (first === undefined) return undefined;
  return named.every(({ metric }) => metric.vital === first.metric.vital) ? first : undefined;
}

/** Two systems may write the same digits, so each name must look like one of its own. */
function metricNamed(system: string, code: string): NamedMetric | undefined {
  switch (system) {
    case SYSTEM.LOINC:
      return /^\d{1,7}-\d$/.test(code) ? findMetric(code) : undefined;
    case SYSTEM.MDC:
      return /^(\d{1,10}|MDC_\w{1,80})$/.test(code) ? findMetric(code) : undefined;
    default: {
      const metric = metricByKey(code);
      return metric && { metric, unit: metric.unit };
    }
  }
}

export function isPressurePanel({ code }: Observation): boolean {
  const { loinc, mdc } = BLOOD_PRESSURE_PANEL;
  return (code.coding ?? []).some(
    (one) =>
      (one.system === SYSTEM.LOINC && one.code === loinc) ||
      (one.system === SYSTEM.MDC && one.code === String(mdc.code)),
  );
}

const FLAGS_OF_STATUS: Readonly<Partial<Record<Observation['status'], number>>> = {
  final: 0,
  preliminary: FLAG.QUESTIONABLE,
  amended: FLAG.CORRECTION,
  corrected: FLAG.CORRECTION,
};

const FLAGS_OF_MEANING: ReadonlyMap<string, number> = new Map([
  [`${SYSTEM.MEASUREMENT_STATUS}|questionable`, FLAG.QUESTIONABLE],
  [`${SYSTEM.MEASUREMENT_STATUS}|calibration-ongoing`, FLAG.QUESTIONABLE],
  [`${SYSTEM.MEASUREMENT_STATUS}|early-indication`, FLAG.QUESTIONABLE],
  [`${SYSTEM.OBSERVATION_VALUE}|UNCERTREL`, FLAG.QUESTIONABLE],
  [`${SYSTEM.ACT_REASON}|HTEST`, FLAG.SIMULATED],
  [`${SYSTEM.FLAG}|implausible`, FLAG.IMPLAUSIBLE],
  [`${SYSTEM.FLAG}|conflict`, FLAG.CONFLICT],
]);

/**
 * What the sender says of the measurement, by its status, its security labels and its interpretation
 * (HL7's point-of-care guide, MeasurementStatus). Undefined for what is not, or no longer, a
 * measurement: cancelled, entered in error, labelled unreliable.
 */
export function flagsOf({ status, meta, interpretation = [] }: Observation): number | undefined {
  const start = FLAGS_OF_STATUS[status];
  const labels = meta?.security ?? [];
  if (start === undefined || labels.some(({ code }) => code === 'UNRELIABLE')) return undefined;
  const meanings = [...labels, ...interpretation.flatMap(({ coding }) => coding ?? [])];
  // Our own name for a doubt is more exact than the guide's "questionable", which stands beside it.
  const own = meanings.filter(({ system }) => system === SYSTEM.FLAG);
  const told = own.length > 0 ? meanings.filter(isExact) : meanings;
  return told.reduce((flags, { system, code }) => {
    const name = code === 'questionable' && system === SYSTEM.FLAG ? FLAG.QUESTIONABLE : 0;
    return flags | name | (FLAGS_OF_MEANING.get(`${system}|${code}`) ?? 0);
  }, start);
}

function isExact({ system }: { readonly system?: string }): boolean {
  return system === SYSTEM.FLAG || system === SYSTEM.ACT_REASON;
}

export function flagsOfComparator(comparator: Quantity['comparator']): number {
  if (comparator === undefined) return 0;
  return comparator.startsWith('>') ? FLAG.ABOVE : FLAG.BELOW;
}
