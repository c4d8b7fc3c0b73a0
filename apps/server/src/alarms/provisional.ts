/**
 * What has been accepted and is not yet durable, led through a copy of the detectors: the log is
 * stalled, or intake is refusing (safety S3). The copy is let go when the store is back.
 */
import type { DeviceId } from '@ausculta/vitals/identity';
import { callOf } from '../line/call.ts';
import { consume } from '../line/consume.ts';
import type { LogEntry } from '../line/entry.ts';
import type { Evaluator } from '../line/evaluate.ts';
import type { Finding } from '../line/finding.ts';

export interface ProvisionalPorts {
  readonly onBroken: (entry: LogEntry, error: unknown) => void;
}

export class Provisional {
  readonly evaluator: Evaluator;
  readonly #ports: ProvisionalPorts;
  readonly #waiting = new Set<DeviceId>();
  /** So many of the pending entries have been evaluated. */
  #seen = 0;

  constructor(evaluator: Evaluator, ports: ProvisionalPorts) {
    this.evaluator = evaluator;
    this.#ports = ports;
  }

  /** Those of `pending` that are new since the last time; it only grows while the log is stalled. */
  evaluatePending(pending: readonly LogEntry[], nowMs: number): Finding[] {
    const fresh = pending.slice(this.#seen);
    for (const entry of fresh) {
      if (entry.kind === 'event') this.#waiting.add(entry.deviceId);
      else if ('series' in entry)
        for (const { deviceId } of entry.series) this.#waiting.add(deviceId);
    }
    const findings = this.evaluate(fresh);
    this.#seen = Math.max(this.#seen, pending.length);
    findings.push(...this.evaluator.silences(nowMs));
    return findings;
  }

  /**
   * Whether the device has sent what it has had no answer to: it may send nothing more until then.
   * Who was refused has had one.
   */
  isWaiting(deviceId: DeviceId): boolean {
    return this.#waiting.has(deviceId);
  }

  evaluate(entries: readonly LogEntry[]): Finding[] {
    const findings: Finding[] = [];
    consume(entries, {
      insertReading: () => 'new',
      insertRun: () => {},
      insertEvent: () => {},
      // Readings change hands once that is durable, not before.
      watchMove: () => {},
      // Nor is anybody watched by a plan that may never have been.
      watchCare: () => {},
      watchRun: (arrival) => this.evaluator.watchRun(arrival),
      watchEvent: (entry) => {
        findings.push(...this.evaluator.watchEvent(entry));
        const call = callOf(entry);
        if (call !== undefined) findings.push(call);
      },
      evaluate: (arrival) => {
        findings.push(...this.evaluator.evaluate(arrival));
      },
      onBroken: this.#ports.onBroken,
    });
    return findings;
  }
}
