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

/** One of the home or the body, as IEEE 11073-20601 has them; or one at the point of care (IEEE 11073-10207). */
export const DEVICE_KINDS = ['personal', 'point-of-care'] as const;
export type DeviceKind = (typeof DEVICE_KINDS)[number];

/** What is known of a device beside its id and its model. */
export interface DeviceAbout {
  readonly kind?: DeviceKind;
  readonly manufacturer?: string;
  readonly serialNumber?: string;
  /** EUI-64: sixteen hexadecimal digits, in capitals. */
  readonly systemId?: string;
}
