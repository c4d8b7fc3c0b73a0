/**
 * Parking: a message, or a part of one, that cannot be decoded or placed is kept with its reason, so
 * that a person can mend the cause and claim it. A device has a quota of rows and of bytes, and so
 * have all together; beyond it messages are counted, and the device is told.
 */
import { type Fault, fail } from '@ausculta/vitals/fault';
import type { OrganisationId } from '@ausculta/vitals/identity';
import { GatheredWrites } from '../database/gathered-writes.ts';
import type { Sql } from '../database/pool.ts';
import type { ClockUsed } from '../line/clock.ts';
import { type PartFault, WHOLE_MESSAGE } from '../line/entry.ts';
import type { Seal } from '../vault/seal.ts';
import { PARKED_KEPT_MS } from '../vault/vault.ts';
import * as store from './store.ts';

/** A day of a device that sends nonsense every minute and a half. */
const PARKED_PER_DEVICE_MAX = 1_000;

/** A statement of PostgreSQL takes 65,535 parameters, and a row is fifteen. */
const ROWS_A_STATEMENT = 1_000;

/** A few of the largest messages are as many: what one statement makes the log's connections wait for. */
const BYTES_A_ROW = (4 * 1024 * 1024) / ROWS_A_STATEMENT;

/** Eight of the largest messages, or a thousand of those that most devices send. */
const BYTES_PER_DEVICE_MAX = 8 * 1024 * 1024;

/** What all devices may fill: no more than the disk reserve, which keeps the log alive. */
const BYTES_MAX = 512 * 1024 * 1024;

/** One message does not fill the table however many of its parts are bad. */
export const PARTS_PER_MESSAGE_MAX = 50;

/** As the column has it (0001-ground.sql). */
const DETAIL_LENGTH_MAX = 500;

export interface ParkedMessage {
  readonly organisationId: OrganisationId;
  readonly deviceId: string;
  readonly door: string;
  /** Names the message: the same bytes of the same device, the same id. */
  readonly messageId: string;
  readonly bytes: Uint8Array;
  readonly receivedMs: number;
  readonly faults: readonly PartFault[];
  /** For whoever can say later who wore the device: how its parts are placed then. */
  readonly claim?: { readonly kind: string; readonly clock: ClockUsed } | undefined;
}

export interface ParkedKey {
  /** Who wore the device; undefined when nobody did, and the key is the organisation's. */
  readonly subjectId: string | undefined;
  readonly seal: Seal;
}

export interface ParkingPorts {
  readonly sql: Sql;
  /** Whose key a message of this device is sealed with, as of its receipt. */
  readonly keyOf: (message: ParkedMessage) => ParkedKey;
  readonly newId: () => string;
  /** Of all devices together; BYTES_MAX unless a test has less patience. */
  readonly bytesMax?: number;
}

export const parkedContext = (deviceId: string, messageId: string): string =>
  `parked/${deviceId}/${messageId}`;

export class Parking {
  readonly #ports: ParkingPorts;
  readonly #ofDevice = new Map<string, store.ParkedAmount>();
  readonly #lookUps = new Map<string, Promise<void>>();
  #all: store.ParkedAmount;
  /** One statement at a time: what is parked in a flood must not make the log wait for a connection. */
  readonly #inserts: GatheredWrites<readonly store.ParkedRow[], store.ParkedRow[]>;
  /** Messages since start that were only counted, because there was no room for them. */
  beyondQuota = 0;

  private constructor(ports: ParkingPorts, all: store.ParkedAmount) {
    this.#ports = ports;
    this.#all = all;
    this.#inserts = new GatheredWrites({
      write: async (messages) => {
        const kept = await store.insertParked(ports.sql, messages.flat());
        return messages.map((rows) => rows.filter(({ id }) => kept.has(id)));
      },
      weigh: (rows) => Math.max(rows.length, Math.ceil(amountOf(rows).bytes / BYTES_A_ROW)),
      weightMax: ROWS_A_STATEMENT,
    });
  }

  static async open(ports: ParkingPorts): Promise<Parking> {
    return new Parking(ports, await store.parkedAmount(ports.sql));
  }

  get total(): number {
    return this.#all.rows;
  }

  /** Lets go of what nobody claimed in its time; devices get their room back. */
  async expire(nowMs: number): Promise<void> {
    await store.deleteExpired(this.#ports.sql, nowMs);
    this.#ofDevice.clear();
    this.#all = await store.parkedAmount(this.#ports.sql);
  }

  /** Messages of this device are parked no more: they take no room. */
  async release(deviceId: string): Promise<void> {
    this.#ofDevice.delete(deviceId);
    this.#all = await store.parkedAmount(this.#ports.sql);
  }

  /** Durable when it resolves without a fault. */
  async park(message: ParkedMessage): Promise<Fault | undefined> {
    const { deviceId } = message;
    if (!this.#ofDevice.has(deviceId)) await this.#lookUp(deviceId);
    const key = this.#ports.keyOf(message);
    const rows = message.faults
      .slice(0, PARTS_PER_MESSAGE_MAX)
      .map((_, index) => this.#row(message, key, index));
    const wanted = amountOf(rows);
    if (!this.#hasRoom(deviceId, wanted)) {
      this.beyondQuota += 1;
      return fail('PARKED_QUOTA_EXCEEDED').fault;
    }
    // The room is taken before the rows are written, or messages at once would all find it free.
    this.#count(deviceId, wanted, 1);
    let added = NOTHING;
    try {
      added = amountOf(await this.#inserts.write(rows));
    } finally {
      this.#count(deviceId, wanted, -1);
      this.#count(deviceId, added, 1);
    }
    return undefined;
  }

  /** Once for all messages of the device that have come meanwhile. */
  #lookUp(deviceId: string): Promise<void> {
    const running = this.#lookUps.get(deviceId);
    if (running !== undefined) return running;
    const started = store
      .parkedAmountOf(this.#ports.sql, deviceId)
      .then((stored) => void this.#ofDevice.set(deviceId, stored))
      .finally(() => this.#lookUps.delete(deviceId));
    this.#lookUps.set(deviceId, started);
    return started;
  }

  /** Resolves when what was on its way into the table has arrived, or has failed. */
  settle(): Promise<void> {
    return this.#inserts.settle();
  }

  #hasRoom(deviceId: string, wanted: store.ParkedAmount): boolean {
    const own = this.#ofDevice.get(deviceId) ?? NOTHING;
    const { bytesMax = BYTES_MAX } = this.#ports;
    return (
      own.rows < PARKED_PER_DEVICE_MAX &&
      own.bytes + wanted.bytes <= BYTES_PER_DEVICE_MAX &&
      this.#all.bytes + wanted.bytes <= bytesMax
    );
  }

  #count(deviceId: string, { rows, bytes }: store.ParkedAmount, sign: 1 | -1): void {
    const more = (amount: store.ParkedAmount): store.ParkedAmount => ({
      rows: Math.max(0, amount.rows + sign * rows),
      bytes: Math.max(0, amount.bytes + sign * bytes),
    });
    this.#all = more(this.#all);
    // Once the counts were let go of there is nothing to do: the next message asks the database again.
    const own = this.#ofDevice.get(deviceId);
    if (own !== undefined) this.#ofDevice.set(deviceId, more(own));
  }

  /** The first part of a message keeps its bytes; the others point to it by the message's id. */
  #row(message: ParkedMessage, key: ParkedKey, index: number): store.ParkedRow {
    const { organisationId, deviceId, door, messageId, bytes, receivedMs } = message;
    const part = message.faults[index] as PartFault;
    const { code, detail } = part.fault;
    const claim = index === 0 ? message.claim : undefined;
    return {
      organisation_id: organisationId,
      id: this.#ports.newId(),
      device_id: deviceId,
      subject_id: key.subjectId ?? null,
      door,
      fault: code,
      detail: partDetail(part.index, detail ?? ''),
      message_id: index === 0 ? messageId : `${messageId}#${index}`,
      received_ms: receivedMs,
      message_sealed: index === 0 ? key.seal.seal(bytes, parkedContext(deviceId, messageId)) : null,
      expires_ms: receivedMs + PARKED_KEPT_MS,
      kind: claim?.kind ?? null,
      epoch: claim?.clock.epoch ?? null,
      offset_ms: claim?.clock.offsetMs ?? null,
      shift_ms: claim?.clock.shiftMs ?? null,
    };
  }
}

/** What a person reads of why a part was parked begins with which one it was. */
function partDetail(index: PartFault['index'], detail: string): string {
  const where = index === WHOLE_MESSAGE ? '' : `part ${index}`;
  return [where, detail]
    .filter((text) => text !== '')
    .join(': ')
    .slice(0, DETAIL_LENGTH_MAX);
}

/** Which part of its message that is, or WHOLE_MESSAGE. */
export function partIndexOf(detail: string): number {
  return Number(/^part (\d+)/.exec(detail)?.[1] ?? WHOLE_MESSAGE);
}

const NOTHING: store.ParkedAmount = { rows: 0, bytes: 0 };

function amountOf(rows: readonly store.ParkedRow[]): store.ParkedAmount {
  const bytes = rows.reduce((sum, row) => sum + (row.message_sealed?.length ?? 0), 0);
  return { rows: rows.length, bytes };
}
