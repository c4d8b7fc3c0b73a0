/** The room as a whole: who lies where, and what follows from it for the devices at the beds. */
import { type BedFeedPorts, BedFeeds } from './bed-feeds.ts';
import { type StayPorts, Stays } from './stays.ts';
import { Turns } from './turns.ts';

export interface Admissions {
  readonly beds: BedFeeds;
}

export async function openAdmissions(
  ports: Omit<StayPorts, 'isKnown'> & Omit<BedFeedPorts, 'stays' | 'turns'>,
): Promise<Admissions> {
  const isKnown: StayPorts['isKnown'] = (id) => ports.registry.subjects.has(id);
  const stays = await Stays.open({ ...ports, isKnown });
  const turns = new Turns();
  const beds = new BedFeeds({ ...ports, stays, turns });
  return { beds };
}
