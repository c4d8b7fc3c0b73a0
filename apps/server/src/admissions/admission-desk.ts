/**
 * Takes what an admission system says (HL7 v2 ADT): one message after the other, each in one
 * transaction of what is known of the person, where they lie, and the audit. A message that was taken
 * before changes nothing; one that contradicts what is known is a fault, and its door keeps it.
 */
import { expect } from '@ausculta/vitals/expect';
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import { type OrganisationId, parseSubjectId } from '@ausculta/vitals/identity';
import type { Sql } from '../database/pool.ts';
import type { RegisteredSubject } from '../devices/registry.ts';
import type { Actor } from '../erasure/holds.ts';
import {
  type AdmissionMessage,
  type Named,
  noticeOf,
  readAsked,
  recordedOf,
  type Told,
} from './admission-message.ts';
import { type Moved, writeMoved } from './admission-write.ts';
import { type Bed, bedKey, isBed } from './bed.ts';
import { followBeds } from './bed-devices.ts';
import type { Stay } from './census.ts';
import { finishAll } from './merge-moves.ts';
import type { Pair } from './merged-pair.ts';
import { type MergePorts, merge, unmerge, whyNotMerged } from './merging.ts';
import { type Movement, move } from './movement.ts';
import { identityFrom, recordNumbers } from './person.ts';
import { subjectOfMessage } from './store.ts';
import { type Half, Swaps } from './swaps.ts';
import type { Turns } from './turns.ts';

export interface DeskPorts extends MergePorts {
  readonly sql: Sql;
  readonly turns: Turns;
  readonly newId: () => string;
  /** When somebody with this number was erased last, as far as that is still known. */
  readonly erasedMs: (organisationId: OrganisationId, recordNumber: string) => number | undefined;
}

/** One person of a message, and what is said of them. */
interface Case {
  readonly message: AdmissionMessage;
  readonly what: Told;
  readonly named: Named;
  readonly known: RegisteredSubject | undefined;
}

interface HeldTransfer extends Half {
  readonly of: Case;
}

export class AdmissionDesk {
  readonly #ports: DeskPorts;
  readonly #swaps: Swaps<HeldTransfer>;

  constructor(ports: DeskPorts) {
    this.#ports = ports;
    this.#swaps = new Swaps(ports.stays.census);
  }

  /** Durable when it resolves with a value; rejects when the database does not answer. */
  take(message: AdmissionMessage): Promise<Result<void>> {
    return this.#ports.turns.run(() => this.#take(message));
  }

  /** A person's word: two records are one. */
  merge(who: Actor, pair: Pair, atMs: number): Promise<Result<void>> {
    const statement = { who, atMs, messageId: undefined };
    return this.#ports.turns.run(() => merge(this.#ports, pair, statement));
  }

  /** As a merge would be answered, and nothing is done. */
  whyNotMerged(pair: Pair): Result<void> {
    return whyNotMerged(this.#ports, pair);
  }

  unmerge(who: Actor, old: RegisteredSubject, atMs: number): Promise<Result<void>> {
    const statement = { who, atMs, messageId: undefined };
    return this.#ports.turns.run(() => unmerge(this.#ports, old, statement));
  }

  async #take(message: AdmissionMessage): Promise<Result<void>> {
    const { sql, stays } = this.#ports;
    const { organisationId, messageId } = message;
    const asked = readAsked(message);
    if (!asked.ok) return asked;
    const before = await subjectOfMessage(sql, organisationId, messageId);
    if (before !== undefined) {
      // Its answer was lost, and perhaps what follows from it was not done.
      await finishAll(this.#ports, organisationId);
      const visit = stays.census.of(before)?.visit;
      await this.#follow(message, [visit?.left?.bed, visit?.place?.bed]);
      return ok(undefined);
    }
    const { what, first, second } = asked.value;
    if (what === 'merge') return await this.#merge(message, first);
    const one = this.#caseOf(message, what === 'swap' ? 'transfer' : what, first);
    if (!one.ok) return one;
    if (second === undefined) return await this.#apply(one.value);
    const other = this.#caseOf(message, 'transfer', second);
    return other.ok ? await this.#swap(one.value, other.value) : other;
  }

  #caseOf(message: AdmissionMessage, what: Told, named: Named): Result<Case> {
    const known = this.#patientOf(message, named);
    if (!known.ok) return known;
    if (known.value === undefined) {
      if (what !== 'admit') return fail('PATIENT_UNKNOWN', 'PID-3');
      const refused = this.#whyNotNew(message, named);
      if (!refused.ok) return refused;
    }
    return ok({ message, what, named, known: known.value });
  }

  /** Under whichever record a number was given: the one that is used now. */
  #patientOf(
    { organisationId }: AdmissionMessage,
    { numbers }: Named,
  ): Result<RegisteredSubject | undefined> {
    const { registry, beds, stays } = this.#ports;
    const found = new Set<RegisteredSubject>();
    for (const number of numbers) {
      const subject = registry.subjectByNumber(organisationId, number);
      // The number that we gave an unknown patient is no person's.
      if (subject === undefined || beds.isUnknown(subject.id)) continue;
      found.add(registry.subjects.get(stays.census.usedFor(subject.id)) ?? subject);
    }
    if (found.size > 1) return fail('MOVEMENT_REFUSED', 'PID-3: numbers of different patients');
    const [known] = found;
    return ok(known);
  }

  /** A queue that is played again must not bring back who was erased since; who comes again may. */
  #whyNotNew(message: AdmissionMessage, { numbers }: Named): Result<void> {
    const { organisationId } = message;
    const erased = numbers.map((number) => this.#ports.erasedMs(organisationId, number) ?? 0);
    return recordedOf(message) <= Math.max(...erased)
      ? fail('MOVEMENT_LATE', 'EVN-2: the patient has been erased since')
      : ok(undefined);
  }

  async #merge(message: AdmissionMessage, named: Named): Promise<Result<void>> {
    const { registry, beds } = this.#ports;
    const { organisationId, messageId, receivedMs: atMs } = message;
    const merged = recordNumbers(named.person.merged ?? []);
    if (merged.length === 0) return fail('PAYLOAD_MALFORMED', 'MRG-1');
    const known = this.#patientOf(message, named);
    if (!known.ok) return known;
    const olds = new Set(merged.flatMap((n) => registry.subjectByNumber(organisationId, n) ?? []));
    const [old, ...others] = olds;
    if (old === undefined || beds.isUnknown(old.id)) return fail('PATIENT_UNKNOWN', 'MRG-1');
    if (others.length > 0) return fail('MOVEMENT_REFUSED', 'MRG-1: numbers of different patients');
    if (old.id === known.value?.id) return ok(undefined);
    if (known.value === undefined) {
      const refused = whyNotMerged(this.#ports, { old, kept: undefined });
      if (!refused.ok) return refused;
      const late = this.#whyNotNew(message, named);
      if (!late.ok) return late;
    }
    const kept = known.value ?? (await this.#addPatient(message, named, old));
    const who = { organisationId, accountId: undefined };
    return await merge(this.#ports, { old, kept }, { who, atMs, messageId });
  }

  async #apply(one: Case): Promise<Result<void>> {
    const half = this.#halfOf(one);
    const other = half && this.#swaps.otherHalf(half);
    if (other !== undefined) return await this.#swap(one, other.of);
    const moved = this.#moved(one, []);
    if (!moved.ok) {
      if (half !== undefined) this.#swaps.remember(half);
      return moved;
    }
    const { message, named } = one;
    const subject = one.known ?? (await this.#addPatient(message, named));
    await this.#write([{ ...one, subject, stay: { ...moved.value, subjectId: subject.id } }]);
    return ok(undefined);
  }

  /** A transfer to a bed, as it may be half of a swap. */
  #halfOf(one: Case): HeldTransfer | undefined {
    const { message, what, named, known } = one;
    const bed = named.person.visit?.location;
    if (what !== 'transfer' || known === undefined || !isBed(bed)) return undefined;
    const { organisationId, receivedMs } = message;
    return { organisationId, subjectId: known.id, bed, receivedMs, of: one };
  }

  /** Both, or neither. */
  async #swap(one: Case, other: Case): Promise<Result<void>> {
    const leaving = [one, other].flatMap(({ known }) => known?.id ?? []);
    const written: Moved[] = [];
    for (const each of [one, other]) {
      const moved = this.#moved(each, leaving);
      if (!moved.ok) return moved;
      // As they are known now: the first half may have waited for minutes.
      const known = each.known && this.#ports.registry.subjects.get(each.known.id);
      expect(known !== undefined, 'who changes beds is known');
      written.push({ ...each, subject: known, stay: { ...moved.value, subjectId: known.id } });
    }
    const [first, second] = written.map(({ stay }) => stay.place?.bed);
    if (first && second && bedKey(first) === bedKey(second))
      return fail('MOVEMENT_REFUSED', 'PV1-3: both in one bed');
    await this.#write(written);
    return ok(undefined);
  }

  #moved(one: Case, leaving: readonly string[]): Result<Omit<Stay, 'subjectId'>> {
    const { message, what, named, known } = one;
    const { organisationId } = message;
    const { census } = this.#ports.stays;
    const stay = known && census.of(known.id);
    if (what === 'update') return updated(message, stay);
    const isTaken = (bed: Bed): boolean => {
      const other = census.admittedTo(organisationId, bed)?.subjectId;
      return other !== undefined && other !== known?.id && !leaving.includes(other);
    };
    const visit = move(stay?.visit, noticeOf(message, named.person, what as Movement), isTaken);
    if (!visit.ok) return visit;
    const { place } = visit.value;
    return ok({ ...stay, organisationId, isUnknown: false, place, visit: visit.value });
  }

  /** As the other record has it, where they are one person. */
  async #addPatient(
    { organisationId }: AdmissionMessage,
    { person, numbers: [recordNumber] }: Named,
    like?: RegisteredSubject,
  ): Promise<RegisteredSubject> {
    const { registry, newId } = this.#ports;
    const id = parseSubjectId(newId());
    expect(id !== undefined && recordNumber !== undefined, 'a new patient has an id and a number');
    return await registry.addSubject({
      organisationId,
      id,
      kind: 'patient',
      category: 'unknown',
      paced: like?.paced ?? 'unknown',
      identity: identityFrom(person, like?.identity, recordNumber),
    });
  }

  async #write(moved: readonly Moved[]): Promise<void> {
    const { census } = this.#ports.stays;
    const left = moved.map(({ subject }) => census.of(subject.id)?.place?.bed);
    await writeMoved(this.#ports, moved);
    for (const { message, subject, stay } of moved) {
      this.#swaps.forget(subject.id);
      await this.#follow(message, [...left, stay.place?.bed]);
    }
  }

  async #follow(
    { organisationId }: AdmissionMessage,
    places: readonly (Bed | undefined)[],
  ): Promise<void> {
    const beds = places.filter((bed) => bed !== undefined);
    await followBeds(this.#ports, { organisationId, beds });
  }
}

function updated(
  message: AdmissionMessage,
  stay: Stay | undefined,
): Result<Omit<Stay, 'subjectId'>> {
  const { organisationId } = message;
  if (recordedOf(message) < (stay?.detailsMs ?? 0)) {
    return fail('MOVEMENT_LATE', 'EVN-2: a newer message about this patient came before');
  }
  return ok(stay ?? { organisationId, isUnknown: false, place: undefined });
}
