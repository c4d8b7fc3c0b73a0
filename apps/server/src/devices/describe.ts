/** Says what a device is, for whoever is told of it, and who has said so. */
import type { DeviceAbout } from '@ausculta/vitals/device';
import type { InLane } from '../database/pool.ts';
import { appendAudit } from '../vault/audit.ts';
import type { RegisteredDevice } from './known-device.ts';
import { writeAbout } from './store.ts';

export interface DescribePorts {
  readonly inLane: InLane;
  readonly nowMs: () => number;
}

/** `actor` is undefined where the device itself has said it. */
export async function describeDevice(
  { inLane, nowMs }: DescribePorts,
  device: RegisteredDevice,
  { about, actor }: { readonly about: DeviceAbout; readonly actor: string | undefined },
): Promise<void> {
  const { organisationId, id } = device;
  await inLane(async (tx) => {
    await writeAbout(tx, id, about);
    const entry = { act: 'device-described', target: `device/${id}`, atMs: nowMs() } as const;
    await appendAudit(tx, { organisationId, actor, ...entry });
  });
  device.about = about;
}
