/** What the platform itself tells: readings, alarms, what the audit has, and the devices of the registry. Nobody writes it by FHIR. */
import type { OrganisationId } from '@ausculta/vitals/identity';
import { type AlarmFlags, FLAG } from './alarm-flags.ts';
import { type Answer, NOT_HERE, refuse } from './answer.ts';
import { AUDIT_EVENT, type AuditEvents } from './audit-events.ts';
import type { DevicesById } from './devices-by-id.ts';
import type { DocumentName, FhirDocument } from './document.ts';
import type { ReadingsById } from './reading-by-id.ts';
import { isShown } from './shown-by-registry.ts';

export interface ToldPorts {
  readonly readings: Pick<ReadingsById, 'isOne'>;
  readonly alarmFlags: Pick<AlarmFlags, 'isOne'>;
  readonly devices: Pick<DevicesById, 'told'>;
}

export interface ReadToldPorts {
  readonly auditEvents: Pick<AuditEvents, 'read'>;
  readonly readings: Pick<ReadingsById, 'isOne' | 'read'>;
  readonly alarmFlags: Pick<AlarmFlags, 'isOne' | 'read'>;
  readonly devices: Pick<DevicesById, 'told'>;
}

/** Undefined where it is not told here. */
export async function readTold(
  organisationId: OrganisationId,
  name: DocumentName,
  { readings, alarmFlags, devices, auditEvents }: ReadToldPorts,
): Promise<Answer<FhirDocument> | undefined> {
  if (name.type === AUDIT_EVENT) return await auditEvents.read(organisationId, name.id);
  if (name.type === FLAG) return await alarmFlags.read(organisationId, name.id);
  const device = devices.told(organisationId, name);
  if (device !== undefined) return isShown(device) ? { ok: true, value: device } : NOT_HERE;
  return name.type === 'Observation' ? await readings.read(organisationId, name.id) : undefined;
}

/** Why it is not to be written, where it is told here. */
export function toldHere(
  organisationId: OrganisationId,
  name: DocumentName,
  { readings, alarmFlags, devices }: ToldPorts,
): Extract<Answer<never>, { ok: false }> | undefined {
  if (name.type === 'Observation')
    return readings.isOne(organisationId, name.id) ? IS_READING : undefined;
  if (name.type === FLAG) return alarmFlags.isOne(organisationId, name.id) ? IS_ALARM : undefined;
  return devices.told(organisationId, name) === undefined ? undefined : IS_DEVICE;
}

const IS_READING = refuse(405, {
  code: 'business-rule',
  text: 'A reading is what a device measured: it is neither changed nor deleted here.',
  at: 'Observation.id',
});

const IS_ALARM = refuse(405, {
  code: 'business-rule',
  text: 'An alarm is answered by a person on a screen: it is neither changed nor deleted here.',
  at: 'Flag.id',
});

const IS_DEVICE = refuse(405, {
  code: 'business-rule',
  text: 'A device of the registry, and what it measures, is neither changed nor deleted here.',
  at: 'id',
});
