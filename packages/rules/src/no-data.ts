/** Loss of monitoring (safety S4): what its alarms are called, and how urgent they are. */
export const NO_DATA_PRIORITY = 'medium';

/** A loss of monitoring that nobody has acknowledged for so long is of high priority. */
export const NO_DATA_HIGH_AFTER_MS = 120_000;

/** Nothing comes from a device any more. */
export function noDataOfDevice(deviceId: string): string {
  return `technical/no-data/${deviceId}`;
}

/** A vital is not measured any more, while its device goes on. */
export function noDataOfVital(vital: string): string {
  return `technical/${vital}/no-data`;
}
