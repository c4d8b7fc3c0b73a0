/**
 * How bad a run's world is. Each seed draws its own: some faults often, some seldom, some never, so
 * that the faults of one kind do not hide what another kind would have shown.
 */
import type { Chance } from './chance.ts';

export interface Weather {
  /** Of a statement: refused before it did anything. */
  readonly refused: number;
  /** Of a commit: done, and answered with an error. */
  readonly answerLost: number;
  /** Of a statement: it takes up to some seconds. */
  readonly slow: number;
  /** Of a chunk on its way through the encoder: its thread has died. */
  readonly encoderFails: number;
  /** Of a call to the key store or the list of destroyed keys: the process dies before or after it. */
  readonly diesAtKeys: number;
  /** Of a step: */
  readonly serverDies: number;
  readonly storeDies: number;
  readonly takenOver: number;
  readonly erased: number;
  readonly reattributed: number;
  readonly serverClockJumps: number;
  readonly deviceClockJumps: number;
  readonly sleeps: number;
  readonly diskFills: number;
  readonly flushes: number;
  readonly asks: number;
  /** Of a message: it is sent again though it was heard, lost, or held back for minutes. */
  readonly doubled: number;
  readonly lost: number;
  readonly heldBack: number;
}

type Rates = Readonly<Record<keyof Weather, number>>;

/** At their worst. */
const WORST: Rates = {
  refused: 0.05,
  answerLost: 0.2,
  slow: 0.05,
  encoderFails: 0.05,
  diesAtKeys: 0.02,
  serverDies: 0.012,
  storeDies: 0.006,
  takenOver: 0.004,
  erased: 0.008,
  reattributed: 0.01,
  serverClockJumps: 0.003,
  deviceClockJumps: 0.01,
  sleeps: 0.003,
  diskFills: 0.003,
  flushes: 0.02,
  asks: 0.03,
  doubled: 0.3,
  lost: 0.2,
  heldBack: 0.05,
};

const KINDS = Object.keys(WORST) as (keyof Weather)[];

/** A third of the kinds are absent, the others somewhere up to their worst. */
export function drawWeather(chance: Chance): Weather {
  const weather = ratesOf((kind) => WORST[kind] * (chance.happens(1 / 3) ? 0 : chance.next()));
  // Without flushes there is nothing to merge.
  return { ...weather, flushes: Math.max(weather.flushes, 0.002) };
}

/** Nothing goes wrong: what is owed has to be done now. */
export const CALM: Weather = ratesOf(() => 0);

function ratesOf(rate: (kind: keyof Weather) => number): Weather {
  const rates: Record<keyof Weather, number> = { ...WORST };
  for (const kind of KINDS) rates[kind] = rate(kind);
  return rates;
}
