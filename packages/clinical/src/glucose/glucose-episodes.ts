import { type GlucoseGrid, joined } from './glucose-grid.ts';
import { meanOf, sumOf } from './statistics.ts';

/**
 * Episodes by the international consensus on continuous glucose monitoring: Danne et al. 2017,
 * doi:10.2337/dc17-1600, Battelino et al. 2023, doi:10.1016/S2213-8587(22)00319-9. One begins with at
 * least 15 minutes beyond the bound and ends with at least 15 minutes within it.
 */
export interface EpisodeRule {
  readonly type: 'hypo' | 'hyper';
  readonly boundMgDl: number;
  readonly minMinutes: number;
}

export const EPISODE_END_MINUTES = 15;

export const EPISODE_RULES = {
  hypo: {
    lv1: { type: 'hypo', boundMgDl: 70, minMinutes: 15 },
    lv2: { type: 'hypo', boundMgDl: 54, minMinutes: 15 },
    extended: { type: 'hypo', boundMgDl: 70, minMinutes: 120 },
  },
  hyper: {
    lv1: { type: 'hyper', boundMgDl: 180, minMinutes: 15 },
    lv2: { type: 'hyper', boundMgDl: 250, minMinutes: 15 },
  },
} as const satisfies Record<string, Record<string, EpisodeRule>>;

/** Positions on the grid; `until` is exclusive. */
export interface GlucoseEpisode {
  readonly from: number;
  readonly until: number;
  readonly minutes: number;
  readonly meanMgDl: number;
}

/**
 * Fed one grid point after another; what comes back is an episode that has just ended. A point without a
 * value ends the trace, and with it an episode that lasts.
 */
export class EpisodeFinder {
  readonly #rule: EpisodeRule;
  readonly #stepMinutes: number;
  #at = 0;
  /** Where the run of points beyond the bound began, or the episode did. */
  #from = -1;
  #sum = 0;
  #beyond = 0;
  #isEpisode = false;
  #within = 0;
  #withinSum = 0;

  constructor(rule: EpisodeRule, stepMinutes: number) {
    this.#rule = rule;
    this.#stepMinutes = stepMinutes;
  }

  push(mgDl: number): GlucoseEpisode | undefined {
    const at = this.#at;
    this.#at += 1;
    if (Number.isNaN(mgDl)) return this.#closeUnended(at);
    const { type, boundMgDl } = this.#rule;
    if (type === 'hypo' ? mgDl < boundMgDl : mgDl > boundMgDl) return this.#onBeyond(at, mgDl);
    return this.#onWithin(at, mgDl);
  }

  /** After the last point: an episode that still lasts. */
  end(): GlucoseEpisode | undefined {
    return this.#closeUnended(this.#at);
  }

  /** Nobody saw it end: what was seen within the bound was too short, so it belongs to the episode. */
  #closeUnended(at: number): GlucoseEpisode | undefined {
    this.#sum += this.#withinSum;
    return this.#close(at);
  }

  #onBeyond(at: number, mgDl: number): undefined {
    if (this.#from < 0) this.#from = at;
    this.#sum += this.#withinSum + mgDl;
    this.#beyond += 1;
    this.#within = 0;
    this.#withinSum = 0;
    if (this.#beyond * this.#stepMinutes >= this.#rule.minMinutes) this.#isEpisode = true;
  }

  #onWithin(at: number, mgDl: number): GlucoseEpisode | undefined {
    if (this.#from < 0) return undefined;
    if (!this.#isEpisode) return this.#forget();
    this.#within += 1;
    this.#withinSum += mgDl;
    const isOver = this.#within * this.#stepMinutes >= EPISODE_END_MINUTES;
    return isOver ? this.#close(at + 1 - this.#within) : undefined;
  }

  #close(until: number): GlucoseEpisode | undefined {
    const from = this.#from;
    const sum = this.#sum;
    const isEpisode = this.#isEpisode;
    this.#forget();
    if (!isEpisode) return undefined;
    const points = until - from;
    return { from, until, minutes: points * this.#stepMinutes, meanMgDl: sum / points };
  }

  #forget(): undefined {
    this.#from = -1;
    this.#sum = 0;
    this.#beyond = 0;
    this.#isEpisode = false;
    this.#within = 0;
    this.#withinSum = 0;
  }
}

export function episodesOf(grid: GlucoseGrid, rule: EpisodeRule): GlucoseEpisode[] {
  const finder = new EpisodeFinder(rule, grid.stepMinutes);
  const found: (GlucoseEpisode | undefined)[] = [];
  for (const value of joined(grid)) found.push(finder.push(value));
  found.push(finder.end());
  return found.filter((episode) => episode !== undefined);
}

export interface EpisodeSummary {
  readonly type: 'hypo' | 'hyper';
  readonly level: string;
  readonly avg_ep_per_day: number;
  /** Minutes; 0 without an episode. */
  readonly avg_ep_duration: number;
  readonly avg_ep_gl: number | null;
  readonly total_episodes: number;
}

/** In the order and with the names of the reference; "excl": those of level 1 without a level 2 inside. */
export function episodeSummaries(grid: GlucoseGrid): EpisodeSummary[] {
  const points = joined(grid).filter((value) => !Number.isNaN(value)).length;
  const days = points / grid.pointsPerDay;
  const { hypo, hyper } = EPISODE_RULES;
  const found = {
    hypo1: episodesOf(grid, hypo.lv1),
    hypo2: episodesOf(grid, hypo.lv2),
    hyper1: episodesOf(grid, hyper.lv1),
    hyper2: episodesOf(grid, hyper.lv2),
  };
  const line = (type: 'hypo' | 'hyper', level: string, episodes: readonly GlucoseEpisode[]) =>
    summaryOf({ type, level, days, episodes });
  return [
    line('hypo', 'lv1', found.hypo1),
    line('hypo', 'lv2', found.hypo2),
    line('hypo', 'extended', episodesOf(grid, hypo.extended)),
    line('hyper', 'lv1', found.hyper1),
    line('hyper', 'lv2', found.hyper2),
    line('hypo', 'lv1_excl', without(found.hypo1, found.hypo2)),
    line('hyper', 'lv1_excl', without(found.hyper1, found.hyper2)),
  ];
}

function without(
  episodes: readonly GlucoseEpisode[],
  worse: readonly GlucoseEpisode[],
): GlucoseEpisode[] {
  return episodes.filter(
    ({ from, until }) => !worse.some((inner) => inner.from >= from && inner.from < until),
  );
}

function summaryOf(input: {
  readonly type: 'hypo' | 'hyper';
  readonly level: string;
  readonly days: number;
  readonly episodes: readonly GlucoseEpisode[];
}): EpisodeSummary {
  const { type, level, days, episodes } = input;
  const count = episodes.length;
  return {
    type,
    level,
    avg_ep_per_day: days > 0 ? count / days : 0,
    avg_ep_duration: count === 0 ? 0 : sumOf(episodes.map(({ minutes }) => minutes)) / count,
    avg_ep_gl: count === 0 ? null : meanOf(episodes.map(({ meanMgDl }) => meanMgDl)),
    total_episodes: count,
  };
}
