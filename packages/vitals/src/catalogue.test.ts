import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CATALOGUE } from './catalogue.ts';
import { EVENT_TERMS } from './catalogue-events.ts';
import { GOLDEN, TYPICAL } from './catalogue-golden.ts';
import { BLOOD_PRESSURE_PANEL } from './catalogue-pressure.ts';
import { INK_COLOURS } from './colours.ts';
import { findMetric, metricByKey } from './lookup.ts';

test('the catalogue and the golden list of codes hold the same metrics', () => {
  const keys = CATALOGUE.map((metric) => metric.key).sort();
  assert.deepEqual(keys, Object.keys(GOLDEN).sort());
  assert.equal(new Set(keys).size, keys.length);
});

for (const metric of CATALOGUE) {
  test(`${metric.key} carries the codes and the unit of the standards`, () => {
    const codes = [
      metric.unit,
      ...metric.loinc,
      ...metric.loincOfUnit.map(({ code, unit }) => `${code}@${unit}`),
      ...metric.loincUnverified.map((code) => `${code}?`),
      ...metric.mdc.map(({ code, verified }) => `${code}${verified ? '' : '?'}`),
    ];
    assert.equal(codes.join(' '), GOLDEN[metric.key]);
  });
}

/** Mod-10 check digit of LOINC: a mistyped code is caught even where the golden list repeats it. */
function hasLoincCheckDigit(code: string): boolean {
  const [digits = '', check] = code.split('-');
  let sum = 0;
  for (const [index, digit] of [...digits].reverse().entries()) {
    const doubled = Number(digit) * (index % 2 === 0 ? 2 : 1);
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return String((10 - (sum % 10)) % 10) === check;
}

/** In wide use as they stand (US Core; ketone meters), though their last digit fails the sum. */
const WITHOUT_CHECK_DIGIT = ['3150-6', '53060-9'];

test('every LOINC code has its check digit', () => {
  assert.equal(hasLoincCheckDigit('8867-4'), true);
  assert.equal(hasLoincCheckDigit('8876-4'), false);
  for (const metric of CATALOGUE) {
    const molar = metric.loincOfUnit.map(({ code }) => code);
    for (const code of [...metric.loinc, ...metric.loincUnverified, ...molar]) {
      const expected = !WITHOUT_CHECK_DIGIT.includes(code);
      assert.equal(hasLoincCheckDigit(code), expected, `${metric.key} ${code}`);
    }
  }
  assert.ok(hasLoincCheckDigit(BLOOD_PRESSURE_PANEL.loinc));
});

test('an MDC code or reference id belongs to one metric', () => {
  const seen = new Set<string | number>([BLOOD_PRESSURE_PANEL.mdc.code]);
  for (const metric of CATALOGUE) {
    for (const { code, refId } of metric.mdc) {
      assert.match(refId, /^MDC_[A-Za-z0-9_]+$/);
      assert.ok(!seen.has(code) && !seen.has(refId), `${metric.key} ${refId}`);
      seen.add(code).add(refId);
    }
  }
});

test('an event’s terms are no metric’s, and those of the standards', () => {
  const codes = Object.entries(EVENT_TERMS).map(
    ([kind, terms]) => `${kind}: ${terms.map(({ code }) => code).join()}`,
  );
  assert.deepEqual(codes, [
    'fall: 8519681',
    'button: 8519682',
    'dose-taken: 8532994,8519693',
    'door-crossed: 8520703',
    'leads-off: ',
    'leads-on: ',
  ]);
  for (const { refId } of Object.values(EVENT_TERMS).flat())
    assert.equal(findMetric(refId), undefined);
});

test('MDC codes lie in the partitions of measurements', () => {
  const partitions = new Set([1, 2, 128, 129, 130]);
  for (const { key, mdc } of CATALOGUE) {
    for (const { code } of mdc) assert.ok(partitions.has(code >> 16), `${key} ${code}`);
  }
});

test('keys are kebab-case and a vital has one best source', () => {
  const ranks = new Set<string>();
  for (const metric of CATALOGUE) {
    assert.match(metric.key, /^[a-z0-9]+(-[a-z0-9]+)*$/);
    const rank = `${metric.vital} ${metric.sourceRank}`;
    assert.ok(!ranks.has(rank), `two metrics share the rank ${rank}`);
    ranks.add(rank);
  }
  for (const metric of CATALOGUE) assert.ok(ranks.has(`${metric.vital} 1`), metric.vital);
});

test('ranges, steps and cadences are of sound size', () => {
  for (const { key, plausible, resolution, cadence, kind } of CATALOGUE) {
    assert.ok(plausible.low < plausible.high, key);
    assert.ok(resolution > 0 && resolution <= plausible.high - plausible.low, key);
    assert.equal(cadence.kind === 'waveform', kind === 'waveform', key);
    if (cadence.kind === 'continuous') assert.ok(cadence.intervalMs >= 1_000, key);
    if (cadence.kind === 'waveform') assert.ok(cadence.typicalHz > 0, key);
  }
});

test('typical adult values are plausible', () => {
  for (const [key, values] of Object.entries(TYPICAL)) {
    const metric = metricByKey(key);
    assert.ok(metric, key);
    for (const value of values) {
      assert.ok(metric.plausible.low <= value && value <= metric.plausible.high, `${key} ${value}`);
    }
  }
  const numerics = CATALOGUE.filter((metric) => metric.kind === 'numeric').map(({ key }) => key);
  assert.deepEqual(
    numerics.filter((key) => TYPICAL[key] === undefined),
    [],
  );
});

test('coded metrics name each of their numbers once', () => {
  for (const { key, kind, answers, plausible } of CATALOGUE) {
    assert.equal(kind === 'coded', answers !== undefined, key);
    if (answers === undefined) continue;
    assert.deepEqual(
      answers.map(({ value }) => value),
      answers.map((_, index) => index),
    );
    assert.equal(plausible.high, answers.length - 1);
    assert.equal(new Set(answers.map((answer) => answer.key)).size, answers.length);
  }
});

test('a normalised waveform is a metric apart, without codes', () => {
  const normalised = CATALOGUE.filter((metric) => metric.unit === "[arb'U]");
  assert.ok(normalised.length >= 5);
  for (const { key, mdc, loinc } of normalised) {
    assert.match(key, /-arb$/);
    assert.deepEqual([...mdc, ...loinc], []);
  }
});

/** WCAG relative luminance. */
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

test('every ink can be read on the page and the surface of its theme', () => {
  for (const [ink, { light, dark }] of Object.entries(INK_COLOURS)) {
    for (const ground of ['#F3F5F6', '#FFFFFF']) assert.ok(contrast(light, ground) >= 4.5, ink);
    for (const ground of ['#090D10', '#11171B']) assert.ok(contrast(dark, ground) >= 4.5, ink);
  }
});
