import type { Stretch } from './time-view.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

const SECONDS = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
const MINUTES = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const DAYS = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

/** A tick says no more than its step can tell: days, minutes or seconds. */
export function tickWords(atMs: number, stepMs: number): string {
  if (stepMs >= DAY_MS) return DAYS.format(atMs);
  return stepMs >= MINUTE_MS ? MINUTES.format(atMs) : SECONDS.format(atMs);
}

export function cursorWords(atMs: number, stretch: Stretch): string {
  return stretch.toMs - stretch.fromMs > 3 * DAY_MS ? momentWords(atMs) : SECONDS.format(atMs);
}

/** "05:43:12" */
export function timeWords(atMs: number): string {
  return SECONDS.format(atMs);
}

export function momentWords(atMs: number): string {
  return `${DAYS.format(atMs)}, ${MINUTES.format(atMs)}`;
}

/** "21 Nov, 09:12 – 10:12", and the other day named where there is one. */
export function spanWords({ fromMs, toMs }: Stretch): string {
  const times = toMs - fromMs <= 10 * MINUTE_MS ? SECONDS : MINUTES;
  const isOneDay = DAYS.format(fromMs) === DAYS.format(toMs);
  const until = isOneDay ? times.format(toMs) : `${DAYS.format(toMs)}, ${times.format(toMs)}`;
  return `${DAYS.format(fromMs)}, ${times.format(fromMs)} – ${until}`;
}
