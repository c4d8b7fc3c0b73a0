/** Times as a browser's field for date and time writes them: "2026-11-21T14:02:07", of its own zone. */
const ZONE = new Intl.DateTimeFormat('en-GB', { timeZoneName: 'short' });

export function toLocal(atMs: number): string {
  const at = new Date(atMs);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('-');
  return `${day}T${[at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':')}`;
}

/**
 * Undefined for a field that is empty or half filled. A time that stands for one of the exact ones is
 * that one: the second that is left out may be somebody else's.
 */
export function fromLocal(
  text: string,
  exact: readonly (number | undefined)[] = [],
): number | undefined {
  const meant = exact.find((atMs) => atMs !== undefined && toLocal(atMs) === text);
  if (meant !== undefined) return meant;
  const atMs = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(text) ? new Date(text).getTime() : Number.NaN;
  return Number.isNaN(atMs) ? undefined : atMs;
}

/** As it is called at that time: summer has another name. */
export function zoneName(atMs: number): string {
  const zone = ZONE.formatToParts(atMs).find(({ type }) => type === 'timeZoneName');
  return zone?.value ?? 'local time';
}
