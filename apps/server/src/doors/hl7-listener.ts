/** Opens the HL7 door by its settings: the list of senders, the certificate, who may be asked. */
import type { Admissions } from '../admissions/open-admissions.ts';
import type { Registry } from '../devices/registry.ts';
import type { ListedDoor } from '../door-settings.ts';
import { portProblem } from '../port-problem.ts';
import type { TlsSource } from '../tls-source.ts';
import { type DoorNames, readDoorList } from './door-files.ts';
import { readSenders } from './hl7/senders.ts';
import { openHl7Door } from './hl7.ts';
import type { IntakePorts } from './intake.ts';
import type { Listening } from './listener.ts';

const NAMES: DoorNames = {
  door: 'HL7',
  list: 'AUSCULTA_HL7_SENDERS',
  unusable: 'HL7_DOOR_UNUSABLE',
};

export interface Hl7ListenerPorts {
  readonly intake: IntakePorts;
  readonly registry: Registry;
  readonly admissions: Admissions;
  readonly nowMs: () => number;
  readonly newId: () => string;
  readonly after: (delayMs: number, run: () => void) => void;
}

/** Undefined where the settings leave the door closed. */
export async function openHl7(
  listen: ListedDoor | undefined,
  tls: TlsSource | undefined,
  ports: Hl7ListenerPorts,
): Promise<Listening | undefined> {
  if (listen === undefined) return undefined;
  const { intake, registry, admissions, nowMs, newId, after } = ports;
  const { beds, desk } = admissions;
  const { host, port } = listen;
  const senders = readDoorList(NAMES, listen, readSenders);
  return await openHl7Door(
    { host, port, senders, tls },
    {
      intake,
      nowMs,
      newId,
      after,
      beds,
      desk,
      // One that is out of use is nobody's voice here.
      deviceById: (id) => {
        const device = registry.devices.get(id);
        return device?.isDisabled ? undefined : device;
      },
      isMeant: (device, numbers) => {
        const subjectId = device.wearerNow(nowMs());
        if (subjectId === undefined || beds.isUnknown(subjectId)) return true;
        return beds.isMeant(subjectId, device.organisationId, numbers);
      },
    },
  ).catch((cause: unknown) => {
    throw portProblem('HL7', listen, cause);
  });
}
