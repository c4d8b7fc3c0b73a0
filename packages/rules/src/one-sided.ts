/** A value that is known to one side alone (safety S2), and a direction in which somebody is watched. */
import { FLAG } from '@ausculta/vitals/reading';

interface Directed {
  readonly direction: 'high' | 'low';
}

/** The truth lies further out than the value says. */
export function outward({ direction }: Directed): number {
  return direction === 'high' ? FLAG.ABOVE : FLAG.BELOW;
}

/** The truth lies further in. */
export function inward({ direction }: Directed): number {
  return direction === 'high' ? FLAG.BELOW : FLAG.ABOVE;
}
