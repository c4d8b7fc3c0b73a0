/** What the platform itself tells: readings, and the devices of the registry. Nobody writes it by FHIR. */
import type { OrganisationId } from '@ausculta/vitals/identity';
import { type Answer, refuse } from './answer.ts';
import { DEVICE, type DevicesById } from './devices-by-id.ts';
import type { DocumentName, FhirDocument } from './document.ts';
import type { ReadingsById } from './reading-by-id.ts';

export interface ToldPorts {
  readonly readings: Pick<ReadingsById, 'isOne'>;
  readonly devices: Pick<DevicesById, 'byTag'>;
}

export interface ReadToldPorts {
  readonly readings: Pick<ReadingsById, 'isOne' | 'read'>;
  readonly devices: Pick<DevicesById, 'byTag' | 'tell'>;
}

/** Undefined where it is not told here. */
export async function readTold(
  organisationId: OrganisationId,
  { type, id }: DocumentName,
  { readings, devices }: ReadToldPorts,
): Promise<Answer<FhirDocument> | undefined> {
  if (type === 'Observation') return await readings.read(organisationId, id);
  const device = type === DEVICE ? devices.byTag(organisationId, id) : undefined;
  return device && { ok: true, value: devices.tell(device) };
}

/** Why it is not to be written, where it is told here. */
export function toldHere(
  organisationId: OrganisationId,
  { type, id }: DocumentName,
  { readings, devices }: ToldPorts,
): Extract<Answer<never>, { ok: false }> | undefined {
  if (type === 'Observation') return readings.isOne(organisationId, id) ? IS_READING : undefined;
  if (type !== DEVICE) return undefined;
  return devices.byTag(organisationId, id) === undefined ? undefined : IS_DEVICE;
}

const IS_READING = refuse(405, {
  code: 'business-rule',
  text: 'A reading is what a device measured: it is neither changed nor deleted here.',
  at: 'Observation.id',
});

const IS_DEVICE = refuse(405, {
  code: 'business-rule',
  text: 'A device of the registry is neither changed nor deleted here.',
  at: 'Device.id',
});
