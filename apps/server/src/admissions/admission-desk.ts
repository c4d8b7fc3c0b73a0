/**
 * Takes what an admission system says (HL7 v2 ADT): one message after the other, each in one
 * transaction of what is known of the person, where they lie, and the audit. A message that was taken
 * before changes nothing; one that contradicts what is known is a fault, and its door keeps it.
 */

import { UNSUPPORTED_MESSAGE } from '@ausculta/codecs/hl7-ack';
import type { AdtAction, AdtPerson, Hl7Adt } from '@ausculta/codecs/hl7-adt';
import { expect } from '@ausculta/vitals/expect';
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import { type OrganisationId, parseSubjectId } from '@ausculta/vitals/identity';
import type { PatientCategory } from '@ausculta/vitals/subject';
import type { Sql } from '../database/pool.ts';
import type { RegisteredSubject } from '../devices/registry.ts';
import { type AuditAct, appendAudit } from '../vault/audit.ts';
import type { SubjectKeys } from '../vault/vault.ts';
import { type Bed, isBed } from './bed.ts';
import { type BedDevicePorts, followBeds } from './bed-devices.ts';
import type { Stay } from './census.ts';
import { type Movement, move, type Notice } from './movement.ts';
import { categoryFrom, identityFrom, placedIdentity, recordNumbers } from './person.ts';
import { insertMovement, subjectOfMessage } from './store.ts';
import type { Turns } from './turns.ts';

export interface AdmissionMessage {
  readonly organisationId: OrganisationId;
  /** The device that the sender is: who is to be asked about it. */
  readonly senderId: string;
  /** Names the message: the same bytes of the same sender, the same id. */
  readonly messageId: string;
  readonly adt: Hl7Adt;
  /** MSH-7, for a message whose EVN says nothing. */
  readonly sentMs: number | undefined;
  readonly receivedMs: number;
  readonly categoryOf: (unit: string) => PatientCategory;
}

export interface DeskPorts extends BedDevicePorts {
  readonly sql: Sql;
  readonly keys: SubjectKeys;
  readonly turns: Turns;
  readonly newId: () => string;
}

type Taken = Movement | 'update';

const TAKEN: Partial<Record<AdtAction, Taken>> = {
  admit: 'admit',
  transfer: 'transfer',
  discharge: 'discharge',
  update: 'update',
  'cancel-admit': 'cancel-admit',
  'cancel-transfer': 'cancel-transfer',
  'cancel-discharge': 'cancel-discharge',
};

const ACTS: Record<Taken, AuditAct> = {
  admit: 'patient-admitted',
  transfer: 'patient-transferred',
  discharge: 'patient-discharged',
  update: 'patient-updated',
  'cancel-admit': 'admission-cancelled',
  'cancel-transfer': 'transfer-cancelled',
  'cancel-discharge': 'discharge-cancelled',
};

/** A message, and whom it is about. */
interface Told {
  readonly message: AdmissionMessage;
  readonly what: Taken;
  readonly person: AdtPerson;
  readonly numbers: readonly string[];
  readonly known: RegisteredSubject | undefined;
}

export class AdmissionDesk {
  readonly #ports: DeskPorts;

  constructor(ports: DeskPorts) {
    this.#ports = ports;
  }

  /** Durable when it resolves with a value; rejects when the database does not answer. */
  take(message: AdmissionMessage): Promise<Result<void>> {
    return this.#ports.turns.run(() => this.#take(message));
  }

  async #take(message: AdmissionMessage): Promise<Result<void>> {
    const { sql, stays } = this.#ports;
    const { organisationId, messageId } = message;
    const told = this.#read(message);
    if (!told.ok) return told;
    const before = await subjectOfMessage(sql, organisationId, messageId);
    if (before !== undefined) {
      // Its answer was lost, and perhaps what follows from it was not done.
      const visit = stays.census.of(before)?.visit;
      await this.#follow(organisationId, [visit?.left?.bed, visit?.place?.bed]);
      return ok(undefined);
    }
    return await this.#apply(told.value);
  }

  #read(message: AdmissionMessage): Result<Told> {
    const { action, persons } = message.adt;
    const what = TAKEN[action];
    if (what === undefined) return fail('PAYLOAD_MALFORMED', UNSUPPORTED_MESSAGE);
    const [person, ...others] = persons;
    if (person === undefined || others.length > 0) return fail('PAYLOAD_MALFORMED', 'PID: one');
    const numbers = recordNumbers(person.patient.identifiers);
    if (numbers.length === 0) return fail('PAYLOAD_MALFORMED', 'PID-3');
    const found = new Set(numbers.flatMap((number) => this.#patientOf(message, number) ?? []));
    if (found.size > 1) return fail('MOVEMENT_REFUSED', 'PID-3: numbers of different patients');
    const [known] = found;
    if (known === undefined && what !== 'admit') return fail('PATIENT_UNKNOWN', 'PID-3');
    return ok({ message, what, person, numbers, known });
  }

  #patientOf({ organisationId }: AdmissionMessage, number: string): RegisteredSubject | undefined {
    const { registry, beds } = this.#ports;
    const found = registry.subjectByNumber(organisationId, number);
    return found === undefined || beds.isUnknown(found.id) ? undefined : found;
  }

  async #apply(told: Told): Promise<Result<void>> {
    const { stays } = this.#ports;
    const { message, what, known } = told;
    const { organisationId } = message;
    const stay = known && stays.census.of(known.id);
    const moved = what === 'update' ? this.#updated(told, stay) : this.#moved(told, what, stay);
    if (!moved.ok) return moved;
    const subject = known ?? (await this.#addPatient(told));
    const after = { ...moved.value, subjectId: subject.id };
    await this.#write(told, subject, after);
    await this.#follow(organisationId, [stay?.place?.bed, after.place?.bed]);
    return ok(undefined);
  }

  #updated({ message }: Told, stay: Stay | undefined): Result<Omit<Stay, 'subjectId'>> {
    const { organisationId } = message;
    if (recordedOf(message) < (stay?.detailsMs ?? 0)) {
      return fail('MOVEMENT_LATE', 'EVN-2: a newer message about this patient came before');
    }
    return ok(stay ?? { organisationId, isUnknown: false, place: undefined });
  }

  #moved(
    { message, person, known }: Told,
    what: Movement,
    stay: Stay | undefined,
  ): Result<Omit<Stay, 'subjectId'>> {
    const { organisationId } = message;
    const { census } = this.#ports.stays;
    const isTaken = (bed: Bed): boolean => {
      const other = census.admittedTo(organisationId, bed);
      return other !== undefined && other.subjectId !== known?.id;
    };
    const visit = move(stay?.visit, noticeOf(message, person, what), isTaken);
    if (!visit.ok) return visit;
    const { place } = visit.value;
    return ok({ ...stay, organisationId, isUnknown: false, place, visit: visit.value });
  }

  async #addPatient({ message, person, numbers }: Told): Promise<RegisteredSubject> {
    const { registry, newId } = this.#ports;
    const id = parseSubjectId(newId());
    const [recordNumber] = numbers;
    expect(id !== undefined && recordNumber !== undefined, 'a new patient has an id and a number');
    return await registry.addSubject({
      organisationId: message.organisationId,
      id,
      kind: 'patient',
      category: 'unknown',
      paced: 'unknown',
      identity: identityFrom(person, undefined, recordNumber),
    });
  }

  async #write(told: Told, subject: RegisteredSubject, moved: Stay): Promise<void> {
    const { sql, registry, stays, keys } = this.#ports;
    const { message, what, person } = told;
    const recordedMs = recordedOf(message);
    const isNewest = recordedMs >= (moved.detailsMs ?? 0);
    const stay = isNewest ? { ...moved, detailsMs: recordedMs } : moved;
    const { recordNumber } = subject.identity;
    const identity = isNewest
      ? identityFrom(person, subject.identity, recordNumber)
      : subject.identity;
    const { place } = stay;
    const ofBed = place === undefined ? 'unknown' : message.categoryOf(place.bed.unit);
    const after: RegisteredSubject = {
      ...subject,
      identity: placedIdentity(identity, place),
      category: categoryFrom(subject.category, identity, { ofBed, nowMs: message.receivedMs }),
    };
    const seal = keys.sealOf(subject.id);
    await sql.begin(async (tx) => {
      await registry.rewrite(tx, after);
      await stays.write(tx, stay);
      await insertMovement(tx, {
        organisation_id: message.organisationId,
        subject_id: subject.id,
        message_id: message.messageId,
        what,
        at_ms: happenedAt(message),
        received_ms: message.receivedMs,
      });
      const value = {
        sender: message.senderId,
        before: { identity: subject.identity, category: subject.category },
        after: { identity: after.identity, category: after.category },
      };
      await appendAudit(tx, {
        organisationId: message.organisationId,
        actor: undefined,
        act: ACTS[what],
        target: `subject/${subject.id}`,
        atMs: message.receivedMs,
        ...(seal && { detail: { seal, value } }),
      });
    });
    registry.rewritten(after);
    stays.census.set(stay);
  }

  async #follow(organisationId: OrganisationId, left: readonly (Bed | undefined)[]): Promise<void> {
    const beds = left.filter((bed) => bed !== undefined);
    await followBeds(this.#ports, { organisationId, beds });
  }
}

/** EVN-2; nothing that has been recorded is newer than when it came. */
function recordedOf({ adt, sentMs, receivedMs }: AdmissionMessage): number {
  return Math.min(adt.recordedMs ?? sentMs ?? receivedMs, receivedMs);
}

function happenedAt(message: AdmissionMessage): number {
  return Math.min(message.adt.occurredMs ?? recordedOf(message), message.receivedMs);
}

function noticeOf(message: AdmissionMessage, { visit }: AdtPerson, what: Movement): Notice {
  const { location, priorLocation, visitNumber } = visit ?? {};
  return {
    what,
    atMs: happenedAt(message),
    recordedMs: recordedOf(message),
    receivedMs: message.receivedMs,
    bed: isBed(location) ? location : undefined,
    priorBed: isBed(priorLocation) ? priorLocation : undefined,
    visitNumber,
  };
}
