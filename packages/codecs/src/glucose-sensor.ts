import { fail, ok, type Result } from '@ausculta/vitals/fault';
import { FLAG } from '@ausculta/vitals/reading';

/** Below and above these a Dexcom sensor says LOW and HIGH: 39 and 401 where a number must stand. */
const LOW_MG_DL = 40;
const HIGH_MG_DL = 400;

/** Dexcom's receivers write their states as a glucose below 13: 5 is "not calibrated", 10 a sensor that failed. */
const STATES_BELOW = 13;

export interface SensorGlucose {
  readonly value: number;
  readonly flags: number;
}

/** The number of a continuous sensor in mg/dL, with its words for what it cannot measure. */
export function readSensorGlucose(mgDl: number): Result<SensorGlucose> {
  if (mgDl < STATES_BELOW) return fail('VALUE_NOT_FINITE', "the sensor's state, not a glucose");
  if (mgDl === LOW_MG_DL - 1) return ok({ value: LOW_MG_DL, flags: FLAG.BELOW });
  if (mgDl === HIGH_MG_DL + 1) return ok({ value: HIGH_MG_DL, flags: FLAG.ABOVE });
  return ok({ value: mgDl, flags: 0 });
}

/** "Low" and "High" as Dexcom's reports write them, in mg/dL; undefined for anything else. */
export function readSensorWord(text: string): SensorGlucose | undefined {
  switch (text.toLowerCase()) {
    case 'low':
      return { value: LOW_MG_DL, flags: FLAG.BELOW };
    case 'high':
      return { value: HIGH_MG_DL, flags: FLAG.ABOVE };
    default:
      return undefined;
  }
}
