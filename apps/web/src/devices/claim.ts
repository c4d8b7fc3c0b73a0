/** A claim code on its way: what its picture says, and whether the device has come. */
import type { ClaimMade, DeviceIdentityView } from '@ausculta/contract/device-identity';

export interface OpenClaim {
  readonly made: ClaimMade;
  readonly madeAtMs: number;
  /** Certificates that the device had before. */
  readonly before: readonly string[];
}

export type ClaimState = 'waiting' | 'enrolled' | 'over' | 'replaced';

/** A certificate that was not there before is the device's; without one the code is open, or it is not. */
export function claimState(
  { made, before }: OpenClaim,
  identity: DeviceIdentityView | undefined,
  nowMs: number,
): ClaimState {
  const come = identity?.certificates.some(
    ({ serial, revoked }) => revoked === null && !before.includes(serial),
  );
  if (come === true) return 'enrolled';
  const untilMs = Date.parse(made.until);
  if (nowMs >= untilMs) return 'over';
  const openMs = identity?.claimUntil == null ? undefined : Date.parse(identity.claimUntil);
  // What is known of it may be older than the code itself.
  return openMs !== undefined && openMs > untilMs ? 'replaced' : 'waiting';
}

export const estUrl = (origin: string): string => `${origin}/.well-known/est/simpleenroll`;

/**
 * The address of EST, and behind the # the device and its code: a telephone that only opens it sends the
 * code to nobody (decisions/0049).
 */
export function claimUri({ device, code }: ClaimMade, origin: string): string {
  return `${estUrl(origin)}#${new URLSearchParams({ device, code })}`;
}

/** Tries under the device's name since then that were refused. */
export function refusedSince(
  identity: DeviceIdentityView | undefined,
  sinceMs: number,
): readonly DeviceIdentityView['events'][number][] {
  const events = identity?.events ?? [];
  return events.filter(({ act, at }) => act === 'device-refused' && Date.parse(at) >= sinceMs);
}
