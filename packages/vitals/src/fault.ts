/**
 * What the world can do wrong, in one catalogue. A fault is a value, never thrown: a door turns it
 * into its own language's error (HTTP status, MQTT error topic, HL7 ACK) and the process lives on.
 *
 * `retry` tells the sender whether the same bytes may succeed: 'never' (mend them first) or 'later'.
 * docs/faults.md explains each code to the people who meet it; a test holds the two together.
 */
export const FAULTS = {
  PAYLOAD_MALFORMED: {
    retry: 'never',
    why: 'The message is not in the form that the topic or route takes.',
  },
  PAYLOAD_TOO_LARGE: { retry: 'never', why: 'The message is larger than this door accepts.' },
  METRIC_UNKNOWN: { retry: 'never', why: 'The catalogue has no metric of this name or code.' },
  UNIT_UNKNOWN: { retry: 'never', why: 'The unit is unknown, or does not measure this metric.' },
  VALUE_NOT_FINITE: { retry: 'never', why: 'A value is not a finite number.' },
  STAMP_INVALID: { retry: 'never', why: 'The time of a reading cannot be read.' },
  CLOCK_DOUBTED: {
    retry: 'never',
    why: "The device's clock is not known well enough to say who wore it. The reading is held for a person.",
  },
  CLOCK_UNSTEADY: {
    retry: 'never',
    why: "The device's clock changes too often. Its readings are placed at their receipt.",
  },
  BLOCK_MALFORMED: {
    retry: 'never',
    why: 'The block does not decode: its bytes contradict its header.',
  },
  BLOCK_TOO_LARGE: {
    retry: 'never',
    why: 'The block claims more values or bytes than are allowed.',
  },
  BLOCK_VERSION_UNKNOWN: {
    retry: 'never',
    why: 'The block was written by a codec version this one does not know.',
  },
  QUERY_INVALID: { retry: 'never', why: 'A search parameter is unknown or cannot be read.' },
  QUERY_TOO_WIDE: { retry: 'never', why: 'The question asks for more than one answer may hold.' },
  DEVICE_UNKNOWN: { retry: 'never', why: 'No device of this id is registered.' },
  DEVICE_UNASSIGNED: { retry: 'later', why: 'The device is not assigned to anybody at that time.' },
  PATIENT_DIFFERS: {
    retry: 'later',
    why: 'The message names another patient than the one who is assigned to the device.',
  },
  PATIENT_UNKNOWN: {
    retry: 'later',
    why: 'No patient here has the record number that the message names.',
  },
  MOVEMENT_REFUSED: {
    // Once the other half has been told: then the same bytes are right.
    retry: 'later',
    why: 'The message contradicts what is known of where the patient lies.',
  },
  MOVEMENT_LATE: {
    retry: 'never',
    why: 'A newer message about the same patient has been taken already.',
  },
  CREDENTIALS_REFUSED: { retry: 'never', why: 'The credentials are missing or wrong.' },
  SECOND_FACTOR_NEEDED: {
    retry: 'never',
    why: 'A code of the second factor is needed as well: it is missing, wrong or was used before.',
  },
  PROOF_NEEDED: {
    retry: 'never',
    why: 'Prove once more who you are; then the same request is taken.',
  },
  SESSION_LOCKED: {
    retry: 'never',
    why: 'The session is locked. Prove who you are, and it goes on.',
  },
  PASSWORD_REFUSED: { retry: 'never', why: 'The password is too easy to guess.' },
  LINK_SPENT: {
    retry: 'never',
    why: 'The link was used, has run out or was replaced. Ask for a new one.',
  },
  PROVIDER_UNREACHABLE: {
    retry: 'later',
    why: 'The provider of your account cannot be reached. Sign in with a password or a passkey, or try again later.',
  },
  LOGIN_TAKEN: { retry: 'never', why: 'Another account has this login name.' },
  DUTY_WOULD_BE_EMPTY: {
    retry: 'later',
    why: 'Nobody else is on for this duty: nobody would be called by it.',
  },
  LAST_ADMINISTRATOR: {
    retry: 'never',
    why: 'Nobody would be left who can administer the organisation.',
  },
  NOT_PERMITTED: { retry: 'never', why: 'The caller may not do this.' },
  NOT_FOUND: { retry: 'never', why: 'There is nothing under this id that the caller may see.' },
  SNOOZE_REFUSED: { retry: 'never', why: 'This alarm is not one that can be snoozed now.' },
  SUBJECT_MONITORED: {
    retry: 'never',
    why: 'The subject wears a device. Without its record, nobody would be watching.',
  },
  RECORDS_MERGED: {
    retry: 'later',
    why: 'Other records of the same person were merged into this one. Erase those first.',
  },
  READINGS_MOVING: {
    retry: 'later',
    why: 'Readings are being moved between this record and another one. Ask again in a moment.',
  },
  KEY_COPY_UNREACHABLE: {
    retry: 'later',
    why: 'A copy of the key store cannot be reached and still has the key. Nothing was erased.',
  },
  LEGAL_HOLD: {
    retry: 'never',
    why: 'A legal hold forbids to erase this record, or to take readings out of it.',
  },
  RATE_EXCEEDED: { retry: 'later', why: 'Too many requests. Send again more slowly.' },
  PARKED_QUOTA_EXCEEDED: {
    retry: 'later',
    why: 'The device has parked as much as it may; further messages are only counted.',
  },
  STORE_UNAVAILABLE: { retry: 'later', why: 'Nothing was written. Send it again.' },
  STORE_FULL: {
    retry: 'later',
    why: 'The disk reserve is reached. Nothing was written; send it again later.',
  },
  SEAL_BROKEN: {
    retry: 'never',
    why: 'The sealed bytes do not open: wrong key, wrong place or damage.',
  },
} as const satisfies Record<string, { retry: 'never' | 'later'; why: string }>;

export type FaultCode = keyof typeof FAULTS;

/** `detail` helps the sender mend the message. It never holds a value, a name or another's id. */
export interface Fault {
  readonly code: FaultCode;
  readonly detail?: string;
}

export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly fault: Fault };

export function ok<T>(value: T): Result<T> {
  return { ok: true, value };
}

export function fail(
  code: FaultCode,
  detail?: string,
): { readonly ok: false; readonly fault: Fault } {
  return { ok: false, fault: detail === undefined ? { code } : { code, detail } };
}
