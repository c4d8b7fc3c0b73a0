/** The room as a whole: who lies where, and what follows from it for the devices at the beds. */
import type { SubjectId } from '@ausculta/vitals/identity';
import type { PatientCategory } from '@ausculta/vitals/subject';
import type { RegisteredDevice } from '../devices/known-device.ts';
import type { RegisteredSubject, Registry } from '../devices/registry.ts';
import { AdmissionDesk, type DeskPorts } from './admission-desk.ts';
import type { Bed } from './bed.ts';
import { followBeds } from './bed-devices.ts';
import { type BedFeedPorts, BedFeeds } from './bed-feeds.ts';
import { categoryAt } from './category.ts';
import type { Census } from './census.ts';
import { finishAll } from './merge-moves.ts';
import { type StayPorts, Stays } from './stays.ts';

export interface Admissions {
  readonly beds: BedFeeds;
  readonly desk: AdmissionDesk;
  readonly census: Census;
  /** Where a device stands, as it said last, and who was admitted there; undefined where it has not said. */
  readonly standsAt: (device: RegisteredDevice) => Standing | undefined;
}

export interface Standing {
  readonly bed: Bed;
  readonly admitted: SubjectId | undefined;
}

type Made = 'beds' | 'merges';

/** Before all else that asks which records are one person's: alarms and readings are told by it. */
export async function openStays(
  ports: Omit<StayPorts, 'isKnown'> & { readonly registry: Pick<Registry, 'subjects'> },
): Promise<Stays> {
  return await Stays.open({ ...ports, isKnown: (id) => ports.registry.subjects.has(id) });
}

export async function openAdmissions(
  ports: Omit<BedFeedPorts & DeskPorts, Made> & { readonly acts: DeskPorts['merges'] },
): Promise<Admissions> {
  const { stays } = ports;
  const beds = new BedFeeds(ports);
  const parts = { ...ports, beds, merges: ports.acts };
  // What a crash has left undone; almost always nothing.
  await finishAll(parts);
  await followBeds(parts);
  const { census } = stays;
  const standsAt: Admissions['standsAt'] = ({ id, organisationId }) => {
    const bed = stays.bedOf(id);
    return bed && { bed, admitted: census.admittedTo(organisationId, bed)?.subjectId };
  };
  return { beds, desk: new AdmissionDesk(parts), census, standsAt };
}

/** Of whom is known as this now. */
export function categoryNow(
  subject: RegisteredSubject,
  census: Census,
  nowMs: number,
): PatientCategory {
  return categoryAt(subject, census.of(subject.id), { ofBed: 'unknown', nowMs }).category;
}
