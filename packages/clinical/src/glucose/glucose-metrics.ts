import { type EpisodeSummary, episodeSummaries } from './glucose-episodes.ts';
import { gridOf, usualStepMinutes } from './glucose-grid.ts';
import { type GlucoseSeries, writeWallClock } from './glucose-series.ts';
import * as indices from './glycaemia-indices.ts';
import { gridVariability } from './grid-variability.ts';
import { mageOf } from './mage.ts';
import { riskIndices } from './risk-indices.ts';
import * as statistics from './statistics.ts';

/**
 * All metrics of one series, grouped and named as the R package iglu names them (Broll et al. 2021,
 * doi:10.1371/journal.pone.0248560; ranges by Battelino et al. 2019, doi:10.2337/dci19-0028). "above"
 * and "below" count everything beyond the bound: above 180 contains above 250 (safety S21).
 * Null where the series has too little for a metric.
 */
export type MetricGroup = Readonly<Record<string, number | string | null>>;
export type GlucoseMetrics = Readonly<Record<string, MetricGroup | readonly EpisodeSummary[]>>;

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

export function glucoseMetrics(series: GlucoseSeries): GlucoseMetrics {
  const groups = { ...distributionMetrics(series), ...courseMetrics(series) };
  const entries = Object.entries(groups).map(([name, group]) => [name, withoutNaN(group)]);
  return {
    ...Object.fromEntries(entries),
    episode_calculation: episodeSummaries(gridOf(series)),
  };
}

function withoutNaN(group: Readonly<Record<string, number | string>>): MetricGroup {
  const entries = Object.entries(group).map(([name, value]) => {
    const isNumber = typeof value === 'string' || Number.isFinite(value);
    return [name, isNumber ? value : null];
  });
  return Object.fromEntries(entries);
}

/** From the readings as they are, whatever their times. */
function distributionMetrics(series: GlucoseSeries) {
  const { mgDl } = series;
  const mean = statistics.meanOf(mgDl);
  const sd = statistics.deviationOf(mgDl);
  const sorted = statistics.ascending(mgDl);
  const quantile = (share: number) => statistics.quantileOf(sorted, share);
  const above = (bound: number) => statistics.percentOf(mgDl, (value) => value > bound);
  const below = (bound: number) => statistics.percentOf(mgDl, (value) => value < bound);
  const within = (low: number, high: number) =>
    statistics.percentOf(mgDl, (value) => value >= low && value <= high);
  const deviations = Array.from(mgDl, (value) => Math.abs(value - mean));
  const fromMedian = Array.from(mgDl, (value) => Math.abs(value - quantile(0.5)));
  const hypo = indices.hypoIndexOf(mgDl);
  const hyper = indices.hyperIndexOf(mgDl);
  const range = { below_54: below(54), below_70: below(70) };
  const cv = (100 * sd) / mean;
  return {
    above_percent: { above_140: above(140), above_180: above(180), above_250: above(250) },
    agp_metrics: {
      ...wearOf(series),
      mean,
      GMI: indices.gmiOf(mean),
      CV: cv,
      ...range,
      in_range_70_180: within(70, 180),
      above_180: above(180),
      above_250: above(250),
    },
    below_percent: range,
    cogi: { COGI: indices.cogiOf(mgDl) },
    cv_glu: { CV: cv },
    ea1c: { eA1C: indices.estimatedA1c(mean) },
    gmi: { GMI: indices.gmiOf(mean) },
    grade: { GRADE: indices.gradeOf(mgDl) },
    gri: { GRI: indices.griOf(mgDl) },
    hyper_index: { hyper_index: hyper },
    hypo_index: { hypo_index: hypo },
    igc: { IGC: hyper + hypo },
    in_range_percent: {
      in_range_63_140: within(63, 140),
      in_range_70_140: within(70, 140),
      in_range_70_180: within(70, 180),
    },
    iqr_glu: { IQR: quantile(0.75) - quantile(0.25) },
    j_index: { J_index: indices.jIndexOf(mgDl) },
    m_value: { M_value: indices.mValueOf(mgDl) },
    // 1.4826: with it a normal distribution's median deviation equals its standard deviation.
    mad_glu: { MAD: 1.4826 * statistics.quantileOf(statistics.ascending(fromMedian), 0.5) },
    mage_naive: { MAGE: statistics.meanOf(deviations.filter((deviation) => deviation > sd)) },
    mean_glu: { mean },
    median_glu: { median: quantile(0.5) },
    quantile_glu: {
      '0': quantile(0),
      '25': quantile(0.25),
      '50': quantile(0.5),
      '75': quantile(0.75),
      '100': quantile(1),
    },
    range_glu: { range: quantile(1) - quantile(0) },
    sd_glu: { SD: sd },
    summary_glu: {
      'Min.': quantile(0),
      '1st Qu.': quantile(0.25),
      Median: quantile(0.5),
      Mean: mean,
      '3rd Qu.': quantile(0.75),
      'Max.': quantile(1),
    },
  };
}

/** From the order of the readings in time. */
function courseMetrics(series: GlucoseSeries) {
  const grid = gridOf(series);
  const variability = gridVariability(grid);
  const risk = riskIndices(series);
  const mage = mageOf(grid);
  return {
    active_percent: wearOf(series),
    adrr: { ADRR: risk.adrr },
    auc: { hourly_auc: variability.hourlyArea },
    conga1: { CONGA: variability.conga[1] },
    conga4: { CONGA: variability.conga[4] },
    conga24: { CONGA: variability.conga[24] },
    cv_measures: { CVmean: variability.dailyCv.mean, CVsd: variability.dailyCv.deviation },
    hbgi: { HBGI: risk.hbgi },
    lbgi: { LBGI: risk.lbgi },
    mag: { MAG: variability.mag },
    mage: { MAGE: mage.average },
    // Beside the reference's: the direction of the first excursion, as Service counted by hand.
    mage_service: { MAGE: mage.service },
    modd: { MODD: variability.modd },
    sd_roc: { sd_roc: variability.rateDeviation },
  };
}

function wearOf(series: GlucoseSeries) {
  const { timesMs } = series;
  const firstMs = timesMs[0] ?? 0;
  const spanMs = (timesMs.at(-1) ?? firstMs) - firstMs;
  const stepMs = usualStepMinutes(series) * MINUTE_MS;
  return {
    active_percent: (100 * timesMs.length) / (Math.round(spanMs / stepMs) + 1),
    ndays: Math.round((10 * spanMs) / DAY_MS) / 10,
    start_date: writeWallClock(firstMs),
    end_date: writeWallClock(firstMs + spanMs),
  };
}
