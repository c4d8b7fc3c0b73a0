/** Loss of monitoring (safety S4): what its alarms are called, and how urgent they are. */
import type { Metric } from '@ausculta/vitals/metric';

export const NO_DATA_PRIORITY = 'medium';

/** A loss of monitoring that nobody has acknowledged for so long is of high priority. */
export const NO_DATA_HIGH_AFTER_MS = 120_000;

/** Nothing comes from a device any more. */
export function noDataOfDevice(deviceId: string): string {
  return `technical/no-data/${deviceId}`;
}

/** A device says that its electrodes have come off. */
export function leadsOffOf(deviceId: string): string {
  return `technical/leads-off/${deviceId}`;
}

/** Electrodes that somebody is just moving are not told; what lasts this long is (10 to 15 s). */
export const LEADS_OFF_AFTER_MS = 10_000;

/** Measured by the electrodes of the chest: it is gone with them, and told as one (safety S20). */
export function isByElectrodes({ key, ink, vital }: Metric): boolean {
  return ink === 'ecg' || key === 'resp-wave' || (vital === 'resp-rate' && key !== 'resp-rate-co2');
}

/** What is lost when a series stops: the leads of an ECG are one, any other waveform stands for itself. */
export function lossOf({ kind, ink, vital }: Metric): string {
  return kind === 'waveform' && ink === 'ecg' ? 'ecg' : vital;
}

/** A vital is not measured any more, while its device goes on. */
export function noDataOfVital(vital: string): string {
  return `technical/${vital}/no-data`;
}
