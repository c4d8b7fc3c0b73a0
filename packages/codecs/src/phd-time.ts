import { daysInMonth } from './calendar.ts';
import { OctetReader, type OctetWriter } from './octets.ts';

/** What a report says of the agent's clocks, to place stamps that count from the agent's start. */
export interface PhdClock {
  readonly receivedAtMs: number;
  /** Where the agent's local time is read off; without it local time counts as UTC. */
  readonly utcOffsetMinutes?: number;
  /** The agent's relative time when it sent the report, in 1/8 ms. */
  readonly eventTime?: number;
}

/** Absolute time: eight octets of binary coded decimals, local time, hundredths of a second. */
export function readAbsoluteTime(value: Uint8Array, utcOffsetMinutes: number): number | undefined {
  if (value.length !== 8) return undefined;
  const [century, years, month, day, hour, minute, second, hundredth] = [...value].map(fromBcd);
  const fields = [century, years, month, day, hour, minute, second, hundredth];
  if (fields.some((each) => each === undefined)) return undefined;
  const year = (century as number) * 100 + (years as number);
  const [m, d, h] = [month as number, day as number, hour as number];
  if (year < 1970 || m < 1 || m > 12 || d < 1 || d > daysInMonth(year, m)) return undefined;
  if (h > 23 || (minute as number) > 59 || (second as number) > 59) return undefined;
  const millis = (hundredth as number) * 10;
  return Date.UTC(year, m - 1, d, h, minute, second, millis) - utcOffsetMinutes * 60_000;
}

function fromBcd(octet: number): number | undefined {
  const [tens, ones] = [octet >> 4, octet & 0x0f];
  return tens > 9 || ones > 9 ? undefined : tens * 10 + ones;
}

export function writeAbsoluteTime(writer: OctetWriter, stampMs: number): void {
  const digits = new Date(stampMs).toISOString().replace(/\D/g, '').slice(0, 16);
  for (const two of digits.match(/../g) ?? []) writer.u8(Number.parseInt(two, 16));
}

const NO_RELATIVE_TIME = 0xffff_ffff;
const WRAP = 2 ** 32;

/** Relative time wraps after six days: a stamp is always before the report that brings it. */
export function readRelativeTime(value: Uint8Array, clock: PhdClock): number | undefined {
  const { eventTime, receivedAtMs } = clock;
  if (value.length !== 4 || eventTime === undefined || eventTime === NO_RELATIVE_TIME) {
    return undefined;
  }
  const ago = eventTime - new OctetReader(value, 'big').u32();
  return Math.round(receivedAtMs - (ago < 0 ? ago + WRAP : ago) / 8);
}

/** Base-offset time: seconds since 1900 in UTC, 1/65 536 s, and the local offset in minutes. */
const FROM_1900_TO_1970_S = 2_208_988_800;

export function readBaseOffsetTime(value: Uint8Array): number | undefined {
  if (value.length !== 8) return undefined;
  const reader = new OctetReader(value, 'big');
  const seconds = reader.u32() - FROM_1900_TO_1970_S;
  const stampMs = Math.round((seconds + reader.u16() / 65_536) * 1000);
  return stampMs >= 0 ? stampMs : undefined;
}
