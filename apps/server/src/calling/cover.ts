/** Whether a duty is covered: by somebody who is on just there or everywhere, not by whoever is on elsewhere. */
import type { DutyTurn } from '@ausculta/rules/calling/callees';
import { isSameUnit } from '@ausculta/rules/calling/policy';

/** Where a policy calls a duty; null: everywhere that it does not name. */
export interface DutyPlace {
  readonly duty: string;
  readonly unit: string | null;
}

/** Where the wards are not known, the whole house is covered by nobody who is on for a ward. */
const isOnFor = (turn: DutyTurn, { duty, unit }: DutyPlace): boolean =>
  turn.duty === duty && (turn.unit === null || (unit !== null && isSameUnit(turn.unit, unit)));

export const emptyPlaces = (
  places: readonly DutyPlace[],
  turns: readonly DutyTurn[],
): DutyPlace[] => places.filter((place) => !turns.some((turn) => isOnFor(turn, place)));

/** Without the turn that ends: of the others, all in force, those count whom a call reaches as it reached this one. */
export function isStillCovered(
  ended: DutyTurn,
  others: readonly DutyTurn[],
  { isReached, asLong }: Covering,
): boolean {
  const wasReached = isReached(ended);
  return others.some(
    (turn) =>
      isOnFor(turn, ended) &&
      (!wasReached || isReached(turn)) &&
      (!asLong || endOf(turn) >= endOf(ended)),
  );
}

export interface Covering {
  readonly isReached: (turn: DutyTurn) => boolean;
  /** Whether somebody has to be on for as long as the turn would have gone on. */
  readonly asLong: boolean;
}

const endOf = ({ untilMs }: DutyTurn): number => untilMs ?? Number.POSITIVE_INFINITY;
