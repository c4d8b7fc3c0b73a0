/** A device as the line knows it: clock, wearers and series, in memory, kept equal to their rows. */
import { type Assignment, type DeviceAbout, isAssignedAt } from '@ausculta/vitals/device';
import type { DeviceId, OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { Metric } from '@ausculta/vitals/metric';
import type { ClockState } from '../line/clock.ts';
import type { Series } from '../line/entry.ts';
import type { KnownDevice, Placement } from '../line/placement.ts';
import { Allowance } from './allowance.ts';
import { type OffsetMark, StampOffsets } from './stamp-offsets.ts';
import type { AssignmentRow } from './store.ts';

export interface Wearer extends Assignment {
  readonly placement: Placement;
}

export function assignmentOfRow(row: AssignmentRow): Assignment {
  return {
    deviceId: row.device_id,
    subjectId: row.subject_id,
    fromMs: row.valid_from_ms,
    untilMs: row.valid_until_ms ?? undefined,
  };
}

/** The credential of who has shown the device's token. */
export const BY_TOKEN = 'token';

const nameOf = ({ metric, epoch, subjectId }: Pick<Series, 'metric' | 'epoch' | 'subjectId'>) =>
  `${metric.key}/${epoch}/${subjectId}`;

const NEVER: readonly number[] = [];

export class RegisteredDevice implements KnownDevice {
  readonly id: DeviceId;
  readonly organisationId: OrganisationId;
  readonly model: string;
  about: DeviceAbout;
  tokenHash: Uint8Array;
  /** Its token opens nothing; what it measured keeps its clock. */
  isDisabled: boolean;
  clock: ClockState | undefined;
  readonly allowance = new Allowance();
  #wearers: Wearer[] = [];
  /** The newest of each metric: nearly every device has no others. */
  #series: readonly Series[] = [];
  /** Of other subjects and epochs, by `nameOf`. */
  #others: Map<string, Series> | undefined;
  readonly #offsets = new Map<number, StampOffsets>();
  /** Messages of one device are placed one after the other, even while a row is being written. */
  queue: Promise<void> | undefined;

  constructor(row: {
    id: DeviceId;
    organisationId: OrganisationId;
    model: string;
    about?: DeviceAbout;
    tokenHash: Uint8Array;
    isDisabled?: boolean;
  }) {
    this.id = row.id;
    this.organisationId = row.organisationId;
    this.model = row.model;
    this.about = row.about ?? {};
    this.tokenHash = row.tokenHash;
    this.isDisabled = row.isDisabled ?? false;
  }

  /** Who wore it when, in order of time. */
  get wearers(): readonly Assignment[] {
    return this.#wearers.toReversed();
  }

  setWearers(wearers: readonly Wearer[]): void {
    this.#wearers = wearers.toSorted((a, b) => b.fromMs - a.fromMs);
  }

  addWearer(assignment: Assignment, placement: Placement): void {
    this.#wearers.push({ ...assignment, placement });
    // The newest first: almost every reading belongs to who wears the device now.
    this.#wearers.sort((a, b) => b.fromMs - a.fromMs);
  }

  forgetSubject(subjectId: SubjectId): void {
    this.#wearers = this.#wearers.filter(({ placement }) => placement.subjectId !== subjectId);
    this.#series = this.#series.filter((series) => series.subjectId !== subjectId);
    for (const [name, series] of this.#others ?? []) {
      if (series.subjectId === subjectId) this.#others?.delete(name);
    }
  }

  subjectAt(atMs: number): Placement | undefined {
    for (const wearer of this.#wearers) if (isAssignedAt(wearer, atMs)) return wearer.placement;
    return undefined;
  }

  handoversWithin({ fromMs, toMs }: { fromMs: number; toMs: number }): readonly number[] {
    const [newest] = this.#wearers;
    if (newest === undefined || newest.fromMs <= fromMs) return NEVER;
    const begins = this.#wearers.map((wearer) => wearer.fromMs);
    return begins.filter((atMs) => fromMs < atMs && atMs < toMs).reverse();
  }

  isWornThroughout({ fromMs, toMs }: { fromMs: number; toMs: number }): boolean {
    return this.#wearers.some(
      (wearer) => isAssignedAt(wearer, fromMs) && isAssignedAt(wearer, toMs),
    );
  }

  wearerNow(nowMs: number): SubjectId | undefined {
    return this.subjectAt(nowMs)?.subjectId;
  }

  seriesOf(subjectId: SubjectId, metric: Metric, epoch: number): Series | undefined {
    for (const series of this.#series) {
      if (series.metric.key !== metric.key) continue;
      if (series.epoch === epoch && series.subjectId === subjectId) return series;
      break;
    }
    return this.#others?.get(nameOf({ metric, epoch, subjectId }));
  }

  addSeries(series: Series): void {
    const before = this.#series.find(({ metric }) => metric.key === series.metric.key);
    const rest = this.#series.filter((one) => one !== before);
    this.#series = [...rest, series];
    if (before === undefined) return;
    this.#others ??= new Map();
    this.#others.set(nameOf(before), before);
  }

  /** Of everybody who has worn it; one may come twice. */
  series(): Iterable<Series> {
    return this.#series.values();
  }

  addOffset(epoch: number, mark: OffsetMark): void {
    this.#offsets.set(epoch, this.offsetsOf(epoch).with(mark));
  }

  /**
   * From where on a new offset holds: no earlier than the last one. What is known last has to hold for
   * what comes, though the message that tells it may bring older stamps.
   */
  stretchFrom(epoch: number, stampMs: number): number {
    const last = this.offsetsOf(epoch).marks.at(-1);
    return last === undefined ? stampMs : Math.max(stampMs, last.fromStampMs);
  }

  /** As they are known now. */
  offsetsOf(epoch: number): StampOffsets {
    return this.#offsets.get(epoch) ?? StampOffsets.NONE;
  }

  /** The offset that places a stamp of an epoch. */
  offsetAt(epoch: number, stampMs: number): number {
    return this.offsetsOf(epoch).at(stampMs);
  }
}
