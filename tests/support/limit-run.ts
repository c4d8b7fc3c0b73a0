/** A limit tried out on a few readings, told in seconds. */
import {
  type LimitSettings,
  type LimitState,
  onSample,
  QUIET,
} from '../../packages/rules/src/limit.ts';

/** Heart rate ≥ 130 for 5 s, over when below 128. */
export const HIGH: LimitSettings = {
  direction: 'high',
  limit: 130,
  delayMs: 5_000,
  clearance: 2,
  step: 1,
  expectedIntervalMs: 1_000,
};

/** Far from 0, as stamps are. */
export const START = 1_772_352_000_000;

export type Given = readonly [atS: number, value: number, flags?: number];

/** What is told, each as "kind since→at" in seconds, and the state at the end. */
export function run(
  settings: LimitSettings,
  given: readonly Given[],
  from: LimitState = QUIET,
): { told: string[]; state: LimitState } {
  let state = from;
  const told: string[] = [];
  for (const [atS, value, flags = 0] of given) {
    const atMs = START + atS * 1000;
    const step = onSample(state, { atMs, receivedAtMs: START + 1e9, value, flags }, settings);
    state = step.state;
    if (step.transition === undefined) continue;
    const { kind, sinceMs, atMs: toldMs } = step.transition;
    told.push(`${kind} ${(sinceMs - START) / 1000}→${(toldMs - START) / 1000}`);
  }
  return { told, state };
}

/** One reading a second. */
export const each = (fromS: number, untilS: number, value: number): Given[] =>
  Array.from({ length: untilS - fromS + 1 }, (_, second) => [fromS + second, value]);
