// 95 % intervals of rates of alarms. Alarms of one patient are not independent, so recordings are drawn anew and
// not alarms: with few recordings that is coarse, and honest.

export interface Counted {
  readonly hours: number;
  readonly naive: number;
  readonly ward: number;
}

export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const DRAWS = 10_000;

export function estimate(
  recordings: readonly Counted[],
  figure: (sum: Counted) => number,
): Estimate {
  const chance = seeded(20_261_123);
  const draws = Array.from({ length: DRAWS }, () => {
    const drawn = recordings.map(() => recordings[Math.floor(chance() * recordings.length)]);
    return figure(summed(drawn.filter((one) => one !== undefined)));
  }).filter(Number.isFinite);
  draws.sort((a, b) => a - b);
  const at = (share: number): number => draws[Math.floor(share * (draws.length - 1))] ?? Number.NaN;
  return { value: figure(summed(recordings)), low: at(0.025), high: at(0.975) };
}

export function summed(all: readonly Counted[]): Counted {
  const sum = (key: keyof Counted): number => all.reduce((total, one) => total + one[key], 0);
  return { hours: sum('hours'), naive: sum('naive'), ward: sum('ward') };
}

/** Lehmer's generator: the same on every machine. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
