/**
 * Parking: a message, or a part of one, that cannot be decoded or placed is kept with its reason, so
 * that a person can mend the cause and claim it. A device has a quota; beyond it messages are counted.
 */
import type { Fault } from '@ausculta/vitals/fault';
import { fail } from '@ausculta/vitals/fault';
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { Sql } from '../database/pool.ts';
import type { PartFault } from '../line/entry.ts';
import type { Seal } from '../vault/seal.ts';
import * as store from './store.ts';

/** A day of a device that sends nonsense every minute and a half. */
const PARKED_PER_DEVICE_MAX = 1_000;

const KEPT_MS = 30 * 24 * 3_600_000;

/** One message does not fill the table however many of its parts are bad. */
const PARTS_PER_MESSAGE_MAX = 50;

export interface ParkedMessage {
  readonly organisationId: OrganisationId;
  readonly deviceId: string;
  readonly door: string;
  /** Names the message: the same bytes of the same device, the same id. */
  readonly messageId: string;
  readonly bytes: Uint8Array;
  readonly receivedMs: number;
  readonly faults: readonly PartFault[];
}

export interface ParkingPorts {
  readonly sql: Sql;
  readonly seal: Seal;
  readonly newId: () => string;
}

export class Parking {
  readonly #ports: ParkingPorts;
  readonly #counts = new Map<string, number>();
  total: number;
  /** Messages that were only counted, because their device had parked its quota. */
  uncounted = 0;

  private constructor(ports: ParkingPorts, total: number) {
    this.#ports = ports;
    this.total = total;
  }

  static async open(ports: ParkingPorts): Promise<Parking> {
    return new Parking(ports, await store.countParked(ports.sql));
  }

  /** Lets go of what nobody claimed in its time; devices get their room back. */
  async expire(nowMs: number): Promise<void> {
    await store.deleteExpired(this.#ports.sql, nowMs);
    this.#counts.clear();
    this.total = await store.countParked(this.#ports.sql);
  }

  /** Durable when it resolves without a fault. */
  async park(message: ParkedMessage): Promise<Fault | undefined> {
    const { deviceId } = message;
    const { sql } = this.#ports;
    if (!this.#counts.has(deviceId)) {
      const stored = await store.countParkedOf(sql, deviceId);
      // Another message of the device may have looked as well, and have gone on.
      if (!this.#counts.has(deviceId)) this.#counts.set(deviceId, stored);
    }
    if ((this.#counts.get(deviceId) ?? 0) >= PARKED_PER_DEVICE_MAX) {
      this.uncounted += 1;
      return fail('PARKED_QUOTA_EXCEEDED').fault;
    }
    const rows = message.faults
      .slice(0, PARTS_PER_MESSAGE_MAX)
      .map((part, i) => this.#row(message, part, i));
    // The room is taken before the rows are written, or messages at once would all find it free.
    this.#count(deviceId, rows.length);
    let added = 0;
    try {
      added = await store.insertParked(sql, rows);
      this.total += added;
    } finally {
      this.#count(deviceId, added - rows.length);
    }
    return undefined;
  }

  /** Nothing to do once the counts were let go of: the next message asks the database again. */
  #count(deviceId: string, more: number): void {
    const known = this.#counts.get(deviceId);
    if (known !== undefined) this.#counts.set(deviceId, Math.max(0, known + more));
  }

  /** The first part of a message keeps its bytes; the others point to it by the message's id. */
  #row(message: ParkedMessage, part: PartFault, index: number): store.ParkedRow {
    const { organisationId, deviceId, door, messageId, bytes, receivedMs } = message;
    const { code, detail } = part.fault;
    const where = part.index < 0 ? '' : `part ${part.index}`;
    return {
      organisation_id: organisationId,
      id: this.#ports.newId(),
      device_id: deviceId,
      door,
      fault: code,
      detail: [where, detail ?? '']
        .filter((text) => text !== '')
        .join(': ')
        .slice(0, 500),
      message_id: index === 0 ? messageId : `${messageId}#${index}`,
      received_ms: receivedMs,
      message_sealed:
        index === 0 ? this.#ports.seal.seal(bytes, `parked/${deviceId}/${messageId}`) : null,
      expires_ms: receivedMs + KEPT_MS,
    };
  }
}
