/** What a report of a health device holds, cut into what goes through intake at once. */
import type { PhdReport } from '@ausculta/codecs/phd-readings';
import { fail } from '@ausculta/vitals/fault';
import { type PartFault, WHOLE_MESSAGE } from '../../line/entry.ts';
import { isMeasurable } from '../decode.ts';
import type { Decoded } from '../intake.ts';

const OTHER_PERSON = 'a person id that is not the userSlot of this agent';

/** `others`: persons whose measurements are in nobody's record; their message is parked (safety S16). */
export function partsOfReport(
  { readings, events, waveforms, faults }: PhdReport,
  others: number,
): Decoded[] {
  const runs = waveforms.filter(isMeasurable);
  const told: PartFault[] = [...faults];
  if (others > 0) told.push(whole(fail('PATIENT_DIFFERS', OTHER_PERSON).fault));
  if (runs.length < waveforms.length) told.push(whole(fail('STAMP_INVALID', 'a waveform').fault));
  const parts: Decoded[] = [];
  if (readings.length > 0) {
    parts.push({ kind: 'readings', readings, sentMs: undefined, faults: told });
  } else if (told.length > 0) parts.push({ kind: 'nothing', faults: told });
  if (runs.length > 0) parts.push({ kind: 'waveforms', runs, faults: [] });
  if (events.length > 0) parts.push({ kind: 'events', events, faults: [] });
  return parts;
}

function whole(fault: PartFault['fault']): PartFault {
  return { index: WHOLE_MESSAGE, fault };
}

/** A device of one person says 0 or nothing; one of several has to be told which of them is meant. */
export function isOwnPerson(personId: number, userSlot: number | undefined): boolean {
  return personId === (userSlot ?? 0);
}
