/**
 * Who is measured, by what, since when: all of it in memory, written through to the database. The
 * line asks here for every message, so nothing here waits unless a row is new.
 */
import type { Assignment } from '@ausculta/vitals/device';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import { metricOf } from '@ausculta/vitals/lookup';
import type { Subject, SubjectIdentity } from '@ausculta/vitals/subject';
import type { Sql } from '../database/pool.ts';
import { StartProblem } from '../database/start-problem.ts';
import { type ClockChange, RECEIPT_EPOCH } from '../line/clock.ts';
import { changesAfter } from '../line/clock-changes.ts';
import type { Series } from '../line/entry.ts';
import type { Needs, SeriesWanted } from '../line/placement.ts';
import type { Seal } from '../vault/seal.ts';
import { RegisteredDevice } from './known-device.ts';
import { partitionOf } from './partition.ts';
import * as store from './store.ts';

export interface RegisteredSubject extends Subject {
  readonly organisationId: OrganisationId;
  readonly partition: number;
}

const identityContext = (organisationId: string, id: string): string =>
  `subject/${organisationId}/${id}/identity`;

export class Registry {
  readonly #sql: Sql;
  readonly #seal: Seal;
  readonly subjects = new Map<SubjectId, RegisteredSubject>();
  readonly devices = new Map<string, RegisteredDevice>();
  readonly #series = new Map<number, Series>();
  readonly #seriesOfSubject = new Map<SubjectId, Series[]>();

  private constructor(sql: Sql, seal: Seal) {
    this.#sql = sql;
    this.#seal = seal;
  }

  static async load(sql: Sql, seal: Seal): Promise<Registry> {
    const registry = new Registry(sql, seal);
    for (const row of await store.readSubjects(sql)) registry.#addSubjectRow(row);
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

  /** The offset that places a stamp of a series in measured time. */
  offsetOf(series: Series, stampMs: number): number {
    return this.devices.get(series.deviceId)?.offsetAt(series.epoch, stampMs) ?? 0;
  }

  devicesOf(subjectId: SubjectId, nowMs: number): RegisteredDevice[] {
    return [...this.devices.values()].filter((device) => device.wearerNow(nowMs) === subjectId);
  }

  async addSubject(subject: Omit<RegisteredSubject, 'partition'>): Promise<RegisteredSubject> {
    const { organisationId, id, kind, category, paced, identity } = subject;
    const partition = partitionOf(organisationId, id);
    const clear = new TextEncoder().encode(JSON.stringify(identity));
    const identity_sealed = this.#seal.seal(clear, identityContext(organisationId, id));
    await store.insertSubject(this.#sql, {
      organisation_id: organisationId,
      id,
      kind,
      partition,
      category,
      paced,
      identity_sealed,
    });
    const added = { ...subject, partition };
    this.subjects.set(id, added);
    return added;
  }

  /** False when the id is taken. */
  async addDevice(
    device: RegisteredDevice,
    subjectId: SubjectId,
    fromMs: number,
  ): Promise<boolean> {
    const { organisationId, id, model, tokenHash } = device;
    const isNew = await store.insertDevice(this.#sql, {
      organisation_id: organisationId,
      id,
      token_hash: tokenHash,
      model,
    });
    if (!isNew) return false;
    this.devices.set(id, device);
    await this.assign(organisationId, { deviceId: id, subjectId, fromMs, untilMs: undefined });
    return true;
  }

  async assign(organisationId: OrganisationId, assignment: Assignment): Promise<void> {
    const row: store.AssignmentRow = {
      organisation_id: organisationId,
      device_id: assignment.deviceId,
      subject_id: assignment.subjectId,
      valid_from_ms: assignment.fromMs,
      valid_until_ms: assignment.untilMs ?? null,
      source: 'registration',
    };
    await store.insertAssignment(this.#sql, row);
    this.#addAssignmentRow(row);
  }

  /** Writes the rows that accept asked for; then the message can be placed. */
  async provide(device: RegisteredDevice, needs: Needs, receivedMs: number): Promise<void> {
    if (needs.clock !== undefined) {
      await this.#writeClock(device, needs.clock.change, receivedMs);
      device.clock = needs.clock.state;
    }
    for (const wanted of needs.series) await this.#provideSeries(device, wanted);
  }

  async #provideSeries(device: RegisteredDevice, wanted: SeriesWanted): Promise<void> {
    const { placement, metric, epoch } = wanted;
    if (device.seriesOf(placement.subjectId, metric, epoch) !== undefined) return;
    const id = await store.upsertSeries(this.#sql, {
      organisation_id: placement.organisationId,
      subject_id: placement.subjectId,
      partition: placement.partition,
      device_id: device.id,
      metric: metric.key,
      epoch,
    });
    this.#addSeries({ ...placement, id, deviceId: device.id, metric, epoch });
  }

  async #writeClock(
    device: RegisteredDevice,
    change: ClockChange,
    receivedMs: number,
  ): Promise<void> {
    const { epoch, offsetMs, fromStampMs } = change;
    const key = { organisation_id: device.organisationId, device_id: device.id, epoch };
    const isEpoch = change.kind === 'epoch';
    await store.writeClock(this.#sql, {
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

  #addSubjectRow(row: store.SubjectRow): void {
    const { organisation_id: organisationId, id, kind, category, paced, partition } = row;
    const opened = this.#seal.open(row.identity_sealed, identityContext(organisationId, id));
    if (!opened.ok) {
      throw new StartProblem(
        'MASTER_KEY_UNUSABLE',
        'The master key of this data directory is not the one that this database was sealed with. Restore the key that belongs to it, or point AUSCULTA_DATA_DIR and DATABASE_URL at a pair that belongs together.',
      );
    }
    this.subjects.set(id, {
      organisationId,
      id,
      kind,
      category,
      paced,
      partition,
      identity: JSON.parse(new TextDecoder().decode(opened.value)) as SubjectIdentity,
    });
  }

  #addDeviceRow(row: store.DeviceRow): void {
    const { id, organisation_id: organisationId, model, token_hash: tokenHash } = row;
    this.devices.set(id, new RegisteredDevice({ id, organisationId, model, tokenHash }));
  }

  #addAssignmentRow(row: store.AssignmentRow): void {
    const device = this.devices.get(row.device_id);
    const subject = this.subjects.get(row.subject_id);
    if (device === undefined || subject === undefined) return;
    const { organisationId, id: subjectId, partition } = subject;
    const assignment: Assignment = {
      deviceId: device.id,
      subjectId,
      fromMs: row.valid_from_ms,
      untilMs: row.valid_until_ms ?? undefined,
    };
    device.addWearer(assignment, { organisationId, subjectId, partition });
  }

  #addSeriesRow(row: store.SeriesRow): void {
    this.#addSeries({
      id: row.id,
      organisationId: row.organisation_id,
      subjectId: row.subject_id,
      partition: row.partition,
      deviceId: row.device_id,
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
