/** The beds of a message: before its parts are taken in, their devices are worn by whom they should. */
import type { Hl7Decoded, Hl7Group } from '@ausculta/codecs/hl7';
import type { Fault } from '@ausculta/vitals/fault';
import { isBed } from '../../admissions/bed.ts';
import type { BedFeeds, FeedPlace } from '../../admissions/bed-feeds.ts';
import { devicesOf, type MessageContext } from './message-parts.ts';
import { categoryOfBed, type Hl7Sender } from './senders.ts';

/** Where a group was measured, if its sender is believed about that bed. */
function placeOfGroup(sender: Hl7Sender, group: Hl7Group): FeedPlace | undefined {
  const bed = group.visit?.location;
  if (!isBed(bed)) return undefined;
  const category = categoryOfBed(sender, bed.unit);
  if (category === undefined) return undefined;
  const identifiers = sender.checksPatient ? (group.patient?.identifiers ?? []) : [];
  const numbers = identifiers.map(({ id }) => id);
  return { bed, category, numbers, measuredMs: earliestOf(group) };
}

function earliestOf({ orders }: Hl7Group): number | undefined {
  const stamps = orders.flatMap(({ readings, waveforms }) => [
    ...readings.flatMap(({ stampMs }) => stampMs ?? []),
    ...waveforms.map(({ startMs }) => startMs),
  ]);
  return stamps.length === 0 ? undefined : stamps.reduce((a, b) => Math.min(a, b));
}

/** Undefined, at once, where nothing has to be done. */
export function settleBeds(
  decoded: Hl7Decoded,
  context: MessageContext,
  beds: Pick<BedFeeds, 'introduce' | 'settle'>,
): Promise<Fault | undefined> | undefined {
  if (decoded.kind !== 'observations' || context.sender.beds === undefined) return undefined;
  const waiting = decoded.groups.flatMap((group) => {
    const place = placeOfGroup(context.sender, group);
    return place === undefined ? [] : settleGroup(group, { place, context, beds });
  });
  if (waiting.length === 0) return undefined;
  return Promise.all(waiting).then((faults) => faults.find((fault) => fault !== undefined));
}

function settleGroup(
  group: Hl7Group,
  {
    place,
    context,
    beds,
  }: { place: FeedPlace; context: MessageContext; beds: Pick<BedFeeds, 'introduce' | 'settle'> },
): Promise<Fault | undefined>[] {
  return [...devicesOf(group, context)].flatMap((device) => {
    if (device === undefined) return [beds.introduce(context.own, place)];
    const settling = beds.settle(device, place);
    return settling === undefined ? [] : [settling];
  });
}
