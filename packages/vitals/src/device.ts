import type { DeviceId, SubjectId } from './identity.ts';

/** Who wore it when: a half-open span of corrected time, [fromMs, untilMs). */
export interface Assignment {
  readonly deviceId: DeviceId;
  readonly subjectId: SubjectId;
  readonly fromMs: number;
  /** Undefined: still in force. */
  readonly untilMs: number | undefined;
}

export function isAssignedAt(assignment: Assignment, atMs: number): boolean {
  return (
    assignment.fromMs <= atMs && (assignment.untilMs === undefined || atMs < assignment.untilMs)
  );
}
