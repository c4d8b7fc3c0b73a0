import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UcumLhcUtils } from '@lhncbc/ucum-lhc';
import fc from 'fast-check';
import { CATALOGUE } from './catalogue.ts';
import { metricOf } from './lookup.ts';
import { decimalsOfStep, findUnit, toCanonical } from './units.ts';
import { GLUCOSE_MG_DL_PER_MMOL_L, UNIT_TABLE } from './units-table.ts';

// One seed: a test that fails does so again.
fc.configureGlobal({ seed: 20260301 });

const library = UcumLhcUtils.getInstance();

/** Arbitrary units have no ratio to anything, so the library refuses even to turn one into itself. */
const ARBITRARY = ["[arb'U]", '[iU]'];

/** The mass that makes clinical chemistry's factor for glucose. */
const GLUCOSE_G_PER_MOL = 180.182;

function closeTo(actual: number, expected: number): boolean {
  return Math.abs(actual - expected) <= 1e-9 * Math.max(1, Math.abs(expected));
}

for (const row of UNIT_TABLE) {
  test(`${row.ucum} is valid UCUM and becomes ${row.to} by the table's factor`, () => {
    assert.equal(library.validateUnitString(row.ucum).status, 'valid');
    if (ARBITRARY.includes(row.ucum)) {
      assert.equal(row.ucum, row.to);
      assert.equal(row.factor, 1);
      return;
    }
    for (const value of [0, 1, 36.6, 1000]) {
      const answer = library.convertUnitTo(row.ucum, value, row.to, {
        molecularWeight: GLUCOSE_G_PER_MOL,
      });
      assert.equal(answer.status, 'succeeded', answer.msg.join());
      assert.ok(closeTo(value * row.factor + (row.offset ?? 0), answer.toVal as number));
    }
  });
}

test('every metric takes its canonical unit, and that unit is in the table', () => {
  for (const metric of CATALOGUE) {
    const unit = findUnit(metric, metric.unit);
    assert.ok(unit, metric.key);
    assert.deepEqual({ factor: unit.factor, offset: unit.offset }, { factor: 1, offset: 0 });
  }
});

test('no name of a unit means two factors for one metric', () => {
  for (const metric of CATALOGUE) {
    const factors = new Map<string, number>();
    for (const row of UNIT_TABLE) {
      if (row.to !== metric.unit || (row.only && !row.only.includes(metric.vital))) continue;
      for (const name of [row.ucum, ...(row.names ?? [])]) {
        assert.equal(factors.get(name) ?? row.factor, row.factor, `${metric.key} ${name}`);
        factors.set(name, row.factor);
      }
    }
  }
});

test('every row of the table is for a unit and a vital of the catalogue', () => {
  const units = new Set(CATALOGUE.map((metric) => metric.unit));
  const vitals = new Set(CATALOGUE.map((metric) => metric.vital));
  for (const row of UNIT_TABLE) {
    assert.ok(units.has(row.to), row.to);
    for (const vital of row.only ?? []) assert.ok(vitals.has(vital), vital);
  }
});

const CONVERSIONS = [
  { key: 'body-temperature', unit: '[degF]', value: 98.6, canonical: 37 },
  { key: 'body-temperature', unit: '°F', value: 95, canonical: 35 },
  { key: 'body-temperature', unit: '°F', value: 99.1, canonical: 37.28 },
  { key: 'body-temperature', unit: 'K', value: 310.15, canonical: 37 },
  { key: 'body-temperature', unit: '268192', value: 37.0, canonical: 37 },
  { key: 'heart-rate', unit: 'bpm', value: 72, canonical: 72 },
  { key: 'heart-rate', unit: '264864', value: 72, canonical: 72 },
  { key: 'heart-rate', unit: 'MDC_DIM_BEAT_PER_MIN', value: 72, canonical: 72 },
  { key: 'heart-rate', unit: 'Hz', value: 1.2, canonical: 72 },
  { key: 'resp-rate', unit: 'breaths/min', value: 16, canonical: 16 },
  { key: 'spo2', unit: '262688', value: 97, canonical: 97 },
  { key: 'fio2', unit: '1', value: 0.21, canonical: 21 },
  { key: 'nibp-systolic', unit: 'mmHg', value: 120, canonical: 120 },
  { key: 'nibp-systolic', unit: 'kPa', value: 16, canonical: 120 },
  { key: 'peep', unit: 'mbar', value: 5, canonical: 5.1 },
  { key: 'glucose-capillary', unit: 'mmol/L', value: 5.5, canonical: 99.1 },
  { key: 'glucose-capillary', unit: 'mmol/L', value: 3, canonical: 54.1 },
  { key: 'weight', unit: 'lb', value: 150.2, canonical: 68.13 },
  { key: 'weight', unit: 'g', value: 3452, canonical: 3.452 },
  { key: 'tidal-volume', unit: 'L', value: 0.481, canonical: 481 },
  { key: 'height', unit: '[in_i]', value: 70, canonical: 177.8 },
] as const;

for (const { key, unit, value, canonical } of CONVERSIONS) {
  test(`${value} ${unit} of ${key} is ${canonical}`, () => {
    assert.deepEqual(toCanonical(metricOf(key), unit, value), { ok: true, value: canonical });
  });
}

const REFUSALS = [
  { key: 'heart-rate', unit: 'mmHg', why: 'a pressure' },
  { key: 'heart-rate', unit: 'breaths/min', why: 'a rate of breaths' },
  { key: 'resp-rate', unit: 'bpm', why: 'a rate of beats' },
  { key: 'ketone-capillary', unit: 'mg/dL', why: 'the factor is glucose’s own' },
  { key: 'ecg-ii', unit: "[arb'U]", why: 'a normalised trace has no millivolts' },
  { key: 'ecg-ii-arb', unit: 'mV', why: 'nor do millivolts belong to a normalised trace' },
  { key: 'perfusion-index', unit: '1', why: 'makers disagree whether that is per cent' },
  { key: 'steps', unit: 'm', why: 'a distance' },
  { key: 'etco2', unit: '%', why: 'a fraction needs the barometer to become a pressure' },
  { key: 'weight', unit: '', why: 'empty' },
  { key: 'weight', unit: '__proto__', why: 'a name of the language' },
  { key: 'weight', unit: 'constructor', why: 'a name of the language' },
] as const;

for (const { key, unit, why } of REFUSALS) {
  test(`${key} refuses the unit "${unit}": ${why}`, () => {
    const answer = toCanonical(metricOf(key), unit, 1);
    assert.equal(!answer.ok && answer.fault.code, 'UNIT_UNKNOWN');
  });
}

test('a value that is not finite, or is no longer so after conversion, is refused', () => {
  const temperature = metricOf('body-temperature');
  const refused = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of refused) {
    const answer = toCanonical(temperature, 'Cel', value);
    assert.equal(!answer.ok && answer.fault.code, 'VALUE_NOT_FINITE');
  }
  const overflow = toCanonical(metricOf('tidal-volume'), 'L', Number.MAX_VALUE);
  assert.equal(!overflow.ok && overflow.fault.code, 'VALUE_NOT_FINITE');
});

test('a value in the canonical unit is left untouched, whatever it is', () => {
  const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(finite, (value) => {
      for (const unit of ['/min', 'bpm']) {
        assert.deepEqual(toCanonical(metricOf('heart-rate'), unit, value), { ok: true, value });
      }
    }),
  );
});

test('glucose that differed by 0.1 mmol/L still differs, and the first decimal survives the way back', () => {
  for (let tenths = 10; tenths <= 350; tenths++) {
    const answer = toCanonical(metricOf('glucose-capillary'), 'mmol/L', tenths / 10);
    assert.ok(answer.ok);
    assert.equal(Math.round((answer.value / GLUCOSE_MG_DL_PER_MMOL_L) * 10), tenths);
  }
});

test('every tenth of a degree Fahrenheit survives the way to Celsius and back', () => {
  for (let tenths = 800; tenths <= 1150; tenths++) {
    const answer = toCanonical(metricOf('body-temperature'), '[degF]', tenths / 10);
    assert.ok(answer.ok);
    assert.equal(Math.round((answer.value * 1.8 + 32) * 10), tenths);
  }
});

test('decimals follow the step', () => {
  assert.deepEqual([1, 0.1, 0.05, 0.5, 0.01, 10].map(decimalsOfStep), [0, 1, 2, 1, 2, 0]);
});
