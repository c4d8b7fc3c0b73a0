import type { DeviceSummary } from '@ausculta/contract/devices';
import type { SubjectView } from '@ausculta/contract/subjects';
import { byPlace, nameText } from '../vitals/identity-text.ts';

interface ListedDevice {
  readonly device: DeviceSummary;
  readonly wearer: SubjectView | undefined;
}

/** Those that somebody wears as their wearers lie, then the free ones, then those out of use. */
export function listDevices(known: {
  readonly devices: readonly DeviceSummary[];
  readonly subjects: readonly SubjectView[];
  /** In the name of the device or its wearer. */
  readonly wanted: string;
}): ListedDevice[] {
  const bySubject = new Map(known.subjects.map((subject) => [subject.id, subject]));
  const wanted = known.wanted.trim().toLowerCase();
  return known.devices
    .map((device) => ({ device, wearer: bySubject.get(device.wornBy ?? '') }))
    .filter((row) => wordsOf(row).toLowerCase().includes(wanted))
    .sort(
      (one, other) =>
        rank(one) - rank(other) ||
        (one.wearer && other.wearer ? byPlace(one.wearer, other.wearer) : 0) ||
        one.device.id.localeCompare(other.device.id, 'en', { numeric: true }),
    );
}

function wordsOf({ device, wearer }: ListedDevice): string {
  const own = [device.id, device.model];
  if (wearer === undefined) return own.join(' ');
  const { identity } = wearer;
  return [...own, nameText(identity), identity.recordNumber, identity.ward, `bed ${identity.bed}`]
    .filter(Boolean)
    .join(' ');
}

function rank({ device, wearer }: ListedDevice): number {
  if (wearer !== undefined) return 0;
  return device.isDisabled ? 2 : 1;
}
