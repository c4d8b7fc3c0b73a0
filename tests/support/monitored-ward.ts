/** A ward whose clock is turned by hand, for tests of who is missed. */
import assert from 'node:assert/strict';
import type { Series } from '../../apps/server/src/line/entry.ts';
import { Evaluator } from '../../apps/server/src/line/evaluate.ts';
import type { Finding } from '../../apps/server/src/line/finding.ts';
import { Monitoring } from '../../apps/server/src/line/monitoring.ts';
import type { SubjectSnapshot } from '../../apps/server/src/line/snapshot.ts';
import { arrivalOf, NOON, seriesSample, subjectId } from './line.ts';

export const RATE = seriesSample({ id: 1 });
export const SPO2 = seriesSample({ id: 2, metric: 'spo2' });
export const OTHER_RATE = seriesSample({ id: 3, device: 'monitor-2' });
export const CUFF = seriesSample({ id: 4, metric: 'nibp-systolic' });
export const TEMPERATURE = seriesSample({ id: 6, metric: 'body-temperature' });
export const BREATHS = seriesSample({ id: 7, metric: 'resp-rate-impedance' });
export const ECG = seriesSample({ id: 8, metric: 'ecg-ii' });
export const ECG_V1 = seriesSample({ id: 9, metric: 'ecg-v1' });
export const PLETH = seriesSample({ id: 10, metric: 'pleth' });
export const NEIGHBOUR = seriesSample({ id: 5, subject: 2, device: 'monitor-9' });

const VALUE: Record<string, number> = {
  'heart-rate': 70,
  spo2: 97,
  'nibp-systolic': 120,
  'body-temperature': 36.8,
  'resp-rate-impedance': 15,
};

/** A ward whose clock is turned by hand: each second the given series send, then somebody looks. */
export class Ward {
  evaluator = new Evaluator(() => 'unknown');
  monitoring = this.#newMonitoring();
  readonly takenOff = new Set<Series>();
  /** The snapshots, as they lie in the database. */
  readonly #stored = new Map<string, string>();
  second = 0;

  #newMonitoring(): Monitoring {
    return new Monitoring((series) => !this.takenOff.has(series));
  }

  /** What is said, as "second kind name@second of the last reading". */
  run(seconds: number, ...sending: readonly Series[]): string[] {
    const said: string[] = [];
    for (let each = 0; each < seconds; each += 1) {
      for (const series of sending) this.send(series);
      said.push(...this.look());
      this.second += 1;
    }
    return said;
  }

  send(series: Series, stampMs = this.nowMs): void {
    if (series.metric.kind === 'waveform') {
      this.evaluator.watchRun({ series, endMs: stampMs, receivedMs: this.nowMs });
      return;
    }
    const value = VALUE[series.metric.key] ?? 0;
    this.evaluator.evaluate(arrivalOf(series, { stampMs, value, receivedMs: this.nowMs }));
  }

  leads(kind: 'leads-off' | 'leads-on' | 'fall', stampMs = this.nowMs): void {
    const { organisationId, subjectId: subject, deviceId, partition } = RATE;
    const place = { organisationId, subjectId: subject, deviceId, partition };
    const event = { kind, stampMs, flags: 0 };
    const received = { receivedMs: this.nowMs, offsetMs: 0, id: `${kind} ${stampMs}` };
    this.evaluator.watchEvent({ kind: 'event', ...place, ...received, event });
  }

  look(): string[] {
    return this.findings().map(
      ({ kind, alarmId }) => `${this.second} ${kind} ${alarmId.replace(/\d+$/, secondOf)}`,
    );
  }

  findings(): Finding[] {
    return this.monitoring.look(this.evaluator.subjects(), this.nowMs);
  }

  /** The server stops for a while; what it knew comes from the snapshot. */
  restart(downS: number, told: readonly { key: string; alarmId: string }[]): void {
    for (const { subjectId: id, snapshot } of this.evaluator.snapshot()) {
      this.#stored.set(id, JSON.stringify(snapshot));
    }
    this.second += downS;
    this.evaluator = new Evaluator(() => 'unknown');
    this.monitoring = this.#newMonitoring();
    const all = [RATE, SPO2, OTHER_RATE, CUFF, BREATHS, ECG];
    for (const stored of this.#stored.values()) {
      const snapshot = JSON.parse(stored) as SubjectSnapshot;
      this.evaluator.remember(snapshot, (id) => all.find((series) => series.id === id));
    }
    const subject = this.evaluator.subject(subjectId(1));
    assert.ok(subject !== undefined);
    for (const each of told) assert.ok(this.monitoring.resume(subject, each));
  }

  get nowMs(): number {
    return NOON + this.second * 1000;
  }
}

export const secondOf = (stamp: string): string => String((Number(stamp) - NOON) / 1000);
