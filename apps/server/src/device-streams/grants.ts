/**
 * Which device may hear another, in memory and written through. A grant is of one patient: a sensor that
 * goes to somebody else must not go on telling the pump of whom it was.
 */
import type { CompiledConsent } from '@ausculta/policy/consent';
import { decide } from '@ausculta/policy/decide';
import type { Grant } from '@ausculta/policy/grant';
import type { DeviceId, SubjectId } from '@ausculta/vitals/identity';
import type { InLane, Sql } from '../database/pool.ts';
import type { RegisteredDevice } from '../devices/known-device.ts';
import { appendAudit } from '../vault/audit.ts';
import type { Seal } from '../vault/seal.ts';
import * as store from './store.ts';

export interface GrantPorts {
  readonly sql: Sql;
  readonly inLane: InLane;
  readonly organisationSeal: (organisationId: string) => Seal;
  readonly newId: () => string;
  readonly nowMs: () => number;
}

export interface NewGrant {
  readonly from: RegisteredDevice;
  readonly to: RegisteredDevice;
  readonly subjectId: SubjectId;
  readonly data: readonly store.StreamedData[];
  readonly untilMs: number;
  readonly actor: string | undefined;
}

type ConsentsOf = (subjectId: SubjectId) => readonly CompiledConsent[];

interface Asked {
  readonly from: RegisteredDevice;
  readonly to: RegisteredDevice;
  readonly data: store.StreamedData;
}

export class DeviceGrants {
  readonly #ports: GrantPorts;
  /** By the device that is heard: asked for each reading of one. */
  readonly #byFrom = new Map<DeviceId, store.GrantRow[]>();
  readonly #listeners = new Set<() => void>();
  /** What a person has decided; until it is known, nobody hears anybody. */
  #consentsOf: ConsentsOf | undefined;

  static async open(ports: GrantPorts): Promise<DeviceGrants> {
    const grants = new DeviceGrants(ports);
    for (const row of await store.readGrants(ports.sql, ports.nowMs())) grants.#add(row);
    return grants;
  }

  private constructor(ports: GrantPorts) {
    this.#ports = ports;
  }

  boundBy(consentsOf: ConsentsOf): void {
    this.#consentsOf = consentsOf;
  }

  /** Hears that something may be open no longer. */
  onNarrowed(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** In force, from or to a device. */
  of(deviceId: DeviceId): store.GrantRow[] {
    const nowMs = this.#ports.nowMs();
    return [...this.#byFrom.values()]
      .flat()
      .filter(
        ({ from_device, to_device, until_ms }) =>
          (from_device === deviceId || to_device === deviceId) && until_ms > nowMs,
      );
  }

  async give({ from, to, subjectId, data, untilMs, actor }: NewGrant): Promise<store.GrantRow> {
    const { inLane, newId, nowMs } = this.#ports;
    const row: store.GrantRow = {
      ...{ organisation_id: from.organisationId, id: newId(), subject_id: subjectId },
      ...{ from_device: from.id, to_device: to.id, data_classes: [...data] },
      ...{ from_ms: nowMs(), until_ms: untilMs, given_by: actor ?? null },
    };
    await inLane(async (tx) => {
      await store.insertGrant(tx, row);
      const value = { grant: row.id, to: to.id, data };
      await this.#audit(tx, row, { act: 'device-grant-given', actor, atMs: row.from_ms, value });
    });
    this.#add(row);
    return row;
  }

  async withdraw(row: store.GrantRow, actor: string | undefined): Promise<void> {
    const atMs = this.#ports.nowMs();
    await this.#ports.inLane(async (tx) => {
      await store.withdrawGrant(tx, row.id, atMs);
      const value = { grant: row.id };
      await this.#audit(tx, row, { act: 'device-grant-withdrawn', actor, atMs, value });
    });
    this.#keep(({ id }) => id !== row.id);
  }

  /** Of whom the one device may hear of the other now, by the policy; undefined: of nobody. */
  hears({ from, to, data }: Asked): SubjectId | undefined {
    const nowMs = this.#ports.nowMs();
    const subjectId = from.wearerNow(nowMs);
    const consents = subjectId && this.#consentsOf?.(subjectId);
    if (subjectId === undefined || consents === undefined) return undefined;
    if (from.isDisabled || to.isDisabled) return undefined;
    const rows = this.#byFrom.get(from.id) ?? [];
    const { isPermitted } = decide({
      nowMs,
      actor: {
        ...{ id: to.id, role: 'device', organisationId: to.organisationId },
        ...{ relations: [], references: [`Device/${to.id}`] },
      },
      ...{ action: 'stream', dataClass: data, purpose: 'TREAT' },
      target: { organisationId: from.organisationId, subjectId },
      consents,
      grants: rows.map(grantOf),
    });
    return isPermitted ? subjectId : undefined;
  }

  /** Erased: nobody hears of them any more. */
  forget(subjectId: SubjectId): void {
    this.#keep((row) => row.subject_id !== subjectId);
  }

  /** Lets go of those that have run out. */
  tidy(): void {
    const nowMs = this.#ports.nowMs();
    this.#keep(({ until_ms }) => until_ms > nowMs);
  }

  #add(row: store.GrantRow): void {
    const others = this.#byFrom.get(row.from_device) ?? [];
    this.#byFrom.set(row.from_device, [...others, row]);
  }

  #keep(isKept: (row: store.GrantRow) => boolean): void {
    for (const [id, rows] of this.#byFrom) {
      const kept = rows.filter(isKept);
      if (kept.length === 0) this.#byFrom.delete(id);
      else this.#byFrom.set(id, kept);
    }
    for (const listener of this.#listeners) listener();
  }

  async #audit(
    tx: Parameters<typeof appendAudit>[0],
    { organisation_id: organisationId, from_device }: store.GrantRow,
    entry: {
      readonly act: 'device-grant-given' | 'device-grant-withdrawn';
      readonly actor: string | undefined;
      readonly atMs: number;
      readonly value: unknown;
    },
  ): Promise<void> {
    const { value, ...rest } = entry;
    const detail = { seal: this.#ports.organisationSeal(organisationId), value };
    await appendAudit(tx, { organisationId, target: `device/${from_device}`, ...rest, detail });
  }
}

function grantOf(row: store.GrantRow): Grant {
  return {
    id: row.id,
    fromOrganisationId: row.organisation_id,
    toOrganisationId: row.organisation_id,
    toActorId: row.to_device,
    subjectIds: [row.subject_id],
    dataClasses: row.data_classes,
    actions: ['stream'],
    purposes: ['TREAT'],
    fromMs: row.from_ms,
    untilMs: row.until_ms,
    onward: 'none',
  };
}
