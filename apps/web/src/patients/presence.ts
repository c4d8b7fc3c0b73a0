import type { SubjectView } from '@ausculta/contract/subjects';
import { byPlace } from '../vitals/identity-text.ts';

type Present = Pick<SubjectView, 'kind' | 'presence' | 'devices'>;

/** Not a room or a thing: of those an alarm is shown, a help button's say, and nothing else. */
export function isPerson({ kind }: Pick<SubjectView, 'kind'>): boolean {
  return kind === 'patient' || kind === 'bed';
}

/** To be watched: not discharged, not merged, no unknown patient whose device has been taken off. */
export function isHere(subject: Present): boolean {
  const { kind, presence, devices } = subject;
  if (!isPerson(subject)) return false;
  return devices.length > 0 || (presence === 'here' && kind !== 'bed');
}

/** Those to be watched first: a screen and its socket hold only so many. */
export function byPresence(one: SubjectView, other: SubjectView): number {
  return Number(isHere(other)) - Number(isHere(one)) || byPlace(one, other);
}

/**
 * Who has a tile: those who are here, and who has left for as long as an alarm about them is owed.
 * Where there are more than tiles, those who are here come first; each in the order of the beds.
 */
export function wallOf(
  subjects: readonly SubjectView[],
  { owed, max }: { readonly owed: ReadonlySet<string>; readonly max: number },
): { readonly shown: SubjectView[]; readonly left: number } {
  const watched = subjects.filter((subject) => isHere(subject) || owed.has(subject.id));
  const shown = watched.toSorted(byPresence).slice(0, max).sort(byPlace);
  return { shown, left: watched.length - shown.length };
}

/** Why nothing comes of somebody whom a screen shows all the same, say for an alarm that is owed. */
export function unmonitoredText(subject: Present): string | undefined {
  const why = absenceText(subject) ?? (subject.devices.length === 0 ? 'No device' : undefined);
  return why && `${why}, not monitored`;
}

/** Why a record has nobody to be looked for; undefined while it has. */
export function absenceText(subject: Present): string | undefined {
  if (subject.presence === 'merged') return 'Merged into another record';
  if (isHere(subject) || !isPerson(subject)) return undefined;
  return subject.kind === 'bed' ? 'No device any more' : 'Discharged';
}
