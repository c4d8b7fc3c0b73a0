import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CATALOGUE } from '@ausculta/vitals/catalogue';
import { dataTest } from '../../../tools/test-data.ts';
import { mdcCodeOf, mdcRefIdOf, mdcUnitOfUcum, metricOfTerm, ucumOfMdcUnit } from './mdc-terms.ts';

dataTest(
  {
    dataset: 'mdc-rosetta',
    name: 'every approved term and unit of the Rosetta table is known by name and by code',
    cases: 2,
  },
  (directory) => {
    const rows = (file: string) =>
      readFileSync(join(directory, file), 'utf8')
        .split(/\r?\n/)
        .map((line) => line.split(','));
    let terms = 0;
    for (const [refId = '', code = '', , , status] of rows('rosetta_terms.csv')) {
      if (!/^MDC_\w+$/.test(refId) || !/^\d+$/.test(code) || status !== 'approved') continue;
      if (refId === 'MDC_test') continue;
      terms++;
      assert.equal(mdcCodeOf(refId), Number(code), refId);
      assert.equal(mdcCodeOf(mdcRefIdOf(Number(code)) ?? ''), Number(code), refId);
    }
    assert.ok(terms > 200);
    let units = 0;
    for (const row of rows('unit_terms.csv')) {
      const [refId = '', code = ''] = row;
      const ucum = (row.at(-1) ?? '').split(';')[0] ?? '';
      if (
        !/^MDC_\w+$/.test(refId) ||
        ucum === '' ||
        ucum === 'DO_NOT_USE' ||
        /[ {^]/.test(ucum) ||
        !/^\d+$/.test(code)
      )
        continue;
      units++;
      assert.ok(ucumOfMdcUnit(refId) !== undefined, refId);
      assert.equal(ucumOfMdcUnit(code), ucumOfMdcUnit(refId), refId);
    }
    assert.ok(units > 100);
  },
);

test('every verified term of the catalogue finds its metric by name and by code', () => {
  for (const { key, mdc } of CATALOGUE) {
    for (const { code, refId } of mdc) {
      assert.equal(metricOfTerm({ code })?.metric.key, key);
      assert.equal(metricOfTerm({ refId })?.metric.key, key);
    }
  }
});

test('a wrong code beside a right name is not believed', () => {
  // Lead III is often sent with the code of V1; a pressure with that of a saturation is an accident.
  const leadThree = metricOfTerm({ refId: 'MDC_ECG_ELEC_POTL_III', code: 131331 });
  assert.equal(leadThree?.metric.key, 'ecg-iii');
  const pulse = metricOfTerm({ refId: 'MDC_PULS_RATE', code: 150456 });
  assert.equal(pulse, undefined);
});

test('units have one name each way', () => {
  for (const ucum of ['%', '/min', 'mm[Hg]', 'Cel', 'kg', 'mg/dL', 'mV', 'mL/h']) {
    assert.equal(ucumOfMdcUnit(mdcUnitOfUcum(ucum)?.code ?? 0), ucum);
  }
});
