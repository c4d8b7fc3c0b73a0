/** What a metric is to a device and to a screen. A coded metric's numbers stand for `answers`. */
export type MetricKind = 'numeric' | 'waveform' | 'setting' | 'event-count' | 'technical' | 'coded';

/** How often a live source sends: decides when a number is stale. Episodic metrics only show their age. */
export type Cadence =
  | { readonly kind: 'continuous'; readonly intervalMs: number }
  | { readonly kind: 'episodic' }
  | { readonly kind: 'waveform'; readonly typicalHz: number };

/** Which ink draws it: a token that the web theme turns into a light and a dark colour. */
export type MetricInk =
  | 'ecg'
  | 'spo2'
  | 'resp'
  | 'arterial'
  | 'nibp'
  | 'temperature'
  | 'co2'
  | 'glucose'
  | 'weight'
  | 'ink';

/**
 * One term of IEEE 11073-10101: partition * 65536 + term, with its reference id. An unverified term
 * was recalled or computed rather than read in a source: it is understood on the way in and never
 * sent out.
 */
export interface MdcTerm {
  readonly code: number;
  readonly refId: string;
  readonly verified: boolean;
}

/** A LOINC code that names the same quantity in another unit: 14743-9 is capillary glucose in mmol/L. */
export interface LoincOfUnit {
  readonly code: string;
  readonly unit: string;
}

/** One possible value of a coded metric: 0 is "alert" on the ACVPU scale. Screens translate by key. */
export interface MetricAnswer {
  readonly value: number;
  readonly key: string;
}

/**
 * What one vital is, whichever source measured it. Metrics of one vital compete by `sourceRank`:
 * tiles and scores take the best-ranked fresh series and name it.
 */
export interface Metric {
  /** Kebab-case, stable: the name used in payloads, series, rules and URLs. */
  readonly key: string;
  /** Plain English label for technical uses; screens translate by key. */
  readonly label: string;
  readonly kind: MetricKind;
  /** The vital this belongs to, e.g. "heart-rate" for ECG, pleth, cuff and arterial pulse rates. */
  readonly vital: string;
  /** 1 is the best source of its vital. */
  readonly sourceRank: number;
  /** LOINC codes, the first is the one FHIR wants; empty where none was found (never invented). */
  readonly loinc: readonly string[];
  /** LOINC codes of the same quantity in a unit other than `unit`. */
  readonly loincOfUnit: readonly LoincOfUnit[];
  /** LOINC codes that were recalled, not read in a source: understood on the way in, never sent out. */
  readonly loincUnverified: readonly string[];
  /** The first is the one we send; monitors of different makers use the others. */
  readonly mdc: readonly MdcTerm[];
  /** Canonical unit in UCUM. */
  readonly unit: string;
  /** Values outside are kept and flagged; a bound for artefacts, wider than any alarm limit. */
  readonly plausible: { readonly low: number; readonly high: number };
  /** The step a device of the field resolves, in the canonical unit; sets the decimals shown. */
  readonly resolution: number;
  readonly cadence: Cadence;
  readonly ink: MetricInk;
  /** Coded metrics only: what each number stands for. */
  readonly answers?: readonly MetricAnswer[];
}
