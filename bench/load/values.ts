// What the load sends: five vitals of a resting adult, different in every message, and a function of
// device and sequence alone, so that whoever reads them back can work out what they must be.

export interface SentMetric {
  readonly key: string;
  /** The lowest value and the number of steps above it, in steps of 1 / `scale`. */
  readonly low: number;
  readonly steps: number;
  readonly scale: number;
  /** How it stands in the message: always this many characters. */
  readonly digits: number;
}

/** All inside every limit: the bench measures intake with its detectors, not a storm of alarms. */
export const SENT_METRICS: readonly SentMetric[] = [
  { key: 'heart-rate', low: 60, steps: 40, scale: 1, digits: 2 },
  { key: 'spo2', low: 94, steps: 6, scale: 1, digits: 2 },
  { key: 'resp-rate', low: 12, steps: 9, scale: 1, digits: 2 },
  { key: 'body-temperature', low: 360, steps: 20, scale: 10, digits: 4 },
  { key: 'perfusion-index', low: 100, steps: 900, scale: 100, digits: 4 },
];

/** The value, in steps of 1 / scale: an integer hash of its place, so that no two messages rhyme. */
export function sentSteps(device: number, sequence: number, metricIndex: number): number {
  const metric = SENT_METRICS[metricIndex];
  if (metric === undefined) throw new Error('no such metric');
  let hash = Math.imul(device + 1, 0x9e3779b1) ^ Math.imul(sequence + 1, 0x85ebca77);
  hash = Math.imul(hash ^ (hash >>> 15) ^ Math.imul(metricIndex + 1, 0xc2b2ae3d), 0x27d4eb2f);
  return metric.low + (((hash ^ (hash >>> 13)) >>> 0) % metric.steps);
}

export function sentValue(device: number, sequence: number, metricIndex: number): number {
  return sentSteps(device, sequence, metricIndex) / (SENT_METRICS[metricIndex]?.scale ?? 1);
}
