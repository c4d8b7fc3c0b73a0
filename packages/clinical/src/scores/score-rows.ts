import { fail, ok, type Result } from '@ausculta/vitals/fault';
import { mews } from './mews.ts';
import { ACVPU, news2 } from './news2.ts';
import { qsofa } from './qsofa.ts';
import type { Score } from './score.ts';
import { sofa } from './sofa.ts';

/**
 * Scores from rows as a file holds them: an array of objects in, an array of scores out, in the same
 * order. A missing key, or null, is a missing observation. Which values a row may hold follows the
 * charts of the papers named in each score's own file (for NEWS2, ISBN 978-1-86016-682-2).
 */
export const SCORE_KINDS = ['news2', 'qsofa', 'mews', 'sofa'] as const;
export type ScoreKind = (typeof SCORE_KINDS)[number];

export function scoreRows(kind: ScoreKind, rows: unknown): Result<Score<string, string>[]> {
  if (!Array.isArray(rows)) return fail('PAYLOAD_MALFORMED', 'the observations are no array');
  const scores: Score<string, string>[] = [];
  for (const [index, row] of rows.entries()) {
    const seen = readRow(row, FIELDS[kind]);
    if (!seen.ok) return fail(seen.fault.code, `row ${index}: ${seen.fault.detail ?? ''}`);
    scores.push(SCORE[kind](seen.value));
  }
  return ok(scores);
}

/** What may stand in a field: a number within the bounds that the scale or the body has, or a word. */
type Field = { readonly min: number; readonly max: number } | 'flag' | readonly (string | number)[];

const POSITIVE: Field = { min: 0, max: 1e6 };
const PERCENT: Field = { min: 0, max: 100 };
const GLASGOW: Field = { min: 3, max: 15 };
const CELSIUS: Field = { min: 0, max: 60 };

const BEDSIDE = { rr: POSITIVE, sbp: POSITIVE, hr: POSITIVE, temp: CELSIUS, acvpu: ACVPU };

const FIELDS: Readonly<Record<ScoreKind, Readonly<Record<string, Field>>>> = {
  news2: { ...BEDSIDE, spo2: PERCENT, scale: [1, 2], o2: 'flag' },
  qsofa: { rr: POSITIVE, sbp: POSITIVE, altered: 'flag', gcs: GLASGOW, acvpu: ACVPU },
  mews: BEDSIDE,
  sofa: {
    pao2_fio2: POSITIVE,
    ventilated: 'flag',
    platelets: POSITIVE,
    bilirubin_mg_dl: POSITIVE,
    map: POSITIVE,
    dopamine: POSITIVE,
    dobutamine: POSITIVE,
    epinephrine: POSITIVE,
    norepinephrine: POSITIVE,
    gcs: GLASGOW,
    creatinine_mg_dl: POSITIVE,
    urine_ml_day: POSITIVE,
  },
};

type Row = Readonly<Record<string, never>>;

/** Each is given only what `readRow` has proved to be of its fields' types. */
const SCORE: Readonly<Record<ScoreKind, (seen: Row) => Score<string, string>>> = {
  news2,
  qsofa,
  mews,
  sofa,
};

function readRow(row: unknown, fields: Readonly<Record<string, Field>>): Result<Row> {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) {
    return fail('PAYLOAD_MALFORMED', 'not an object');
  }
  const seen: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(fields)) {
    const value = (row as Record<string, unknown>)[key];
    if (value === undefined || value === null) continue;
    if (!isIn(field, value)) return fail('PAYLOAD_MALFORMED', `"${key}" cannot be read`);
    seen[key] = value;
  }
  return ok(seen as Row);
}

function isIn(field: Field, value: unknown): boolean {
  if (field === 'flag') return typeof value === 'boolean';
  if ('min' in field) return typeof value === 'number' && value >= field.min && value <= field.max;
  return field.includes(value as string | number);
}
