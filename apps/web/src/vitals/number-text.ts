import { FLAG, hasFlag } from '@ausculta/vitals/reading';

/** What stands for a number that is unknown: never 0, never the last value. */
export const UNKNOWN = '--';

const UNIT_TEXT: Readonly<Record<string, string>> = {
  '/min': '/min',
  '%': '%',
  'mm[Hg]': 'mmHg',
  Cel: '°C',
  mV: 'mV',
  'mg/dL': 'mg/dL',
  'mmol/L': 'mmol/L',
  kg: 'kg',
  Ohm: 'Ω',
  "[arb'U]": 'arb. units',
};

/** Upper and lower of one measurement; one that is unknown is never hidden behind the other. */
export function pairText(upper: string, lower: string): string {
  return upper === UNKNOWN && lower === UNKNOWN ? UNKNOWN : `${upper}/${lower}`;
}

/** A UCUM unit as people write it. */
export function unitText(ucum: string): string {
  return UNIT_TEXT[ucum] ?? ucum;
}

/** As many decimals as the device resolved; one-sided readings keep their sign. */
export function valueText(reading: {
  readonly value: number;
  readonly flags: number;
  readonly decimals: number;
}): string {
  const text = fixed(reading.value, reading.decimals);
  if (hasFlag(reading.flags, FLAG.ABOVE)) return `>${text}`;
  if (hasFlag(reading.flags, FLAG.BELOW)) return `<${text}`;
  return text;
}

/** A true minus sign, and no "-0". */
export function fixed(value: number, decimals: number): string {
  const text = value.toFixed(Math.min(6, decimals));
  if (Number(text) === 0) return text.replace('-', '');
  return text.replace('-', '−');
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** How long: "48 s", "12 min", "2 h 5 min", "3 d 4 h". Never rounded up: 59.9 s is not a minute. */
export function durationText(ms: number): string {
  const whole = Math.max(0, ms);
  if (whole < MINUTE_MS) return `${Math.floor(whole / SECOND_MS)} s`;
  if (whole < HOUR_MS) return `${Math.floor(whole / MINUTE_MS)} min`;
  if (whole < DAY_MS) {
    return pair({
      large: Math.floor(whole / HOUR_MS),
      largeUnit: 'h',
      small: Math.floor((whole % HOUR_MS) / MINUTE_MS),
      smallUnit: 'min',
    });
  }
  return pair({
    large: Math.floor(whole / DAY_MS),
    largeUnit: 'd',
    small: Math.floor((whole % DAY_MS) / HOUR_MS),
    smallUnit: 'h',
  });
}

function pair(parts: {
  large: number;
  largeUnit: string;
  small: number;
  smallUnit: string;
}): string {
  const large = `${parts.large} ${parts.largeUnit}`;
  return parts.small === 0 ? large : `${large} ${parts.small} ${parts.smallUnit}`;
}

/** The largest unit alone, where room is short: "2 h". */
export function coarseDurationText(ms: number): string {
  return durationText(ms).split(' ').slice(0, 2).join(' ');
}

/** How long ago; what is younger than two seconds is "now". */
export function ageText(ms: number): string {
  return ms < 2 * SECOND_MS ? 'now' : `${durationText(ms)} ago`;
}

/** Minutes and seconds of a countdown, rounded up: it reads 0:00 only when it is over. */
export function countdownText(ms: number): string {
  const seconds = Math.ceil(Math.max(0, ms) / SECOND_MS);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
