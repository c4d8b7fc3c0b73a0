import { FLAG, FLAG_NAMES, type FlagName } from '@ausculta/vitals/reading';

/** Flags that a sender may set. Implausible and conflict are the platform's own findings. */
const SENDERS: ReadonlyMap<unknown, number> = new Map<FlagName, number>([
  ['above', FLAG.ABOVE],
  ['below', FLAG.BELOW],
  ['simulated', FLAG.SIMULATED],
  ['correction', FLAG.CORRECTION],
  ['questionable', FLAG.QUESTIONABLE],
]);

/**
 * The flags of a list of names; undefined when it is no list. A name nobody knows is some doubt that
 * the sender has: the reading is kept and marked questionable, which never hides an alarm.
 */
export function readFlags(names: unknown): number | undefined {
  if (names === undefined) return 0;
  if (!Array.isArray(names)) return undefined;
  let flags = 0;
  for (const name of names) flags |= SENDERS.get(name) ?? FLAG.QUESTIONABLE;
  return flags;
}

export const NOT_A_TRUTH = 'simulated is neither true nor false';

/** The flag of "simulated"; undefined when it is neither true nor false, since both guesses can harm. */
export function readSimulated(value: unknown): number | undefined {
  if (value === undefined || value === false) return 0;
  return value === true ? FLAG.SIMULATED : undefined;
}

/** The names to send for a reading's flags: the sender's own ones only. */
export function writeFlags(flags: number): FlagName[] {
  return FLAG_NAMES.filter((name) => (flags & (SENDERS.get(name) ?? 0)) !== 0);
}

/** A value cannot lie above and below its bound. */
export function contradicts(flags: number): boolean {
  return (flags & FLAG.ABOVE) !== 0 && (flags & FLAG.BELOW) !== 0;
}
