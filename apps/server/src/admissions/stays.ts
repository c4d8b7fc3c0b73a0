/** Stays and the beds of devices: in memory, written through to the database under their keys. */
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { InLane, Sql, Transaction } from '../database/pool.ts';
import type { Seal } from '../vault/seal.ts';
import type { SubjectKeys } from '../vault/vault.ts';
import { type Bed, bedKey } from './bed.ts';
import { Census, type Stay } from './census.ts';
import * as store from './store.ts';

export interface StayPorts {
  readonly sql: Sql;
  readonly inLane: InLane;
  readonly keys: SubjectKeys;
  readonly organisationSeal: (organisationId: string) => Seal;
  /** Whether there is such a subject. */
  readonly isKnown: (subjectId: SubjectId) => boolean;
  readonly nowMs: () => number;
  readonly onProblem: (what: string, error: unknown) => void;
}

export const stayContext = (subjectId: string): string => `stay/${subjectId}`;
export const bedDeviceContext = (deviceId: string): string => `bed-device/${deviceId}`;

type Kept = Omit<Stay, 'subjectId' | 'organisationId'>;

/** Where a device stands, and what admissions had said of that bed when its wearer last followed it. */
interface DeviceBed extends Bed {
  readonly followed?: string;
}

type DeviceName = { readonly id: string; readonly organisationId: OrganisationId };

export class Stays {
  readonly census: Census;
  readonly #ports: StayPorts;
  readonly #bedOfDevice = new Map<string, DeviceBed>();

  static async open(ports: StayPorts): Promise<Stays> {
    const stays = new Stays(ports);
    for (const row of await store.readStays(ports.sql)) stays.#addRow(row);
    for (const row of await store.readBedDevices(ports.sql)) stays.#addDeviceRow(row);
    return stays;
  }

  private constructor(ports: StayPorts) {
    this.#ports = ports;
    this.census = new Census(ports.isKnown);
  }

  bedOf(deviceId: string): Bed | undefined {
    return this.#bedOfDevice.get(deviceId);
  }

  /** Each device with its bed. */
  devicesAtBeds(): Iterable<readonly [deviceId: string, bed: Bed]> {
    return [...this.#bedOfDevice];
  }

  get deviceCount(): number {
    return this.#bedOfDevice.size;
  }

  async keep(stay: Stay): Promise<void> {
    await this.#ports.inLane((tx) => this.write(tx, stay));
    this.census.set(stay);
  }

  /** Whoever writes it sets it in the census once it is durable. Nothing is kept of who was erased. */
  async write(tx: Transaction, stay: Stay): Promise<void> {
    const { subjectId, organisationId, ...kept } = stay;
    const { keys, nowMs } = this.#ports;
    const seal = keys.sealOf(subjectId);
    if (seal === undefined) return;
    await store.writeStay(tx, {
      organisation_id: organisationId,
      subject_id: subjectId,
      changed_ms: nowMs(),
      sealed: seal.seal(encode(kept satisfies Kept), stayContext(subjectId)),
    });
  }

  /** What was followed last at this bed: it is followed once, and what a person says later stands. */
  followedAt(deviceId: string): string | undefined {
    return this.#bedOfDevice.get(deviceId)?.followed;
  }

  async placeDevice(device: DeviceName, bed: Bed, followed: string | undefined): Promise<void> {
    const known = this.#bedOfDevice.get(device.id);
    if (known !== undefined && bedKey(known) === bedKey(bed)) return;
    const { unit, room, bed: name, facility } = bed;
    const placed = { unit, room, bed: name, facility };
    await this.#keepDevice(device, followed === undefined ? placed : { ...placed, followed });
  }

  async noteFollowed(device: DeviceName, followed: string): Promise<void> {
    const known = this.#bedOfDevice.get(device.id);
    if (known === undefined || known.followed === followed) return;
    await this.#keepDevice(device, { ...known, followed });
  }

  async #keepDevice({ id, organisationId }: DeviceName, bed: DeviceBed): Promise<void> {
    const seal = this.#ports.organisationSeal(organisationId);
    const row = {
      organisation_id: organisationId,
      device_id: id,
      bed_sealed: seal.seal(encode(bed), bedDeviceContext(id)),
    };
    await this.#ports.inLane((tx) => store.writeBedDevice(tx, row));
    this.#bedOfDevice.set(id, bed);
  }

  #addRow(row: store.StayRow): void {
    const { subject_id: subjectId, organisation_id: organisationId } = row;
    // Restored, and erased since: its row goes with the others.
    const seal = this.#ports.keys.sealOf(subjectId);
    if (seal === undefined) return;
    const kept = this.#open<Kept>(seal.open(row.sealed, stayContext(subjectId)), 'a stay');
    if (kept !== undefined) this.census.set({ ...kept, subjectId, organisationId });
  }

  #addDeviceRow(row: store.BedDeviceRow): void {
    const seal = this.#ports.organisationSeal(row.organisation_id);
    const opened = seal.open(row.bed_sealed, bedDeviceContext(row.device_id));
    const bed = this.#open<DeviceBed>(opened, 'the bed of a device');
    if (bed !== undefined) this.#bedOfDevice.set(row.device_id, bed);
  }

  /** What is damaged is told of, and said anew by the next message of its feed. */
  #open<T>(opened: ReturnType<Seal['open']>, what: string): T | undefined {
    if (opened.ok) return JSON.parse(new TextDecoder().decode(opened.value)) as T;
    this.#ports.onProblem(`read ${what}`, new Error(opened.fault.code));
    return undefined;
  }
}

function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
