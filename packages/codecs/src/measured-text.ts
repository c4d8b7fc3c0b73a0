import { fail, ok, type Result } from '@ausculta/vitals/fault';
import { findMetric, type NamedMetric } from '@ausculta/vitals/lookup';
import { FLAG } from '@ausculta/vitals/reading';

/** A value that came as text, or as a number beyond all numbers. */
export interface MeasuredText {
  readonly value: number;
  readonly flags: number;
  /** Set when the value is the metric's own bound, which is in the canonical unit. */
  readonly unit?: string;
}

const ABOVE_WORDS: ReadonlySet<string> = new Set([
  'HI',
  'HIGH',
  'INF',
  '+INF',
  'INFINITY',
  '+INFINITY',
]);
const BELOW_WORDS: ReadonlySet<string> = new Set(['LO', 'LOW', '-INF', '-INFINITY']);

/** Longer than any number that a double can tell apart. */
const TEXT_LENGTH_MAX = 32;

/**
 * What meters write where a number should be (safety S2): "HI" and "LO" when the value lies outside
 * of what they can measure, "> 600" when they know the bound. Such a value is one-sided: a bound with
 * a flag, which satisfies any limit on its side. HI and LO take the edge of the metric's plausible
 * range for their bound. A plain decimal in quotes is the number it says.
 */
export function readMeasuredText(text: string, metricName: string): Result<MeasuredText> {
  if (text.length > TEXT_LENGTH_MAX) return fail('PAYLOAD_MALFORMED', 'a value is text');
  const trimmed = text.trim();
  const sign = trimmed[0];
  if (sign === '>' || sign === '<') {
    const from = trimmed[1] === '=' ? 2 : 1;
    const bound = readDecimal(trimmed.slice(from).trim());
    if (Number.isNaN(bound)) return fail('PAYLOAD_MALFORMED', 'no number follows < or >');
    return ok({ value: bound, flags: sign === '>' ? FLAG.ABOVE : FLAG.BELOW });
  }
  const word = trimmed.toUpperCase();
  if (ABOVE_WORDS.has(word)) return beyond(metricName, FLAG.ABOVE);
  if (BELOW_WORDS.has(word)) return beyond(metricName, FLAG.BELOW);
  if (word === 'NAN') return fail('VALUE_NOT_FINITE', 'not a number');
  const value = readDecimal(trimmed);
  if (Number.isNaN(value))
    return fail('PAYLOAD_MALFORMED', 'a value is neither a number nor HI or LO');
  return ok({ value, flags: 0 });
}

/** Above or below everything: the bound is the edge of what the metric's sensors can say. */
export function beyond(
  metricName: string,
  side: typeof FLAG.ABOVE | typeof FLAG.BELOW,
): Result<MeasuredText> {
  const named: NamedMetric | undefined = findMetric(metricName);
  if (named === undefined) return fail('METRIC_UNKNOWN');
  const { plausible, unit } = named.metric;
  return ok({ value: side === FLAG.ABOVE ? plausible.high : plausible.low, flags: side, unit });
}

/** Digits with an optional sign and point. Number() alone would take "", "0x10" and "1e3" as well. */
function readDecimal(text: string): number {
  let digits = 0;
  let points = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code >= 48 && code <= 57) digits++;
    else if (code === 46) points++;
    else if (at !== 0 || (code !== 43 && code !== 45)) return Number.NaN;
  }
  return digits > 0 && points <= 1 ? Number(text) : Number.NaN;
}
