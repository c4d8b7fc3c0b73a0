/** A device that measures, sends, and sends again what nobody has acknowledged. */
import type { DeviceId, OrganisationId } from '@ausculta/vitals/identity';
import { FLAG } from '@ausculta/vitals/reading';
import type { Decoded, Message } from '../../apps/server/src/doors/intake.ts';
import type { Chance } from './chance.ts';
import {
  contentIdOf,
  eventKey,
  type Fact,
  type Ledger,
  readingKey,
  runKey,
  SAMPLES_PER_RUN,
} from './ledger.ts';

export interface Sent {
  readonly id: string;
  readonly decoded: Decoded;
  readonly bytes: Uint8Array;
  readonly facts: readonly Fact[];
  /** The device has heard that it is kept. */
  isHeard: boolean;
  /** Copies of it that have not arrived yet. */
  underway: number;
}

/** A reading that its device has heard of, and may still correct. */
interface Correctable {
  readonly sent: Sent;
  readonly metric: Vital;
  readonly stampMs: number;
  readonly fact: Fact;
}

const RATE = { numerator: 250, denominator: 1 };
export const SAMPLE_MS = 4;
const RUN_MS = SAMPLES_PER_RUN * SAMPLE_MS;

/** Of an adult: within all limits, and beyond one. */
const CALM = { 'heart-rate': 70, spo2: 96, 'body-temperature': 36.5 } as const;
const ILL = { 'heart-rate': 150, spo2: 85, 'body-temperature': 36.5 } as const;
type Vital = keyof typeof CALM;
export const VITALS: readonly Vital[] = ['heart-rate', 'spo2', 'body-temperature'];

export interface MonitorKind {
  readonly id: DeviceId;
  readonly organisationId: OrganisationId;
  /** How far its clock is off, at first. */
  readonly skewMs: number;
  /** Its language says when it sent. */
  readonly tellsTime: boolean;
}

export class Monitor {
  readonly kind: MonitorKind;
  readonly #chance: Chance;
  readonly #ledger: Ledger;
  /** Not yet heard of, oldest first. */
  waiting: Sent[] = [];
  skewMs: number;
  /** Its clock has never been set. */
  isSteady = true;
  #count = 0;
  #lastStampMs = Number.NEGATIVE_INFINITY;
  #boot = 1;
  #isIll = false;
  #isWaving = false;
  #runEndMs = 0;
  #correctable: Correctable[] = [];

  constructor(kind: MonitorKind, chance: Chance, ledger: Ledger) {
    this.kind = kind;
    this.skewMs = kind.skewMs;
    this.#chance = chance;
    this.#ledger = ledger;
  }

  /** Back by a reset, forward by a hand that sets it, or a little. */
  jump(): void {
    const hour = 3_600_000;
    this.skewMs += this.#chance.of([-hour, -60_000, -3_000, 3_000, 60_000, hour, -24 * hour]);
    this.isSteady = false;
    this.#lastStampMs = Number.NEGATIVE_INFINITY;
    this.#isWaving = false;
    this.#boot += 1;
    this.#correctable = [];
  }

  measure(trueMs: number): Sent {
    if (this.#chance.happens(0.02)) this.#isIll = !this.#isIll;
    const corrected = this.#chance.happens(0.05) ? this.#correction() : undefined;
    if (corrected !== undefined) return corrected;
    if (this.#chance.happens(0.04)) return this.#nonsense(trueMs);
    const roll = this.#chance.next();
    const sent =
      roll < 0.7 ? this.#readings(trueMs) : roll < 0.92 ? this.#run(trueMs) : this.#event(trueMs);
    this.waiting.push(sent);
    return sent;
  }

  #readings(trueMs: number): Sent {
    const id = this.#nextId();
    const stampMs = this.#stamp(trueMs);
    const vitals = VITALS.filter(() => this.#chance.happens(0.6));
    const measured = (vitals.length === 0 ? VITALS.slice(0, 1) : vitals).map((metric) => ({
      metric,
      stampMs,
      value: this.#value(metric),
      flags: 0,
    }));
    const facts = measured.map(({ metric, value }) =>
      this.#note('reading', id, readingKey(this.kind.id, metric, value), stampMs - this.skewMs),
    );
    const sentMs = this.kind.tellsTime ? stampMs : undefined;
    const decoded: Decoded = { kind: 'readings', readings: measured, sentMs, faults: [] };
    const sent = this.#sent(id, decoded, facts);
    for (const [i, { metric }] of measured.entries()) {
      this.#correctable.push({ sent, metric, stampMs, fact: facts[i] as Fact });
    }
    return sent;
  }

  /**
   * Another value for a stamp that the server has. Not while the first one is still on its way: which of
   * two values is read that arrive in the wrong order, nobody can know.
   */
  #correction(): Sent | undefined {
    const ready = this.#correctable.filter(({ sent }) => sent.isHeard && sent.underway === 0);
    if (ready.length === 0) return undefined;
    const chosen = this.#chance.of(ready);
    this.#correctable = this.#correctable.filter((one) => one !== chosen);
    const { metric, stampMs, fact: original } = chosen;
    const id = this.#nextId();
    const value = this.#value(metric);
    const fact = this.#note(
      'reading',
      id,
      readingKey(this.kind.id, metric, value),
      original.trueMs,
    );
    original.correction = fact;
    const readings = [{ metric, stampMs, value, flags: FLAG.CORRECTION }];
    const sentMs = this.kind.tellsTime ? this.#lastStampMs : undefined;
    const sent = this.#sent(id, { kind: 'readings', readings, sentMs, faults: [] }, [fact]);
    this.waiting.push(sent);
    return sent;
  }

  #nonsense(trueMs: number): Sent {
    const id = this.#nextId();
    const fact = this.#note('nonsense', id, id, trueMs);
    const faults = [{ index: -1, fault: { code: 'PAYLOAD_MALFORMED' as const } }];
    const sent = this.#sent(id, { kind: 'nothing', faults }, [fact]);
    this.waiting.push(sent);
    return sent;
  }

  #value(metric: Vital): number {
    const level = this.#isIll ? ILL : CALM;
    return Math.round((level[metric] + this.#count * 1e-4) * 1e6) / 1e6;
  }

  /** Runs follow each other without a gap while the electrodes are on. */
  #run(trueMs: number): Sent {
    const id = this.#nextId();
    const nowMs = Math.round(trueMs + this.skewMs);
    if (!this.#isWaving || nowMs - this.#runEndMs > 5_000) this.#runEndMs = nowMs - RUN_MS;
    this.#isWaving = true;
    const startMs = this.#runEndMs;
    this.#runEndMs += RUN_MS;
    const first = this.#count * SAMPLES_PER_RUN;
    const samples = Int32Array.from({ length: SAMPLES_PER_RUN }, (_, i) => first + i);
    const run = { metric: 'ecg-ii', startMs, rate: RATE, samples, gain: 200, zero: 0, flags: 0 };
    const fact = this.#note('run', id, runKey(this.kind.id, first), startMs - this.skewMs);
    return this.#sent(id, { kind: 'waveforms', runs: [run], faults: [] }, [fact]);
  }

  #event(trueMs: number): Sent {
    const id = this.#nextId();
    const stampMs = this.#stamp(trueMs);
    const kind = this.#chance.of([
      'button',
      'dose-taken',
      'leads-off',
      'leads-on',
      'fall',
    ] as const);
    const event = { kind, stampMs, boot: this.#boot, sequence: this.#count, flags: 0 };
    const key = eventKey(`${this.kind.id}/${this.#boot}/${this.#count}`);
    const fact = this.#note('event', id, key, stampMs - this.skewMs);
    return this.#sent(id, { kind: 'events', events: [event], faults: [] }, [fact]);
  }

  /** Two readings of one millisecond would be one reading. */
  #stamp(trueMs: number): number {
    const stampMs = Math.max(Math.round(trueMs + this.skewMs), this.#lastStampMs + 1);
    this.#lastStampMs = stampMs;
    return stampMs;
  }

  #nextId(): string {
    this.#count += 1;
    return `${this.kind.id}#${this.#count}`;
  }

  #note(kind: Fact['kind'], messageId: string, key: string, trueMs: number): Fact {
    const samples = kind === 'run' ? SAMPLES_PER_RUN : 1;
    const { id: deviceId } = this.kind;
    const contentId = contentIdOf(deviceId, new TextEncoder().encode(messageId));
    return this.#ledger.note({ key, kind, deviceId, contentId, trueMs, samples });
  }

  #sent(id: string, decoded: Decoded, facts: readonly Fact[]): Sent {
    return { id, decoded, facts, bytes: new TextEncoder().encode(id), isHeard: false, underway: 0 };
  }

  heard(sent: Sent): void {
    sent.isHeard = true;
    this.waiting = this.waiting.filter((one) => one !== sent);
  }
}

export function messageOf(
  { bytes, decoded }: Sent,
  to: Pick<Message, 'device' | 'receivedMs' | 'waits'>,
): Message {
  return { ...to, door: 'mqtt', bytes, decoded };
}
