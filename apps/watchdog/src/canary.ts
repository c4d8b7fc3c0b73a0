/**
 * The canary: an invented patient in the watchdog's own house, whose blood pressure is far too high when the
 * watchdog wants to hear an alarm. Each day it is another one, and the last one is erased with all its alarms.
 */

import { DeviceList } from '@ausculta/contract/devices';
import { Erasure } from '@ausculta/contract/erasure';
import { DeviceCreated, SubjectList, SubjectView } from '@ausculta/contract/subjects';
import type { ServerClient } from './server-client.ts';

const NAME = 'Canary';

export interface Canary {
  readonly subjectId: string;
  readonly deviceId: string;
  readonly deviceToken: string;
}

/** A new canary; those of before are erased. */
export async function hatch(server: ServerClient, newId: () => string): Promise<Canary> {
  const { subjects } = await server.ask('/api/subjects', SubjectList);
  const identity = { familyName: NAME, invented: true };
  const { id: subjectId } = await server.ask('/api/subjects', SubjectView, {
    kind: 'patient',
    category: 'adult',
    identity,
  });
  const { id: deviceId, token: deviceToken } = await deviceOf(server, subjectId, newId);
  for (const { id, identity: old } of subjects) {
    const order = { recordNumber: old.recordNumber, stopMonitoring: true };
    await server.ask(`/api/subjects/${id}/erasure`, Erasure, order);
  }
  return { subjectId, deviceId, deviceToken };
}

/** The same one each day; its name is nobody else's, for devices of all houses share their names. */
async function deviceOf(
  server: ServerClient,
  subjectId: string,
  newId: () => string,
): Promise<DeviceCreated> {
  const { devices } = await server.ask('/api/devices', DeviceList);
  const known = devices[0]?.id;
  if (known === undefined) {
    const made = { id: `canary-${newId()}`, model: 'Watchdog', subjectId };
    return await server.ask('/api/devices', DeviceCreated, made);
  }
  await server.tell(`/api/devices/${known}/assignment`, { subjectId });
  return await server.ask(`/api/devices/${known}/token`, DeviceCreated, {});
}
