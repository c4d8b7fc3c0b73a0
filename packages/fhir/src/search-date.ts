import { ALL_TIME, type Interval, readDate } from './date-range.ts';

/** The instants that a date parameter of a search for readings lets through. */
export function readDateParameter(text: string): Interval | undefined {
  const prefix = /^[a-z]{2}/.exec(text)?.[0] ?? 'eq';
  const span = readDate(text.replace(/^[a-z]{2}/, ''));
  if (span === undefined) return undefined;
  switch (prefix) {
    case 'eq':
      return span;
    case 'ge':
      return { fromMs: span.fromMs, untilMs: ALL_TIME.untilMs };
    case 'gt':
      return { fromMs: span.untilMs, untilMs: ALL_TIME.untilMs };
    case 'le':
      return { fromMs: ALL_TIME.fromMs, untilMs: span.untilMs };
    case 'lt':
      return { fromMs: ALL_TIME.fromMs, untilMs: span.fromMs };
    default:
      return undefined;
  }
}

export function intersection(one: Interval, other: Interval): Interval {
  return {
    fromMs: Math.max(one.fromMs, other.fromMs),
    untilMs: Math.min(one.untilMs, other.untilMs),
  };
}
