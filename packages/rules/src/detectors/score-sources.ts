import { metricsOfVital } from '@ausculta/vitals/lookup';

/** Which metrics a score is made of. */
export const SCORE_KINDS = ['news2', 'mews', 'qsofa', 'shock-index'] as const;
export type ScoreKind = (typeof SCORE_KINDS)[number];

export const SCORE_PARTS = ['rr', 'spo2', 'o2', 'sbp', 'hr', 'acvpu', 'temp', 'gcs'] as const;
export type ScorePart = (typeof SCORE_PARTS)[number];

export interface ScoreSource {
  readonly part: ScorePart;
  /** 1 is the best source of its vital. */
  readonly rank: number;
  /** So long after its last reading it still sends; a single measurement never does. */
  readonly freshMs: number;
  readonly plausible: { readonly low: number; readonly high: number };
}

const VITAL_OF: Readonly<Record<ScorePart, string>> = {
  rr: 'resp-rate',
  spo2: 'spo2',
  o2: 'oxygen-device',
  sbp: 'blood-pressure-systolic',
  hr: 'heart-rate',
  acvpu: 'consciousness',
  temp: 'body-temperature',
  gcs: 'glasgow-coma-score',
};

const PARTS_OF: Readonly<Record<ScoreKind, readonly ScorePart[]>> = {
  news2: ['rr', 'spo2', 'o2', 'sbp', 'hr', 'acvpu', 'temp'],
  mews: ['rr', 'sbp', 'hr', 'acvpu', 'temp'],
  qsofa: ['rr', 'sbp', 'acvpu', 'gcs'],
  'shock-index': ['hr', 'sbp'],
};

/** As a number grows stale on a tile: past three of its intervals and two seconds. */
const MISSED_INTERVALS = 3;
const JITTER_MS = 2_000;

function sourcesOf(kind: ScoreKind): ReadonlyMap<string, ScoreSource> {
  const sources = PARTS_OF[kind].flatMap((part) =>
    metricsOfVital(VITAL_OF[part]).map(({ key, sourceRank, cadence, plausible }) => {
      const freshMs =
        cadence.kind === 'continuous' ? MISSED_INTERVALS * cadence.intervalMs + JITTER_MS : -1;
      return [key, { part, rank: sourceRank, freshMs, plausible }] as const;
    }),
  );
  return new Map(sources);
}

const SOURCES: Readonly<Record<ScoreKind, ReadonlyMap<string, ScoreSource>>> = {
  news2: sourcesOf('news2'),
  mews: sourcesOf('mews'),
  qsofa: sourcesOf('qsofa'),
  'shock-index': sourcesOf('shock-index'),
};

/** By metric key. */
export function scoreSources(kind: ScoreKind): ReadonlyMap<string, ScoreSource> {
  return SOURCES[kind];
}
