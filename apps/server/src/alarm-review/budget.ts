/** How much one question of what-if may cost: what it reads is shared with the devices, what it finds is held. */
import type { Fault } from '@ausculta/vitals/fault';
import { fail } from '@ausculta/vitals/fault';

export interface Spent {
  readonly readings: number;
  /** Inputs, each as many times as rules look at it. */
  readonly work: number;
  readonly told: number;
  readonly acted: number;
}

export const NOTHING_SPENT: Spent = { readings: 0, work: 0, told: 0, acted: 0 };

export const MOST: Spent = {
  /** As many as one question of spells: some seconds of reading. */
  readings: 50_000_000,
  /** Some ten seconds, or two minutes of the slowest detectors. */
  work: 20_000_000,
  /** Some ten megabytes. */
  told: 100_000,
  acted: 10_000,
};

const WORDS = {
  readings: 'readings',
  work: 'readings times rules',
  told: 'beginnings and ends of alarms',
  acted: 'acknowledged alarms',
} as const;

export const spentWith = (one: Spent, other: Spent): Spent => ({
  readings: one.readings + other.readings,
  work: one.work + other.work,
  told: one.told + other.told,
  acted: one.acted + other.acted,
});

/** Says what there is too much of. */
export function tooWide(spent: Spent): Fault | undefined {
  const what = (['readings', 'work', 'told', 'acted'] as const).find(
    (one) => spent[one] > MOST[one],
  );
  if (what === undefined) return undefined;
  const why = `more than ${MOST[what]} ${WORDS[what]}: ask for less time, fewer subjects or fewer rules`;
  return fail('QUERY_TOO_WIDE', why).fault;
}
