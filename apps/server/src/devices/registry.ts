/**
 * Who is measured, by what, since when: all of it in memory, written through to the database. The
 * line asks here for every message, so nothing here waits unless a row is new.
 */
import type { Assignment } from '@ausculta/vitals/device';
import { expect } from '@ausculta/vitals/expect';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import { metricOf } from '@ausculta/vitals/lookup';
import type { Subject, SubjectIdentity } from '@ausculta/vitals/subject';
import type { InLane, Sql, Transaction } from '../database/pool.ts';
import { type ClockChange, RECEIPT_EPOCH } from '../line/clock.ts';
import { changesAfter } from '../line/clock-changes.ts';
import type { Series } from '../line/entry.ts';
import type { Needs, Placement, SeriesWanted } from '../line/placement.ts';
import type { Seal } from '../vault/seal.ts';
import type { SubjectKeys } from '../vault/vault.ts';
import { DeviceRows } from './device-rows.ts';
import { adoptSubjects, identityContext, nameless, otherKeys } from './identity-seal.ts';
import { assignmentOfRow, RegisteredDevice } from './known-device.ts';
import { MovesUnderWay } from './moves-under-way.ts';
import { partitionOf } from './partition.ts';
import { StampOffsets, type StampSpan } from './stamp-offsets.ts';
import * as store from './store.ts';

export interface RegisteredSubject extends Subject {
  readonly organisationId: OrganisationId;
  readonly partition: number;
}

export interface RegistryPorts {
  readonly sql: Sql;
  readonly inLane: InLane;
  readonly keys: SubjectKeys;
}

export class Registry {
  readonly #sql: Sql;
  readonly #inLane: InLane;
  readonly #keys: SubjectKeys;
  readonly subjects = new Map<SubjectId, RegisteredSubject>();
  readonly devices = new Map<string, RegisteredDevice>();
  /** Another number after each change of a subject. */
  subjectChanges = 0;
  readonly moves = new MovesUnderWay();
  /** By organisation and record number. */
  readonly #byNumber = new Map<string, SubjectId>();
  readonly #series = new Map<number, Series>();
  readonly #seriesOfSubject = new Map<SubjectId, Series[]>();
  readonly #rows: DeviceRows;

  private constructor({ sql, inLane, keys }: RegistryPorts) {
    this.#sql = sql;
    this.#inLane = inLane;
    this.#keys = keys;
    this.#rows = new DeviceRows({ sql, inLane });
  }

  static async load(ports: RegistryPorts): Promise<Registry> {
    const registry = new Registry(ports);
    const { sql, keys } = ports;
    const rows = await store.readSubjects(sql);
    // A restored database brings rows back that no key opens any more.
    const living = rows.filter(({ id }) => !keys.isShredded(id));
    await adoptSubjects(sql, keys, living);
    for (const row of living) registry.#addSubjectRow(row);
    for (const row of await store.readDevices(sql)) registry.#addDeviceRow(row);
    for (const row of await store.readAssignments(sql)) registry.#addAssignmentRow(row);
    for (const row of await store.readSeries(sql)) registry.#addSeriesRow(row);
    await registry.#loadClocks();
    return registry;
  }

  seriesById = (id: number): Series | undefined => this.#series.get(id);

  get seriesCount(): number {
    return this.#series.size;
  }

  seriesOfSubject(subjectId: SubjectId): readonly Series[] {
    return this.#seriesOfSubject.get(subjectId) ?? [];
  }

  subjectByNumber(organisationId: OrganisationId, number: string): RegisteredSubject | undefined {
    const id = this.#byNumber.get(
      numberKey({ organisationId, identity: { recordNumber: number } }),
    );
    return id === undefined ? undefined : this.subjects.get(id);
  }

  #setSubject(subject: RegisteredSubject): void {
    const { id } = subject;
    const before = this.subjects.get(id);
    this.subjectChanges += 1;
    this.subjects.set(id, subject);
    if (before !== undefined && numberKey(before) !== numberKey(subject)) this.#freeNumber(before);
    this.#byNumber.set(numberKey(subject), id);
  }

  /** A number that somebody no longer has leads to nobody, or to whoever else has it. */
  #freeNumber(before: RegisteredSubject): void {
    const key = numberKey(before);
    if (this.#byNumber.get(key) !== before.id) return;
    this.#byNumber.delete(key);
    for (const other of this.subjects.values())
      if (numberKey(other) === key) this.#byNumber.set(key, other.id);
  }

  /** What places the stamps of a series in measured time, as it is known now. */
  offsetsOf({ deviceId, epoch }: Pick<Series, 'deviceId' | 'epoch'>): StampOffsets {
    return this.devices.get(deviceId)?.offsetsOf(epoch) ?? StampOffsets.NONE;
  }

  /** Stamps of a series that are another subject's, and are on their way there. */
  hiddenStamps({ subjectId, deviceId, epoch }: Series): readonly StampSpan[] {
    const leaving = this.moves.leaving(subjectId, deviceId);
    if (leaving.length === 0) return leaving;
    const offsets = this.offsetsOf({ deviceId, epoch });
    return leaving.flatMap((span) => offsets.stampsWithin(span));
  }

  devicesOf(subjectId: SubjectId, nowMs: number): RegisteredDevice[] {
    return [...this.devices.values()].filter((device) => device.wearerNow(nowMs) === subjectId);
  }

  async addSubject(subject: Omit<RegisteredSubject, 'partition'>): Promise<RegisteredSubject> {
    const written = await this.#inLane((tx) => this.write(tx, subject));
    this.#setSubject(written);
    return written;
  }

  /** Writes a new subject in a transaction; `written` follows, once it is durable. */
  async write(
    sql: Sql | Transaction,
    subject: Omit<RegisteredSubject, 'partition'>,
  ): Promise<RegisteredSubject> {
    const { organisationId, id, kind, category, paced, identity } = subject;
    const partition = partitionOf(organisationId, id);
    const clear = new TextEncoder().encode(JSON.stringify(identity));
    // The key first: what is sealed with it must open after any crash.
    this.#keys.keep([id]);
    const identity_sealed = this.#sealOf(id).seal(clear, identityContext(organisationId, id));
    const row = { organisation_id: organisationId, id, kind, partition, category, paced };
    await store.insertSubject(sql, { ...row, identity_sealed });
    return { ...subject, partition };
  }

  written(subject: RegisteredSubject): void {
    this.#setSubject(subject);
  }

  /** Writes what is known of a subject now; `rewritten` follows, once it is durable. */
  async rewrite(tx: Transaction, subject: RegisteredSubject): Promise<void> {
    const { organisationId, id, category, paced, identity } = subject;
    const clear = new TextEncoder().encode(JSON.stringify(identity));
    const identity_sealed = this.#sealOf(id).seal(clear, identityContext(organisationId, id));
    const row = { organisation_id: organisationId, id, category, paced, identity_sealed };
    await store.writeSubject(tx, row);
  }

  rewritten(subject: RegisteredSubject): void {
    if (this.subjects.has(subject.id)) this.#setSubject(subject);
  }

  /** False when the id is taken. */
  async addDevice(
    device: RegisteredDevice,
    subjectId: SubjectId | undefined,
    fromMs: number,
  ): Promise<boolean> {
    const { organisationId, id, model, tokenHash, about } = device;
    const worn: store.AssignmentRow | undefined = subjectId && {
      organisation_id: organisationId,
      device_id: id,
      subject_id: subjectId,
      valid_from_ms: fromMs,
      valid_until_ms: null,
      source: 'registration',
    };
    const isNew = await this.#inLane(async (tx) => {
      const known = { id, model, token_hash: tokenHash, ...store.rowOfAbout(about) };
      const row = { organisation_id: organisationId, ...known };
      if (!(await store.insertDevice(tx, row))) return false;
      if (worn !== undefined) await store.insertAssignment(tx, worn);
      return true;
    });
    if (!isNew) return false;
    this.devices.set(id, device);
    if (worn !== undefined) this.#addAssignmentRow(worn);
    return true;
  }

  /** Who wore it when, as its rows say already. */
  setWearers(device: RegisteredDevice, assignments: readonly Assignment[]): void {
    device.setWearers(
      assignments.flatMap((assignment) => {
        const placement = this.placementOf(assignment.subjectId);
        return placement === undefined ? [] : [{ ...assignment, placement }];
      }),
    );
  }

  placementOf(subjectId: SubjectId): Placement | undefined {
    const subject = this.subjects.get(subjectId);
    if (subject === undefined) return undefined;
    const { organisationId, partition } = subject;
    return { organisationId, subjectId, partition };
  }

  /** The same metric of the same device and epoch, of another subject. */
  async provideTwin(of: Series, placement: Placement): Promise<Series> {
    const device = this.devices.get(of.deviceId);
    expect(device !== undefined, 'a series belongs to a device that is known');
    await this.#provideSeries(device, { placement, metric: of.metric, epoch: of.epoch });
    const twin = device.seriesOf(placement.subjectId, of.metric, of.epoch);
    expect(twin !== undefined, 'a series that was provided is there');
    return twin;
  }

  /** Writes the rows that accept asked for; then the message can be placed. */
  async provide(device: RegisteredDevice, needs: Needs, receivedMs: number): Promise<void> {
    if (needs.clock !== undefined) {
      await this.#writeClock(device, needs.clock.change, receivedMs);
      device.clock = needs.clock.state;
    }
    await Promise.all(needs.series.map((wanted) => this.#provideSeries(device, wanted)));
  }

  async #provideSeries(device: RegisteredDevice, wanted: SeriesWanted): Promise<void> {
    const { placement, metric, epoch } = wanted;
    if (device.seriesOf(placement.subjectId, metric, epoch) !== undefined) return;
    // Erased while the message waited: nothing says any more that there was such a subject.
    if (!this.subjects.has(placement.subjectId)) return;
    const id = await this.#rows.series({
      organisation_id: placement.organisationId,
      subject_id: placement.subjectId,
      partition: placement.partition,
      device_id: device.id,
      metric: metric.key,
      epoch,
    });
    if (!this.subjects.has(placement.subjectId)) return;
    // A message that brings ten readings of a new series asks for it ten times.
    if (device.seriesOf(placement.subjectId, metric, epoch) !== undefined) return;
    this.#addSeries({ ...placement, id, deviceId: device.id, metric, epoch });
  }

  /** Resolves when no row of a series is on its way to the database that was asked for before. */
  settle(): Promise<void> {
    return this.#rows.settle();
  }

  async #writeClock(
    device: RegisteredDevice,
    change: ClockChange,
    receivedMs: number,
  ): Promise<void> {
    const { epoch, offsetMs } = change;
    const fromStampMs = device.stretchFrom(epoch, change.fromStampMs);
    const key = { organisation_id: device.organisationId, device_id: device.id, epoch };
    const isEpoch = change.kind === 'epoch';
    await this.#rows.clock({
      epoch: isEpoch
        ? {
            ...key,
            started_received_ms: receivedMs,
            started_stamp_ms: fromStampMs,
            reason: epoch === 1 ? 'first contact' : 'clock went back',
          }
        : undefined,
      offset: {
        ...key,
        from_stamp_ms: fromStampMs,
        offset_ms: Math.round(offsetMs),
        uncertainty_ms: 0,
        source: isEpoch ? 'epoch' : 'observed',
      },
    });
    device.addOffset(epoch, { fromStampMs, offsetMs });
  }

  #sealOf(subjectId: SubjectId): Seal {
    const seal = this.#keys.sealOf(subjectId);
    expect(seal !== undefined, 'a subject of the registry has a key');
    return seal;
  }

  /** Erased: nothing of it is placed, asked for or shown any more. Answers the devices it wore now. */
  forget(subjectId: SubjectId, nowMs: number): string[] {
    this.subjectChanges += 1;
    const worn = this.devicesOf(subjectId, nowMs).map(({ id }) => id as string);
    const before = this.subjects.get(subjectId);
    this.subjects.delete(subjectId);
    if (before !== undefined) this.#freeNumber(before);
    for (const device of this.devices.values()) device.forgetSubject(subjectId);
    for (const { id } of this.seriesOfSubject(subjectId)) this.#series.delete(id);
    this.#seriesOfSubject.delete(subjectId);
    return worn;
  }

  #addSubjectRow(row: store.SubjectRow): void {
    const { organisation_id: organisationId, id, kind, category, paced, partition } = row;
    const place = identityContext(organisationId, id);
    const seal = this.#sealOf(id);
    const opened = seal.open(row.identity_sealed, place);
    // Of another key: the whole store is not the one of this database. Else it is one damaged name.
    if (!opened.ok && !seal.isOwn(row.identity_sealed)) throw otherKeys();
    this.#setSubject({
      organisationId,
      id,
      kind,
      category,
      paced,
      partition,
      identity: opened.ok
        ? (JSON.parse(new TextDecoder().decode(opened.value)) as SubjectIdentity)
        : nameless(id),
    });
  }

  #addDeviceRow(row: store.DeviceRow): void {
    const { id, organisation_id: organisationId, model, token_hash: tokenHash } = row;
    const of = { about: store.aboutOfRow(row), isDisabled: row.is_disabled };
    this.devices.set(id, new RegisteredDevice({ id, organisationId, model, tokenHash, ...of }));
  }

  #addAssignmentRow(row: store.AssignmentRow): void {
    const device = this.devices.get(row.device_id);
    const placement = this.placementOf(row.subject_id);
    if (device === undefined || placement === undefined) return;
    device.addWearer(assignmentOfRow(row), placement);
  }

  #addSeriesRow(row: store.SeriesRow): void {
    const subject = this.subjects.get(row.subject_id);
    if (subject === undefined) return;
    // Their ids and not the row's: the same text again for each of fifty thousand series is memory.
    this.#addSeries({
      id: row.id,
      organisationId: subject.organisationId,
      subjectId: subject.id,
      partition: row.partition,
      deviceId: this.devices.get(row.device_id)?.id ?? row.device_id,
      metric: metricOf(row.metric),
      epoch: row.epoch,
    });
  }

  #addSeries(series: Series): void {
    this.#series.set(series.id, series);
    this.devices.get(series.deviceId)?.addSeries(series);
    const siblings = this.#seriesOfSubject.get(series.subjectId);
    if (siblings === undefined) this.#seriesOfSubject.set(series.subjectId, [series]);
    else siblings.push(series);
  }

  async #loadClocks(): Promise<void> {
    const epochs = await store.readClockEpochs(this.#sql);
    for (const row of await store.readClockOffsets(this.#sql)) {
      const mark = { fromStampMs: row.from_stamp_ms, offsetMs: row.offset_ms };
      this.devices.get(row.device_id)?.addOffset(row.epoch, mark);
    }
    for (const [deviceId, rows] of Map.groupBy(epochs, (row) => row.device_id)) {
      const device = this.devices.get(deviceId);
      const { epoch } = rows.at(-1) as store.ClockEpochRow;
      if (device === undefined || epoch === RECEIPT_EPOCH) continue;
      const offsetMs = device.offsetAt(epoch, Number.POSITIVE_INFINITY);
      const changes = changesAfter(rows.map((row) => row.started_received_ms));
      device.clock = {
        epoch,
        offsetMs,
        newestStampMs: Number.NEGATIVE_INFINITY,
        suspect: undefined,
        ...(changes === undefined ? {} : { changes }),
      };
    }
  }

  /** After a replay: how far each clock has come, so that a step back is seen as one. */
  noteNewestStamp(series: Series, stampMs: number): void {
    const device = this.devices.get(series.deviceId);
    const clock = device?.clock;
    if (device === undefined || clock === undefined || clock.epoch !== series.epoch) return;
    if (stampMs > clock.newestStampMs) device.clock = { ...clock, newestStampMs: stampMs };
  }
}

interface Numbered {
  readonly organisationId: OrganisationId;
  readonly identity: Pick<SubjectIdentity, 'recordNumber'>;
}

function numberKey({ organisationId, identity }: Numbered): string {
  return `${organisationId}/${identity.recordNumber}`;
}
