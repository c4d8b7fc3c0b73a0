/** The room as a whole: who lies where, and what follows from it for the devices at the beds. */
import { AdmissionDesk, type DeskPorts } from './admission-desk.ts';
import { followBeds } from './bed-devices.ts';
import { type BedFeedPorts, BedFeeds } from './bed-feeds.ts';
import type { Census } from './census.ts';
import { finishAll } from './merge-moves.ts';
import { type StayPorts, Stays } from './stays.ts';
import { Turns } from './turns.ts';

export interface Admissions {
  readonly beds: BedFeeds;
  readonly desk: AdmissionDesk;
  readonly census: Census;
}

type Made = 'stays' | 'turns' | 'beds' | 'isKnown' | 'merges';

export async function openAdmissions(
  ports: Omit<StayPorts & BedFeedPorts & DeskPorts, Made> & {
    readonly acts: DeskPorts['merges'];
  },
): Promise<Admissions> {
  const isKnown: StayPorts['isKnown'] = (id) => ports.registry.subjects.has(id);
  const stays = await Stays.open({ ...ports, isKnown });
  const turns = new Turns();
  const beds = new BedFeeds({ ...ports, stays, turns });
  const parts = { ...ports, stays, turns, beds, merges: ports.acts };
  // What a crash has left undone; almost always nothing.
  await finishAll(parts);
  await followBeds(parts);
  return { beds, desk: new AdmissionDesk(parts), census: stays.census };
}
