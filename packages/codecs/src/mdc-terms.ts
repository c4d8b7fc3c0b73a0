import { findMetric, type NamedMetric } from '@ausculta/vitals/lookup';
import { MDC_TERM_TABLE } from './mdc-term-table.ts';
import { MDC_UNIT_TABLE } from './mdc-unit-table.ts';

/** The nomenclature of IEEE 11073-10101: what a code and its reference id mean to us. */

const codeByRefId = new Map<string, number>();
const refIdByCode = new Map<number, string>();

for (const entry of MDC_TERM_TABLE.trim().split(/\s+/)) {
  const [refId = '', code] = entry.split('=');
  codeByRefId.set(refId, Number(code));
  if (!refIdByCode.has(Number(code))) refIdByCode.set(Number(code), refId);
}

const ucumByUnit = new Map<string, string>();
const unitByUcum = new Map<string, MdcUnit>();

/** A unit as it is sent: code and reference id. */
export interface MdcUnit {
  readonly code: number;
  readonly refId: string;
}

/** Read in messages of real senders, where the table has no such row. */
const UNITS_IN_USE =
  'MDC_DIM_BEAT_PER_MIN=264864=/min MDC_DIM_SEC=264320=s MDC_DIM_PER_SEC=264608=/s MDC_DIM_HZ=264640=Hz ' +
  'MDC_DIM_G=263872=g MDC_DIM_KG_PER_M_SQ=264096=kg/m2 MDC_DIM_STEP=268800={steps} MDC_DIM_HR=264384=h ' +
  'MDC_DIM_MIN=264352=min';

for (const entry of `${UNITS_IN_USE} ${MDC_UNIT_TABLE.trim()}`.split(/\s+/)) {
  const [refId = '', code = '', ucum = ''] = entry.split('=');
  if (!ucumByUnit.has(refId)) ucumByUnit.set(refId, ucum);
  if (!ucumByUnit.has(code)) ucumByUnit.set(code, ucum);
  if (!unitByUcum.has(ucum)) unitByUcum.set(ucum, { code: Number(code), refId });
}

/** UCUM of a unit given by reference id or by code (partition × 65 536 + term). */
export function ucumOfMdcUnit(unit: string | number): string | undefined {
  return ucumByUnit.get(String(unit));
}

export function mdcUnitOfUcum(ucum: string): MdcUnit | undefined {
  return unitByUcum.get(ucum);
}

export function mdcCodeOf(refId: string): number | undefined {
  return codeByRefId.get(refId);
}

export function mdcRefIdOf(code: number): string | undefined {
  return refIdByCode.get(code);
}

/** Terms that makers send for a metric which the catalogue knows by another (RTMMS, real messages). */
const ALIASES: Readonly<Record<string, string>> = {
  MDC_ECG_CARD_BEAT_RATE: 'heart-rate',
  MDC_PRESS_CUFF_DIA: 'nibp-diastolic',
  MDC_PRESS_CUFF_MEAN: 'nibp-mean',
  MDC_BLD_PERF_INDEX: 'perfusion-index',
  MDC_PRESS_AWAY_INSP_MAX: 'peak-inspiratory-pressure',
};

/**
 * Codes of IEEE 11073-10101 that were recalled rather than read in a source: understood on the way
 * in and never sent. Sites of a thermometer (10408), samples of a glucose meter (10417). A finger or
 * a toe is skin, and blood that is not capillary is blood whose source is not kept.
 */
const RECALLED: ReadonlyMap<number, string> = new Map([
  [188428, 'body-temperature-tympanic'],
  [188432, 'skin-temperature'],
  [188448, 'skin-temperature'],
  [188452, 'body-temperature'],
  [188456, 'body-temperature-core'],
  [160192, 'glucose-blood'],
  [160196, 'glucose-blood'],
  [160200, 'glucose-blood'],
  [160204, 'glucose-blood'],
  [160364, 'glucose-blood'],
  [160368, 'glucose-blood'],
]);

/**
 * The metric of a term. The reference id is believed first, since codes in the field are often
 * wrong; where the id is not the catalogue's own, the nomenclature's code for it; the sender's code
 * only where nobody knows the id.
 */
export function metricOfTerm(term: {
  readonly refId?: string | undefined;
  readonly code?: number | undefined;
}): NamedMetric | undefined {
  const { refId, code } = term;
  if (refId !== undefined) {
    const named = findMetric(ALIASES[refId] ?? refId);
    if (named !== undefined) return named;
    const known = codeByRefId.get(refId);
    if (known !== undefined) return findMetric(String(known));
  }
  if (code === undefined) return undefined;
  const alias = ALIASES[refIdByCode.get(code) ?? ''];
  return findMetric(alias ?? String(code)) ?? findMetric(RECALLED.get(code) ?? '');
}
