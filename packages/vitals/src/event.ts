/** Something that happened rather than was measured. */
export const EVENT_KINDS = [
  'fall',
  'button',
  'dose-taken',
  'door-crossed',
  'leads-off',
  'leads-on',
] as const;

export type EventKind = (typeof EVENT_KINDS)[number];

/** An event as a device reported it. */
export interface ReportedEvent {
  readonly kind: EventKind;
  /** The device's own time, integer milliseconds since 1970; absent: the device has no clock. */
  readonly stampMs?: number;
  /** Start counter and sequence of the device, where it has them: together the event's identity. */
  readonly boot?: number;
  readonly sequence?: number;
  readonly flags: number;
}
