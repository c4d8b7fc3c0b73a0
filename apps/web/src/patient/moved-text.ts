import type { ReadingsMoved } from '@ausculta/contract/subjects';

const MOMENT = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});

/** "Readings of patch-1, 3 Mar, 10:00 to 3 Mar, 11:00, were moved to another record on 3 Mar, 12:10." */
export function movedText(
  { device, way, atMs, fromMs, untilMs }: ReadingsMoved,
  moment: (atMs: number) => string = (ms) => MOMENT.format(ms),
): string {
  const span =
    untilMs === null ? `from ${moment(fromMs)} on` : `${moment(fromMs)} to ${moment(untilMs)}`;
  const where = way === 'away' ? 'to another record' : 'here from another record';
  return `Readings of ${device}, ${span}, were moved ${where} on ${moment(atMs)}.`;
}
