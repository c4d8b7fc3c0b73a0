/** A time as somebody wrote it: when, and the way of writing, so that it can be written again. */

export interface WrittenTime {
  readonly atMs: number;
  readonly form: TimeForm;
}

export interface TimeForm {
  /** "Z", or hours and minutes such as "-05:00". */
  readonly zone: string;
  /** Digits of a second's fraction. */
  readonly fraction: number;
}

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.(\d{1,3}))?(Z|[+-]\d{2}:\d{2})$/;

/** Undefined for what is no instant to the second, or finer than a millisecond. */
export function readTime(text: string): WrittenTime | undefined {
  const match = TIME.exec(text);
  if (match === null) return undefined;
  const [, fraction = '', zone = 'Z'] = match;
  const atMs = Date.parse(text);
  const form = { zone, fraction: fraction.length };
  // Days that do not exist, and zones beyond all zones, come back as another text.
  return Number.isFinite(atMs) && writeTime({ atMs, form }) === text ? { atMs, form } : undefined;
}

export function writeTime({ atMs, form: { zone, fraction } }: WrittenTime): string {
  const [hours = 0, minutes = 0] = zone === 'Z' ? [] : zone.slice(1).split(':').map(Number);
  const offsetMs = (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
  const local = new Date(atMs + offsetMs).toISOString();
  return local.slice(0, fraction === 0 ? 19 : 20 + fraction) + zone;
}
