/** What a metric is to a device and to a screen. */
export type MetricKind = 'numeric' | 'waveform' | 'setting' | 'event-count' | 'technical';

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
  /** IEEE 11073-10101 code as partition * 65536 + term, with its reference id. */
  readonly mdc?: { readonly code: number; readonly refId: string };
  /** Canonical unit in UCUM. */
  readonly unit: string;
  /** Values outside are kept and flagged; a bound for artefacts, wider than any alarm limit. */
  readonly plausible: { readonly low: number; readonly high: number };
  /** The step a device of the field resolves, in the canonical unit; sets the decimals shown. */
  readonly resolution: number;
  readonly cadence: Cadence;
  readonly ink: MetricInk;
}
