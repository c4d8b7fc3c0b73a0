import { metricByKey } from '@ausculta/vitals/lookup';
import type { Metric } from '@ausculta/vitals/metric';

/** Lead II shows rhythm best; then the leads in the order in which a monitor offers them. */
const ECG_ORDER = [
  'ecg-ii',
  'ecg-ii-arb',
  'ecg-i',
  'ecg-iii',
  'ecg-v1',
  'ecg-v',
  'ecg-v5',
  'ecg',
  'ecg-v2',
  'ecg-v3',
  'ecg-v4',
  'ecg-v6',
  'ecg-avf',
  'ecg-avl',
  'ecg-avr',
  'ecg-v-arb',
  'ecg-avr-arb',
];
const PULSE_ORDER = ['pleth', 'pleth-arb', 'abp-wave'];
const BREATH_ORDER = ['resp-wave', 'resp-wave-arb', 'co2-wave'];

export interface ChosenLanes {
  /** All leads that are there, the one to show first in front. */
  readonly ecg: readonly Metric[];
  readonly pulse: Metric | undefined;
  readonly breath: Metric | undefined;
}

/** Which of the waveforms that a subject has are drawn, and in which order. */
export function chooseLanes(keys: Iterable<string>): ChosenLanes {
  const known = new Set(keys);
  const present = (order: readonly string[]) =>
    order.filter((key) => known.has(key)).flatMap((key) => metricByKey(key) ?? []);
  return {
    ecg: present(ECG_ORDER),
    pulse: present(PULSE_ORDER)[0],
    breath: present(BREATH_ORDER)[0],
  };
}

/** A trace in millivolts is drawn to paper scale; others have no scale that the lane could keep. */
export function laneScaleOf(metric: Metric): 'millivolts' | 'fitted' {
  return metric.unit === 'mV' ? 'millivolts' : 'fitted';
}
