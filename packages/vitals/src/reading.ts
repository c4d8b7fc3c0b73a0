/**
 * The noun of the platform: one measured value of one metric, of one subject, by one device, at one
 * stamp. Its identity is series + stamp; see ARCHITECTURE.md, "The way of a reading".
 */

/** Facts that travel with a reading as one byte; they are combined with bitwise or. */
export const FLAG = {
  /** Outside the catalogue's plausible range. Stored, shown and given to the detectors (safety S2). */
  IMPLAUSIBLE: 1,
  /** Another value was received for the same series and stamp; the later received is read. */
  CONFLICT: 2,
  /** One-sided: the true value is above the bound that `value` holds ("HI", "> 600"). */
  ABOVE: 4,
  /** One-sided: the true value is below the bound that `value` holds ("LO", "< 20"). */
  BELOW: 8,
  /** Made by a simulator, not measured on a person. Shown as such wherever it is shown. */
  SIMULATED: 16,
  /** The source said that this replaces an earlier value of the same stamp. */
  CORRECTION: 32,
  /** The device doubts its own value (poor signal, motion). Never a reason to hide an alarm (S1). */
  QUESTIONABLE: 64,
} as const;

/** A bitwise combination of FLAG. */
export type ReadingFlags = number;

/**
 * A reading as a device reported it, before accept has given it a unit, a subject and a series.
 * Codecs produce these.
 */
export interface ReportedReading {
  /** The metric as the language names it: a catalogue key, or a code such as "8867-4" or "147842". */
  readonly metric: string;
  /** UCUM or MDC unit code; absent means the catalogue's canonical unit. */
  readonly unit?: string;
  /** The device's own time, integer milliseconds since 1970; absent: the device has no clock. */
  readonly stampMs?: number;
  /** Finite. For one-sided readings the bound. */
  readonly value: number;
  readonly flags: ReadingFlags;
}

/** A reading in its series: canonical unit, known metric. What detectors, charts and FHIR see. */
export interface Reading {
  readonly stampMs: number;
  readonly value: number;
  readonly flags: ReadingFlags;
}

export function hasFlag(flags: ReadingFlags, flag: number): boolean {
  return (flags & flag) !== 0;
}

export function isOneSided(flags: ReadingFlags): boolean {
  return (flags & (FLAG.ABOVE | FLAG.BELOW)) !== 0;
}

/** The names used on the wire and by the command line, in bit order. */
export const FLAG_NAMES = [
  'implausible',
  'conflict',
  'above',
  'below',
  'simulated',
  'correction',
  'questionable',
] as const;

export type FlagName = (typeof FLAG_NAMES)[number];

export function flagNames(flags: ReadingFlags): FlagName[] {
  return FLAG_NAMES.filter((_, bit) => (flags & (1 << bit)) !== 0);
}
