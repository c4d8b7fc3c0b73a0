import type { AlarmPriority } from '@ausculta/vitals/alarm';

/**
 * Auditory alarm signals after IEC 60601-1-8: ten pulses for high, three for medium, two for low.
 * The figures below lie within the standard's bounds; a test holds them there.
 */
export interface Pulse {
  readonly atMs: number;
  readonly lengthMs: number;
}

export interface Burst {
  readonly pulses: readonly Pulse[];
  readonly frequencyHz: number;
  /** 0–1; louder for the higher priority. */
  readonly gain: number;
  /** From the start of one burst to the start of the next. */
  readonly repeatMs: number;
}

const HIGH_PULSE_MS = 150;
const HIGH_SPACING_MS = 100;
/** Between the fifth and the sixth pulse. */
const HIGH_PAUSE_MS = 500;
const LOWER_PULSE_MS = 200;
const LOWER_SPACING_MS = 200;

/** Amplitudes of the fundamental and its harmonics; all within 15 dB of the fundamental. */
export const HARMONICS = [1, 0.7, 0.5, 0.4, 0.3] as const;
export const FUNDAMENTAL_HZ = 523.25;

/** Share of a pulse spent rising, and falling. */
export const RISE_RATIO = 0.15;

export function burstOf(priority: AlarmPriority): Burst {
  switch (priority) {
    case 'high':
      return { pulses: highPulses(), frequencyHz: FUNDAMENTAL_HZ, gain: 0.5, repeatMs: 10_000 };
    case 'medium':
      return { pulses: evenPulses(3), frequencyHz: FUNDAMENTAL_HZ, gain: 0.35, repeatMs: 20_000 };
    case 'low':
      return { pulses: evenPulses(2), frequencyHz: FUNDAMENTAL_HZ, gain: 0.22, repeatMs: 30_000 };
    default:
      return priority satisfies never;
  }
}

/** Three pulses, a gap of two spacings and a pulse, two pulses; and all of it once more. */
function highPulses(): Pulse[] {
  const gaps = [
    HIGH_SPACING_MS,
    HIGH_SPACING_MS,
    2 * HIGH_SPACING_MS + HIGH_PULSE_MS,
    HIGH_SPACING_MS,
    HIGH_PAUSE_MS,
  ];
  const pulses: Pulse[] = [];
  let atMs = 0;
  for (let index = 0; index < 10; index += 1) {
    pulses.push({ atMs, lengthMs: HIGH_PULSE_MS });
    atMs += HIGH_PULSE_MS + (gaps[index % gaps.length] as number);
  }
  return pulses;
}

function evenPulses(count: number): Pulse[] {
  return Array.from({ length: count }, (_, index) => ({
    atMs: index * (LOWER_PULSE_MS + LOWER_SPACING_MS),
    lengthMs: LOWER_PULSE_MS,
  }));
}
