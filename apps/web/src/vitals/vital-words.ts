import type { Metric } from '@ausculta/vitals/metric';

/** Screens translate by key; the catalogue's label serves what is not named here. */
const VITAL_SHORT: Readonly<Record<string, string>> = {
  'heart-rate': 'HR',
  spo2: 'SpO₂',
  'resp-rate': 'RR',
  'blood-pressure-systolic': 'Systolic',
  'blood-pressure-diastolic': 'Diastolic',
  'blood-pressure-mean': 'Mean pressure',
  'body-temperature': 'Temp',
  battery: 'Battery',
};

const SOURCE: Readonly<Record<string, string>> = {
  'heart-rate': 'ECG',
  'pulse-rate-arterial': 'arterial',
  'pulse-rate-oximeter': 'pleth',
  'pulse-rate-nibp': 'cuff',
  'resp-rate-impedance': 'impedance',
  'resp-rate-co2': 'CO₂',
};

export function vitalShort(metric: Metric): string {
  return VITAL_SHORT[metric.vital] ?? metric.label;
}

/** Where a number comes from, in one word; empty where the vital has but one source. */
export function sourceText(metric: Metric): string {
  return SOURCE[metric.key] ?? '';
}

/** "HR, ECG"; a rate that was not counted on the ECG is a pulse rate. */
export function rateLabel(metric: Metric): string {
  const name = metric.key === 'heart-rate' ? 'HR' : 'PR';
  return `${name}, ${sourceText(metric)}`;
}

/** "II" of "ecg-ii" and of "ecg-ii-arb". */
export function leadName(metricKey: string): string {
  const lead = /^ecg-(i{1,3}|av[rlf]|v[1-6]?)(?:-arb)?$/.exec(metricKey)?.[1];
  if (lead === undefined) return metricKey.startsWith('ecg') ? 'ECG' : '';
  if (lead.startsWith('av')) return `aV${lead.slice(2).toUpperCase()}`;
  return lead.toUpperCase();
}

/** The CSS variable that holds a metric's ink; its colours come from the catalogue. */
export function inkOf(metric: Metric): string {
  return `var(--metric-${metric.ink})`;
}
