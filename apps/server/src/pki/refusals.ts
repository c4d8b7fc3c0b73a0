/**
 * Who was refused under a device's name is written down in the audit, where people look into what
 * happened to a device. The same again within a minute says nothing new, so that nobody fills a disk.
 */

import type { InLane } from '../database/pool.ts';
import type { RegisteredDevice } from '../devices/known-device.ts';
import { appendAudit } from '../vault/audit.ts';
import type { Seal } from '../vault/seal.ts';
import type { Refused } from './certificates.ts';

/** As it is told to people; a device is told that it was refused, and no more. */
export type RefusedBecause =
  | Refused
  | 'wrong-token'
  | 'wrong-claim-code'
  | 'wrong-authority'
  | 'self-signed'
  | 'wrong-purpose'
  | 'not-verified'
  | 'other-name';

const AGAIN_MS = 60_000;

export interface RefusalPorts {
  readonly inLane: InLane;
  readonly organisationSeal: (organisationId: string) => Seal;
  readonly nowMs: () => number;
  readonly onProblem: (what: string, error: unknown) => void;
}

export interface Refusal {
  readonly because: RefusedBecause;
  readonly door: string;
  readonly address: string;
}

export class Refusals {
  readonly #ports: RefusalPorts;
  /** When it was last written down, by device and reason: as many as there are devices. */
  readonly #lastMs = new Map<string, number>();
  #writing: Promise<void> = Promise.resolve();

  constructor(ports: RefusalPorts) {
    this.#ports = ports;
  }

  note(device: RegisteredDevice, refusal: Refusal): void {
    const atMs = this.#ports.nowMs();
    const key = `${device.id} ${refusal.because}`;
    const lastMs = this.#lastMs.get(key) ?? Number.NEGATIVE_INFINITY;
    if (lastMs <= atMs && atMs - lastMs < AGAIN_MS) return;
    this.#lastMs.set(key, atMs);
    this.#write(device, 'device-refused', { atMs, value: refusal });
  }

  /** Nobody is refused: which of the two is the device, a person has to find out. */
  noteTwoPlaces(
    device: RegisteredDevice,
    value: { readonly because: string; readonly door: string },
  ): void {
    this.#write(device, 'device-in-two-places', { atMs: this.#ports.nowMs(), value });
  }

  #write(
    { id, organisationId }: RegisteredDevice,
    act: 'device-refused' | 'device-in-two-places',
    { atMs, value }: { readonly atMs: number; readonly value: unknown },
  ): void {
    const { inLane, organisationSeal, onProblem } = this.#ports;
    const detail = { seal: organisationSeal(organisationId), value };
    const entry = { organisationId, actor: undefined, act, target: `device/${id}`, atMs } as const;
    this.#writing = this.#writing
      .then(() => inLane((tx) => appendAudit(tx, { ...entry, detail })))
      .catch((error: unknown) => onProblem('write down a refusal', error));
  }

  forgetOld(nowMs: number): void {
    for (const [key, lastMs] of this.#lastMs)
      if (nowMs - lastMs >= AGAIN_MS) this.#lastMs.delete(key);
  }

  settle(): Promise<void> {
    return this.#writing;
  }
}
