/** By what a subject is watched now: the plan that the line runs, or what is built in. */
import { type LimitRule, readyLimits } from '@ausculta/rules/adult-limits';
import { UTC } from '@ausculta/rules/detectors/zone';
import type { PlannedRule } from '@ausculta/rules/protocol/plan';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { PatientCategory } from '@ausculta/vitals/subject';
import type { RegisteredSubject } from '../devices/registry.ts';
import type { Evaluator } from '../line/evaluate.ts';
import type { PlannedWatch } from '../line/planned.ts';
import type { AlarmShelf } from './alarm-shelf.ts';

export interface WatchedByPorts {
  readonly evaluator: Evaluator;
  readonly shelf: AlarmShelf;
  readonly categoryOf: (subjectId: SubjectId) => PatientCategory;
}

export class WatchedBy {
  readonly #ports: WatchedByPorts;

  constructor(ports: WatchedByPorts) {
    this.#ports = ports;
  }

  planOf(subjectId: SubjectId): PlannedWatch | undefined {
    return this.#ports.evaluator.subject(subjectId)?.plan;
  }

  /** Of whoever has none: as it would begin now, with what is built in. */
  asBegun(subject: RegisteredSubject, receivedMs: number): PlannedWatch {
    const { id, organisationId, partition, category } = subject;
    const patient = { category, spo2Scale: 1, zone: UTC } as const;
    const given = { protocol: null, patient, overrides: [] };
    const at = { organisationId, partition, receivedMs, given };
    return this.#ports.evaluator.plans.asBegun(id, at);
  }

  /** `category`: where somebody knows it better than the register does. */
  limitsOf(
    subjectId: SubjectId,
    category = this.#ports.categoryOf(subjectId),
  ): readonly LimitRule[] {
    const planned = this.planOf(subjectId);
    if (planned === undefined) return readyLimits(category);
    return planned.plan.rules.flatMap(limitOfRule);
  }

  /** Alarms that last until a person has answered, and that one has: who snoozes wants to be called again. */
  *answered(): Iterable<{ readonly planned: PlannedWatch; readonly alarm: string }> {
    const { evaluator, shelf } = this.#ports;
    for (const planned of evaluator.plans.all()) {
      const { place, monitor } = planned;
      for (const alarm of monitor.latched()) {
        const newest = shelf.newestOf(place.subjectId, alarm);
        if (newest === undefined || newest.view.snooze !== undefined) continue;
        if (newest.view.episode !== 'raised') yield { planned, alarm };
      }
    }
  }
}

function limitOfRule({ rule, isOff }: PlannedRule): LimitRule[] {
  const { detector, key, episodeKey, priority, source, role } = rule;
  if (detector.kind !== 'limit' || role !== 'alarm' || isOff) return [];
  const { vital, direction, limit, delayMs, clearance } = detector;
  const named = { kind: 'limit', key, episodeKey, priority, source } as const;
  return [{ ...named, vital, direction, limit, delayMs, clearance }];
}
