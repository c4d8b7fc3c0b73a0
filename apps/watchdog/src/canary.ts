/**
 * The canary: an invented patient in the watchdog's own house, whose blood pressure is far too high when the
 * watchdog wants to hear an alarm. Each day it is another one, and the last one is erased with all its alarms.
 */
import { Erasure } from '@ausculta/contract/erasure';
import { DeviceCreated, SubjectList, SubjectView } from '@ausculta/contract/subjects';
import type { ServerClient } from './server-client.ts';

const DEVICE = 'canary-cuff';
const NAME = 'Canary';

export interface Canary {
  readonly subjectId: string;
  readonly deviceId: string;
  readonly deviceToken: string;
}

/** A new canary; those of before are erased. */
export async function hatch(server: ServerClient): Promise<Canary> {
  const { subjects } = await server.ask('/api/subjects', SubjectList);
  const identity = { familyName: NAME, invented: true };
  const { id: subjectId } = await server.ask('/api/subjects', SubjectView, {
    kind: 'patient',
    category: 'adult',
    identity,
  });
  const deviceToken = await deviceOf(server, subjectId);
  for (const { id, identity: old } of subjects) {
    const order = { recordNumber: old.recordNumber, stopMonitoring: true };
    await server.ask(`/api/subjects/${id}/erasure`, Erasure, order);
  }
  return { subjectId, deviceId: DEVICE, deviceToken };
}

async function deviceOf(server: ServerClient, subjectId: string): Promise<string> {
  const made = { id: DEVICE, model: 'Watchdog', subjectId };
  const created = await server.tryAsk('/api/devices', DeviceCreated, made);
  if (created !== undefined) return created.token;
  await server.tell(`/api/devices/${DEVICE}/assignment`, { subjectId });
  const { token } = await server.ask(`/api/devices/${DEVICE}/token`, DeviceCreated, {});
  return token;
}
