/** The room as a whole: who lies where, and what follows from it for the devices at the beds. */
import { AdmissionDesk, type DeskPorts } from './admission-desk.ts';
import { followBeds } from './bed-devices.ts';
import { type BedFeedPorts, BedFeeds } from './bed-feeds.ts';
import { type StayPorts, Stays } from './stays.ts';
import { Turns } from './turns.ts';

export interface Admissions {
  readonly beds: BedFeeds;
  readonly desk: AdmissionDesk;
}

type Made = 'stays' | 'turns' | 'beds' | 'isKnown';

export async function openAdmissions(
  ports: Omit<StayPorts & BedFeedPorts & DeskPorts, Made>,
): Promise<Admissions> {
  const isKnown: StayPorts['isKnown'] = (id) => ports.registry.subjects.has(id);
  const stays = await Stays.open({ ...ports, isKnown });
  const turns = new Turns();
  const beds = new BedFeeds({ ...ports, stays, turns });
  const parts = { ...ports, stays, turns, beds };
  // What a crash has left undone; almost always nothing.
  await followBeds(parts);
  return { beds, desk: new AdmissionDesk(parts) };
}
