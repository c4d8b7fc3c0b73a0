import type {
  Cadence,
  LoincOfUnit,
  MdcTerm,
  Metric,
  MetricAnswer,
  MetricInk,
  MetricKind,
} from './metric.ts';

/** A row of the catalogue as it is written; what it leaves out is filled in by `row`. */
interface Row {
  readonly key: string;
  readonly label: string;
  readonly kind?: MetricKind;
  readonly vital?: string;
  readonly rank?: number;
  readonly loinc?: readonly string[];
  readonly loincOfUnit?: readonly LoincOfUnit[];
  readonly loincUnverified?: readonly string[];
  readonly mdc?: readonly MdcTerm[];
  readonly unit: string;
  /** Lowest and highest plausible value. */
  readonly range: readonly [low: number, high: number];
  readonly step: number;
  readonly cadence: Cadence;
  readonly ink?: MetricInk;
  readonly answers?: readonly MetricAnswer[];
}

/** A metric that names no vital is its own vital and that vital's only source. */
export function row(entry: Row): Metric {
  return {
    key: entry.key,
    label: entry.label,
    kind: entry.kind ?? 'numeric',
    vital: entry.vital ?? entry.key,
    sourceRank: entry.rank ?? 1,
    loinc: entry.loinc ?? [],
    loincOfUnit: entry.loincOfUnit ?? [],
    loincUnverified: entry.loincUnverified ?? [],
    mdc: entry.mdc ?? [],
    unit: entry.unit,
    plausible: { low: entry.range[0], high: entry.range[1] },
    resolution: entry.step,
    cadence: entry.cadence,
    ink: entry.ink ?? 'ink',
    ...(entry.answers && { answers: entry.answers }),
  };
}

/** A term whose code was read in a source. */
export function mdc(code: number, refId: string): MdcTerm {
  return { code, refId, verified: true };
}

/** A term that was recalled or computed. */
export function mdcUnverified(code: number, refId: string): MdcTerm {
  return { code, refId, verified: false };
}

export const EPISODIC: Cadence = { kind: 'episodic' };
export const EACH_SECOND: Cadence = every(1_000);

export function every(intervalMs: number): Cadence {
  return { kind: 'continuous', intervalMs };
}

export function sampled(typicalHz: number): Cadence {
  return { kind: 'waveform', typicalHz };
}
