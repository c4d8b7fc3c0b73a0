/**
 * One identity in two places: a client id has one connection, so two machines that bear it throw each
 * other out in turn. A device that walks from one network to another comes once, or goes back once.
 */

/** One connection has taken the place of another that was still open. */
export interface TakeOver {
  readonly atMs: number;
  readonly fromAddress: string;
  readonly toAddress: string;
}

/** What is remembered of one device. */
export interface TakeOvers {
  readonly recent: readonly TakeOver[];
  readonly toldMs: number;
}

export type TwoPlaces = 'two-addresses' | 'take-over-storm';

const WITHIN_MS = 10 * 60_000;

/** To an address that it had left: the second time nobody walks any more. */
const RETURNS_MIN = 2;

/** Behind one router two machines have one address; but no device loses its line as often as this. */
const STORM = { takeOvers: 20, withinMs: 120_000 };

/** Whoever has been told looks into it; it goes on meanwhile. */
const TELL_AGAIN_MS = 3_600_000;

export const NO_TAKE_OVERS: TakeOvers = { recent: [], toldMs: Number.NEGATIVE_INFINITY };

export function onTakeOver(
  before: TakeOvers,
  takeOver: TakeOver,
): { readonly takeOvers: TakeOvers; readonly told: TwoPlaces | undefined } {
  const { atMs } = takeOver;
  const known = before.recent.filter((one) => isWithin(one, { atMs, ms: WITHIN_MS }));
  const recent = [...known, takeOver].slice(-STORM.takeOvers);
  const isToldLately = before.toldMs <= atMs && atMs - before.toldMs < TELL_AGAIN_MS;
  const told = isToldLately ? undefined : judged(recent, atMs);
  return { takeOvers: { recent, toldMs: told === undefined ? before.toldMs : atMs }, told };
}

function judged(recent: readonly TakeOver[], atMs: number): TwoPlaces | undefined {
  const left = new Set<string>();
  let returns = 0;
  for (const { fromAddress, toAddress } of recent) {
    if (fromAddress === toAddress) continue;
    if (left.has(toAddress)) returns += 1;
    left.add(fromAddress);
  }
  if (returns >= RETURNS_MIN) return 'two-addresses';
  const lately = recent.filter((one) => isWithin(one, { atMs, ms: STORM.withinMs }));
  return lately.length >= STORM.takeOvers ? 'take-over-storm' : undefined;
}

function isWithin(one: TakeOver, { atMs, ms }: { atMs: number; ms: number }): boolean {
  return one.atMs <= atMs && atMs - one.atMs < ms;
}
