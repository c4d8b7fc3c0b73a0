/** Opens the HL7 door by its settings: the list of senders, the certificate, who may be asked. */
import { readFileSync } from 'node:fs';
import type { Admissions } from '../admissions/open-admissions.ts';
import type { Hl7Listen } from '../config.ts';
import { errorCode, StartProblem } from '../database/start-problem.ts';
import type { Registry } from '../devices/registry.ts';
import { portProblem } from '../port-problem.ts';
import { readSenders } from './hl7/senders.ts';
import { openHl7Door } from './hl7.ts';
import type { IntakePorts } from './intake.ts';
import type { DoorTls, Listening } from './listener.ts';

export interface Hl7ListenerPorts {
  readonly intake: IntakePorts;
  readonly registry: Registry;
  readonly admissions: Admissions;
  readonly nowMs: () => number;
  readonly newId: () => string;
}

/** Undefined where the settings leave the door closed. */
export async function openHl7(
  listen: Hl7Listen | undefined,
  ports: Hl7ListenerPorts,
): Promise<Listening | undefined> {
  if (listen === undefined) return undefined;
  const { intake, registry, admissions, nowMs, newId } = ports;
  const { beds, desk } = admissions;
  const senders = readSenders(
    readText('AUSCULTA_HL7_SENDERS', listen.sendersFile).toString('utf8'),
  );
  if (typeof senders === 'string') {
    throw unusable(`The list in AUSCULTA_HL7_SENDERS cannot be used: ${senders}. Mend it.`);
  }
  const { host, port, tls } = listen;
  return await openHl7Door(
    { host, port, senders, tls: tls && readTls(tls) },
    {
      intake,
      nowMs,
      newId,
      beds,
      desk,
      deviceById: (id) => registry.devices.get(id),
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

function readTls({ certFile, keyFile, caFile }: NonNullable<Hl7Listen['tls']>): DoorTls {
  return {
    cert: readText('AUSCULTA_HL7_TLS_CERT', certFile),
    key: readText('AUSCULTA_HL7_TLS_KEY', keyFile),
    ca: caFile === undefined ? undefined : readText('AUSCULTA_HL7_TLS_CA', caFile),
  };
}

function readText(setting: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw unusable(
      `${setting} names a file that cannot be read (${errorCode(cause)}). Mend it.`,
      cause,
    );
  }
}

function unusable(message: string, cause?: unknown): StartProblem {
  return new StartProblem('HL7_DOOR_UNUSABLE', message, cause);
}
