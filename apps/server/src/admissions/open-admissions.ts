/** The room as a whole: who lies where, and what follows from it for the devices at the beds. */
import type { PatientCategory } from '@ausculta/vitals/subject';
import type { RegisteredSubject } from '../devices/registry.ts';
import { AdmissionDesk, type DeskPorts } from './admission-desk.ts';
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
  /** Of whom is known as this now. */
  readonly categoryOf: (subject: RegisteredSubject) => PatientCategory;
}

type Made = 'stays' | 'beds' | 'isKnown' | 'merges';

export async function openAdmissions(
  ports: Omit<StayPorts & BedFeedPorts & DeskPorts, Made> & {
    readonly acts: DeskPorts['merges'];
  },
): Promise<Admissions> {
  const isKnown: StayPorts['isKnown'] = (id) => ports.registry.subjects.has(id);
  const stays = await Stays.open({ ...ports, isKnown });
  const beds = new BedFeeds({ ...ports, stays });
  const parts = { ...ports, stays, beds, merges: ports.acts };
  // What a crash has left undone; almost always nothing.
  await finishAll(parts);
  await followBeds(parts);
  const { census } = stays;
  const categoryOf: Admissions['categoryOf'] = (subject) =>
    categoryAt(subject, census.of(subject.id), { ofBed: 'unknown', nowMs: ports.nowMs() }).category;
  return { beds, desk: new AdmissionDesk(parts), census, categoryOf };
}
