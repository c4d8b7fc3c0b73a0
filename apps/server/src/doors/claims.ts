/**
 * Claims: a device measured, and nobody had said who wears it. What it sent was parked; once somebody
 * says who wore it then, it is read again, placed by the clock of its day, and goes to the log as a
 * late message does: the record has it, and what is critical in it still calls (safety S5).
 *
 * A message leaves parking only when its parts are durable. Whatever stops this in between, the next
 * act or the next start does it again, and what came twice is one.
 */
import { expect } from '@ausculta/vitals/expect';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { Sql } from '../database/pool.ts';
import type { RegisteredDevice } from '../devices/known-device.ts';
import type { Registry } from '../devices/registry.ts';
import type { LogEntry } from '../line/entry.ts';
import * as store from '../parked/claim-store.ts';
import { type Parking, parkedContext } from '../parked/parking.ts';
import type { Vault } from '../vault/vault.ts';
import { indexOf, isUnworn, placeAgain, unwornPartsOf, type Waiting } from './claimed-parts.ts';
import { decodeMessage } from './decode.ts';
import type { IntakePorts } from './intake.ts';

/** Whoever waits looks again after so long: a store that was away, memory or a disk that was full. */
const RETRY_MS = 1_000;

/** Read from the database at once, and held while they are claimed: some megabytes of the largest. */
const MESSAGES_AT_ONCE = 50;

/** A message's series are asked for once. */
const ASKED_MAX = 1;

export interface ClaimPorts extends Pick<IntakePorts, 'append' | 'isFull' | 'pressure'> {
  readonly sql: Sql;
  readonly registry: Pick<Registry, 'provide' | 'devices'>;
  readonly parking: Pick<Parking, 'release'>;
  readonly keys: Pick<Vault, 'sealOf' | 'parkedSeal'>;
  readonly nowMs: () => number;
  readonly after: (delayMs: number, run: () => void) => void;
  readonly onProblem: (what: string, error: unknown) => void;
}

export class Claims {
  readonly #ports: ClaimPorts;
  #working: Promise<void> = Promise.resolve();
  readonly #due = new Set<string>();
  #closed = false;

  constructor(ports: ClaimPorts) {
    this.#ports = ports;
  }

  /** What a former start has left. */
  async resume(): Promise<void> {
    const { sql, registry } = this.#ports;
    for (const id of await store.devicesToClaim(sql)) {
      const device = registry.devices.get(id);
      if (device !== undefined) this.begin(device);
    }
  }

  /** Who wore this device may be known by now. */
  begin = (device: RegisteredDevice): void => {
    if (this.#due.has(device.id)) return;
    this.#due.add(device.id);
    this.#working = this.#working.then(() => this.#untilDone(device));
  };

  /** What is left goes on at the next start. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#working;
  }

  async #untilDone(device: RegisteredDevice): Promise<void> {
    while (!this.#closed) {
      this.#due.delete(device.id);
      try {
        if (device.wearers.length > 0) await this.#claimAll(device);
        return;
      } catch (error) {
        this.#ports.onProblem('claim what was parked', error);
        await this.#wait();
      }
    }
  }

  /** Live messages go first. */
  #hasToWait(): boolean {
    const { isFull, pressure } = this.#ports;
    return isFull() || pressure() !== 'none';
  }

  #wait(): Promise<void> {
    return new Promise((resolve) => this.#ports.after(RETRY_MS, resolve));
  }

  async #claimAll(device: RegisteredDevice): Promise<void> {
    const { sql, parking } = this.#ports;
    let after: store.ClaimCursor = { receivedMs: -1, messageId: '' };
    let claimed = 0;
    for (;;) {
      const page = { after, limit: MESSAGES_AT_ONCE };
      const rows = await store.claimableAfter(sql, device.id, page);
      for (const row of rows) {
        while (this.#hasToWait() && !this.#closed) await this.#wait();
        if (this.#closed) return;
        if (await this.#claim(device, row)) claimed += 1;
        after = { receivedMs: row.received_ms, messageId: row.message_id };
      }
      if (rows.length === 0) break;
    }
    if (claimed > 0) await parking.release(device.id);
  }

  /** Whether anything of it has found its place. */
  async #claim(device: RegisteredDevice, row: store.ClaimableRow): Promise<boolean> {
    const { sql, onProblem } = this.#ports;
    const place = parkedContext(device.id, row.message_id);
    const opened = this.#sealOfRow(row)?.open(row.message_sealed, place);
    if (!opened?.ok) {
      onProblem(`claim parked message ${row.id}`, new Error('it does not open'));
      return false;
    }
    const whole = { deviceId: device.id, messageId: row.message_id };
    const parts = await store.partsOf(sql, whole);
    const decoded = decodeMessage(row.kind, opened.value, row.received_ms);
    const waiting = unwornPartsOf(parts, decoded);
    const claimed = await this.#inTurn(device, { row, decoded, waiting });
    if (claimed === undefined) return false;
    await claimed.durable;
    const { subjectId, left } = claimed;
    await this.#leave({ row, place, clear: opened.value, parts, left, subjectId });
    return true;
  }

  #sealOfRow(row: store.ClaimableRow) {
    const { sealOf, parkedSeal } = this.#ports.keys;
    const { subject_id: subjectId, organisation_id: organisationId } = row;
    return subjectId === null ? parkedSeal(organisationId, row.received_ms) : sealOf(subjectId);
  }

  /** Behind what the device has sent, before an act changes who wears it. */
  #inTurn(device: RegisteredDevice, message: Waiting): Promise<Claimed | undefined> {
    const before = device.queue ?? Promise.resolve();
    const placing = before.then(() => this.#place(device, message));
    const over = (): void => {
      if (device.queue === mine) device.queue = undefined;
    };
    const mine: Promise<void> = placing.then(over, over);
    device.queue = mine;
    return placing;
  }

  async #place(device: RegisteredDevice, message: Waiting): Promise<Claimed | undefined> {
    const { registry, append, nowMs } = this.#ports;
    const { row, waiting } = message;
    for (let asked = 0; ; asked += 1) {
      const accepted = placeAgain(device, message);
      if (accepted.kind === 'needs') {
        expect(asked < ASKED_MAX, 'a parked message is placed once its series exist');
        await registry.provide(device, accepted.needs, row.received_ms);
        continue;
      }
      // Late: whoever is called hears how long ago it was.
      const entries = accepted.entries.map((entry) => ({ ...entry, receivedMs: nowMs() }));
      const [first] = entries;
      if (first === undefined) return undefined;
      const left = new Set(accepted.faults.map(({ index }) => waiting[index] ?? index));
      const durable = new Promise<void>((resolve, reject) => {
        append(entries, (fault) =>
          fault === undefined ? resolve() : reject(new Error(fault.code)),
        );
      });
      return { durable, subjectId: subjectOf(first), left };
    }
  }

  /**
   * What has found its place is parked no more; what is left keeps the message, under its subject's key. By a
   * server that has been replaced as well: nobody has these rows in memory, and what left them is in the log.
   */
  async #leave(claimed: {
    readonly row: store.ClaimableRow;
    readonly place: string;
    readonly clear: Uint8Array;
    readonly parts: readonly store.ParkedPart[];
    readonly left: ReadonlySet<number>;
    readonly subjectId: SubjectId;
  }): Promise<void> {
    const { sql, keys } = this.#ports;
    const { row, place, clear, parts, left, subjectId } = claimed;
    const kept = parts.filter((part) => !isUnworn(part) || left.has(indexOf(part)));
    const [why] = kept;
    if (why === undefined) return await store.deleteParts(sql, parts);
    // The first row keeps the bytes, whichever part it was, and tells from now on of the first that is kept.
    const gone = parts.filter(
      (part) => part.id !== row.id && (!kept.includes(part) || part === why),
    );
    await sql.begin(async (tx) => {
      await store.deleteParts(tx, gone);
      const seal = keys.sealOf(subjectId);
      await store.keepMessage(tx, {
        ...{ id: row.id, fault: why.fault, detail: why.detail },
        subjectId: seal === undefined ? row.subject_id : subjectId,
        sealed: seal === undefined ? row.message_sealed : seal.seal(clear, place),
        waits: kept.some(isUnworn),
      });
    });
  }
}

interface Claimed {
  readonly durable: Promise<void>;
  /** Of the first part that found its place. */
  readonly subjectId: SubjectId;
  /** Parts that still belong to nobody. */
  readonly left: ReadonlySet<number>;
}

function subjectOf(entry: LogEntry): SubjectId {
  if (!('series' in entry)) return entry.subjectId;
  const [series] = entry.series;
  expect(series !== undefined, 'an entry holds at least one part');
  return series.subjectId;
}
