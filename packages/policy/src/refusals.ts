/** Why something is refused, in codes that stay and words that say nothing about the person. */

/** From the least to the most that was in order: a caller is told of the last thing that was missing. */
export const REFUSALS = {
  REQUEST_UNREADABLE: 'The question was not complete, so the answer is no.',
  WORD_UNKNOWN: 'A role, relation, purpose, action or kind of data is not known.',
  ROLE_NEVER: 'This role never does this.',
  PURPOSE_CLOSED: 'Not for this purpose.',
  RELATION_MISSING: 'You do not stand so to the person or thing that this is open to you.',
  ONLY_SYNTHETIC: 'Only about invented persons.',
  ONLY_DE_IDENTIFIED: 'Only without the person in it.',
  ALARM_NOT_OWED: 'Only while an alarm waits for an answer.',
  BREAK_GLASS_NEEDED: 'Only in an emergency: say so, with a reason.',
  BREAK_GLASS_REASON: 'Emergency access needs a reason in words.',
  BREAK_GLASS_TIME: 'Emergency access is over, or was asked for longer than is allowed.',
  SUBJECT_MISSING: 'Say about whom.',
  GRANT_MISSING: 'No grant opens this to you.',
  ONWARD_SHARING: 'It was received for another purpose, or may not be passed on.',
  SINK_UNKNOWN: 'Say where it is going.',
  SINK_JURISDICTION: 'It may not go to that country.',
  SINK_LICENCE: 'Its licence does not let it go there for this purpose.',
  SCOPE_TOO_NARROW: 'The app was not given this.',
  CONSENT_MISSING: 'Only with the person’s consent.',
  CONSENT_DENIES: 'The person has kept this back.',
} as const satisfies Record<string, string>;
export type RefusalCode = keyof typeof REFUSALS;

const CODES = Object.keys(REFUSALS) as RefusalCode[];

/** The later in the list, the more was in order. */
export function isFurther(code: RefusalCode, than: RefusalCode): boolean {
  return CODES.indexOf(code) > CODES.indexOf(than);
}
