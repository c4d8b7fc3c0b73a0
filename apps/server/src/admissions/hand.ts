import type { Fault } from '@ausculta/vitals/fault';
import type { RegisteredDevice } from '../devices/known-device.ts';
import type { Acts } from '../reattribution/acts.ts';
import type { Handing } from './bed-follower.ts';

/** Gives a device to somebody, or takes it off. Nobody's account: the feed or the admission says so. */
export async function hand(
  acts: Pick<Acts, 'assign' | 'release'>,
  device: RegisteredDevice,
  { subjectId, fromMs, nowMs }: Handing & { readonly nowMs: number },
): Promise<Fault | undefined> {
  const who = { organisationId: device.organisationId, accountId: undefined };
  const handOver = (atMs: number) =>
    subjectId === undefined
      ? acts.release(who, device, atMs)
      : acts.assign(who, device, { subjectId, fromMs: atMs });
  const handed = await handOver(fromMs);
  if (handed.ok) return undefined;
  if (handed.fault.code !== 'LEGAL_HOLD') return handed.fault;
  // Nothing leaves a record that is held, but what comes from now on may go elsewhere.
  const anew = await handOver(nowMs);
  return anew.ok ? undefined : anew.fault;
}
