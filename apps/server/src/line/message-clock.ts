/** What the times of a message say of its device's clock, whatever the message holds. */
import {
  type ClockChange,
  type ClockState,
  type ClockStep,
  isInDoubt,
  RECEIPT_EPOCH,
  readClock,
  startClock,
} from './clock.ts';
import type { MessageTimes } from './clock-lag.ts';
import { type PartFault, WHOLE_MESSAGE } from './entry.ts';
import type { Accepted, KnownDevice } from './placement.ts';

/** Whether doubt about the device's clock leaves open who was measured (safety S16). */
export function isHeld(device: KnownDevice, timeMs: number, receivedMs: number): boolean {
  const { clock } = device;
  if (clock === undefined || !isInDoubt(clock)) return false;
  return !device.isWornThroughout({ fromMs: timeMs, toMs: receivedMs });
}

/** A device that has sent no time yet keeps a clock nobody has seen: the receipt's. */
const UNSEEN_CLOCK: ClockState = {
  epoch: RECEIPT_EPOCH,
  offsetMs: 0,
  newestStampMs: Number.NEGATIVE_INFINITY,
  suspect: undefined,
};

export function clockAfter(device: KnownDevice, times: MessageTimes | undefined): ClockStep {
  const { clock } = device;
  if (times === undefined) return { state: clock ?? UNSEEN_CLOCK, change: undefined };
  return clock === undefined || clock === UNSEEN_CLOCK
    ? startClock(times)
    : readClock(clock, times);
}

/** What is wrong with the message as a whole, before its parts are looked at. */
export function faultsOf({ fault }: ClockStep): PartFault[] {
  return fault === undefined ? [] : [{ index: WHOLE_MESSAGE, fault }];
}

export function needsClock({ state }: ClockStep, change: ClockChange): Accepted {
  return { kind: 'needs', needs: { clock: { change, state }, series: [] } };
}

/** The newest and the oldest stamp of a message's parts; undefined when none has one. */
export function timesOf(
  parts: readonly { readonly stampMs?: number }[],
  message: { readonly receivedMs: number; readonly sentMs?: number | undefined },
): MessageTimes | undefined {
  let newest = Number.NEGATIVE_INFINITY;
  let oldest = Number.POSITIVE_INFINITY;
  for (const { stampMs } of parts) {
    if (stampMs === undefined) continue;
    if (stampMs > newest) newest = stampMs;
    if (stampMs < oldest) oldest = stampMs;
  }
  if (newest === Number.NEGATIVE_INFINITY) return undefined;
  const times = { newestStampMs: newest, oldestStampMs: oldest, receivedMs: message.receivedMs };
  return message.sentMs === undefined ? times : { ...times, sentMs: message.sentMs };
}
