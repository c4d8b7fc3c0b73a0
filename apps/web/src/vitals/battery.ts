import { coarseDurationText } from './number-text.ts';
import type { Candidate } from './vital-choice.ts';

/** Below this the charge is written out (the design's tile). */
export const BATTERY_LOW_PERCENT = 20;

/** Devices tell their charge now and then: one as old as this says its age. */
const BATTERY_AGED_MS = 3_600_000;

export interface Battery {
  readonly device: string;
  readonly percent: number;
  readonly ageMs: number;
}

/** The emptiest battery of the devices that a patient has now; undefined when none tells its charge. */
export function lowestBattery(
  readings: Iterable<Candidate>,
  now: { readonly devices: readonly string[]; readonly nowMs: number },
): Battery | undefined {
  let lowest: Battery | undefined;
  for (const { metric, device, value, timeMs } of readings) {
    if (metric !== 'battery' || !now.devices.includes(device)) continue;
    if (lowest === undefined || value < lowest.percent) {
      lowest = { device, percent: value, ageMs: Math.max(0, now.nowMs - timeMs) };
    }
  }
  return lowest;
}

export type BatteryIcon = 'battery-full' | 'battery-medium' | 'battery-low' | 'battery-warning';

/** Three bars, two, one; below a fifth none, and the number stands beside it. */
export function batteryIcon(percent: number): BatteryIcon {
  if (percent < BATTERY_LOW_PERCENT) return 'battery-warning';
  if (percent < 40) return 'battery-low';
  return percent < 70 ? 'battery-medium' : 'battery-full';
}

/** "17 %", "85 %, 3 h"; nothing while the drawing says enough. */
export function batteryText({ percent, ageMs }: Battery): string | undefined {
  const text = `${Math.round(percent)} %`;
  if (ageMs >= BATTERY_AGED_MS) return `${text}, ${coarseDurationText(ageMs)}`;
  return percent < BATTERY_LOW_PERCENT ? text : undefined;
}
