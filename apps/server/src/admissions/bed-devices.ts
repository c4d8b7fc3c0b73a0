/** The devices at the beds, handed on to whoever has come and taken off who has left. */
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { RegisteredDevice } from '../devices/known-device.ts';
import type { Registry } from '../devices/registry.ts';
import type { Acts } from '../reattribution/acts.ts';
import { type Bed, bedKey } from './bed.ts';
import type { BedFeeds } from './bed-feeds.ts';
import { followBed, statementOf, type WornDevice } from './bed-follower.ts';
import { hand } from './hand.ts';
import type { Stays } from './stays.ts';

export interface BedDevicePorts {
  readonly registry: Registry;
  readonly stays: Stays;
  readonly acts: Pick<Acts, 'assign' | 'release'>;
  readonly beds: Pick<BedFeeds, 'isUnknown' | 'unknownSince'>;
  readonly nowMs: () => number;
  readonly onProblem: (what: string, error: unknown) => void;
}

/** Those at these beds of an organisation; at all beds where nothing is said. */
export async function followBeds(
  ports: BedDevicePorts,
  which?: { readonly organisationId: OrganisationId; readonly beds: readonly Bed[] },
): Promise<void> {
  const keys = which?.beds.map(bedKey);
  for (const [deviceId, bed] of ports.stays.devicesAtBeds()) {
    const device = ports.registry.devices.get(deviceId);
    if (device === undefined) continue;
    if (which !== undefined && device.organisationId !== which.organisationId) continue;
    if (keys?.includes(bedKey(bed)) ?? true) await followOne(ports, device, bed);
  }
}

async function followOne(ports: BedDevicePorts, device: RegisteredDevice, bed: Bed): Promise<void> {
  const { acts, beds, stays, nowMs, onProblem } = ports;
  const view = viewOf(ports, device, bed);
  const statement = statementOf(view);
  if (statement === undefined || statement === stays.followedAt(device.id)) return;
  const handing = followBed(view);
  if (handing !== undefined) {
    const { fromMs } = handing;
    const subjectId = handing.subjectId ?? (await beds.unknownSince(device, bed, fromMs));
    const fault = await hand(acts, device, { subjectId, fromMs, nowMs: nowMs() });
    if (fault !== undefined) {
      onProblem('hand on the device of a bed', new Error(fault.code));
      return;
    }
  }
  await stays.noteFollowed(device, statement);
}

function viewOf(
  { registry, stays, beds, nowMs }: BedDevicePorts,
  device: RegisteredDevice,
  bed: Bed,
): WornDevice {
  const atMs = nowMs();
  const { census } = stays;
  const worn = device.wearers.find(
    ({ fromMs, untilMs = Number.POSITIVE_INFINITY }) => fromMs <= atMs && atMs < untilMs,
  );
  const occupant = census.admittedTo(device.organisationId, bed);
  const people = device.wearers.filter(({ subjectId, untilMs }) => {
    const isPerson = registry.subjects.has(subjectId) && !beds.isUnknown(subjectId);
    return isPerson && untilMs !== undefined && subjectId !== occupant?.subjectId;
  });
  const left = worn && census.of(worn.subjectId)?.visit?.left;
  return {
    worn: worn && { id: worn.subjectId, fromMs: worn.fromMs },
    freeSinceMs: Math.max(...people.map(({ untilMs = 0 }) => untilMs), 0),
    occupant: occupant?.place && { id: occupant.subjectId, place: occupant.place },
    left: left && bedKey(left.bed) === bedKey(bed) ? left : undefined,
  };
}
