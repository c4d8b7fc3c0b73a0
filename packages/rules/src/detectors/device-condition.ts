import { FLAG, hasFlag } from '@ausculta/vitals/reading';
import type { Sample } from '../limit.ts';
import {
  type Detected,
  type Explanation,
  ended,
  facts,
  NOTHING_DETECTED,
  placedMs,
  raised,
  type Step,
} from './detection.ts';

/**
 * Technical alarm conditions (IEC 60601-1-8): something about the device, not about the patient. Low and
 * empty batteries are limits of a charge (`technical-limits.ts`); these are what a device says of itself,
 * and what may be passing: electrodes that somebody moves, a finger that moves, a radio out of reach. So
 * each must last, by the clock, for nothing else may come while it does.
 *
 * An older word than the last one says nothing of now, and never changes anything.
 */
export const DEVICE_CONDITIONS = ['leads-off', 'poor-signal', 'disconnected'] as const;
export type DeviceCondition = (typeof DEVICE_CONDITIONS)[number];

export interface DeviceSettings {
  readonly condition: DeviceCondition;
  /** How long it must last. */
  readonly afterMs: number;
  /** Poor signal only: below this signal quality, in percent, it is poor. */
  readonly qualityBelow?: number;
}

export interface DeviceState extends Detected {
  /** The newest word on it; 0 before there was one. */
  readonly saidAtMs: number;
}

export const NOTHING_SAID: DeviceState = { ...NOTHING_DETECTED, saidAtMs: 0 };

export interface Word {
  readonly isPresent: boolean;
  readonly atMs: number;
  readonly receivedAtMs: number;
}

export function onDeviceWord(
  state: DeviceState,
  word: Word,
  settings: DeviceSettings,
): Step<DeviceState> {
  const atMs = Math.min(word.atMs, word.receivedAtMs);
  if (state.saidAtMs > atMs) return { state };
  const said = { ...state, saidAtMs: atMs };
  if (!word.isPresent) {
    const quiet: DeviceState = { ...said, ...NOTHING_DETECTED };
    return state.phase === 'raised' ? ended(said, atMs) : { state: quiet };
  }
  if (state.phase !== 'quiet') return { state: said };
  const pending: DeviceState = { ...said, phase: 'pending', sinceMs: atMs };
  return onDeviceClock(pending, atMs, settings);
}

/** What a reading says of the signal: by the device's own doubt, or by a number for it. */
export function signalWord(sample: Sample, settings: DeviceSettings): Word {
  const { qualityBelow } = settings;
  const { receivedAtMs, value, flags } = sample;
  const isPresent =
    qualityBelow === undefined ? hasFlag(flags, FLAG.QUESTIONABLE) : value < qualityBelow;
  return { isPresent, atMs: placedMs(sample), receivedAtMs };
}

export function deviceDueMs(state: DeviceState, settings: DeviceSettings): number | undefined {
  return state.phase === 'pending' ? state.sinceMs + settings.afterMs : undefined;
}

export function onDeviceClock(
  state: DeviceState,
  nowMs: number,
  settings: DeviceSettings,
): Step<DeviceState> {
  const dueMs = deviceDueMs(state, settings);
  if (dueMs === undefined || nowMs < dueMs) return { state };
  return raised(state, { sinceMs: state.sinceMs, atMs: dueMs });
}

export function explainDevice(state: DeviceState, settings: DeviceSettings): Explanation {
  const dueMs = deviceDueMs(state, settings);
  if (dueMs !== undefined) return { why: 'delay-running', dueMs, evidence: [] };
  const why = state.phase === 'raised' ? 'raised' : 'nothing-happened';
  return { why, ...facts(state), evidence: [] };
}
