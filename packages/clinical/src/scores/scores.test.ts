import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dataTest } from '../../../../tools/test-data.ts';
import { type Eligibility, whyNotScored } from './eligibility.ts';
import { mews } from './mews.ts';
import { type News2Observations, news2 } from './news2.ts';
import { currentObservations, observationAgeMaxMs } from './news2-currency.ts';
import { type QsofaObservations, qsofa } from './qsofa.ts';
import { toDecimals } from './score.ts';
import { scoreRows } from './score-rows.ts';
import { modifiedShockIndex, shockIndex } from './shock-index.ts';
import { type SofaObservations, sofa } from './sofa.ts';

const WELL: News2Observations = {
  rr: 16,
  spo2: 97,
  scale: 1,
  o2: false,
  sbp: 120,
  hr: 70,
  acvpu: 'A',
  temp: 37,
};

interface Vectors {
  readonly news2: readonly {
    readonly input: News2Observations;
    /** Null where the foreign test asserts the parts alone. */
    readonly source_total: number | null;
    readonly rcp_total: number;
    readonly rcp_parts: Readonly<Record<string, number>>;
    readonly rcp_risk: string;
  }[];
  readonly qsofa: readonly { readonly input: QsofaObservations; readonly qsofa: number }[];
  readonly sofa_single_parameter: readonly {
    readonly parameter: string;
    readonly value: number;
    readonly points: number;
  }[];
}

dataTest(
  {
    dataset: 'early-warning-scores',
    name: 'every vector of NEWS2, qSOFA and SOFA is equal',
    cases: 59,
  },
  (directory) => {
    const vectors = JSON.parse(readFileSync(join(directory, 'vectors.json'), 'utf8')) as Vectors;
    for (const vector of vectors.news2) {
      const expected = {
        total: vector.rcp_total,
        parts: vector.rcp_parts,
        risk: vector.rcp_risk,
        complete: true,
      };
      assert.deepEqual(news2(vector.input), expected);
      assert.equal(vector.source_total ?? vector.rcp_total, vector.rcp_total);
    }
    for (const vector of vectors.qsofa) assert.equal(qsofa(vector.input).total, vector.qsofa);
    for (const { parameter, value, points } of vectors.sofa_single_parameter) {
      assert.equal(sofa({ [parameter]: value }).total, points, `${parameter} ${value}`);
    }
  },
);

const NEWS2_EDGES: readonly [keyof News2Observations, Partial<News2Observations>, number][] = [
  ['rr', { rr: 8 }, 3],
  ['rr', { rr: 9 }, 1],
  ['rr', { rr: 11 }, 1],
  ['rr', { rr: 12 }, 0],
  ['rr', { rr: 20 }, 0],
  ['rr', { rr: 21 }, 2],
  ['rr', { rr: 24 }, 2],
  ['rr', { rr: 25 }, 3],
  ['spo2', { spo2: 91 }, 3],
  ['spo2', { spo2: 92 }, 2],
  ['spo2', { spo2: 94 }, 1],
  ['spo2', { spo2: 96 }, 0],
  ['spo2', { scale: 2, spo2: 83 }, 3],
  ['spo2', { scale: 2, spo2: 84 }, 2],
  ['spo2', { scale: 2, spo2: 86 }, 1],
  ['spo2', { scale: 2, spo2: 88 }, 0],
  ['spo2', { scale: 2, spo2: 92, o2: true }, 0],
  ['spo2', { scale: 2, spo2: 93, o2: false }, 0],
  ['spo2', { scale: 2, spo2: 93, o2: true }, 1],
  ['spo2', { scale: 2, spo2: 95, o2: true }, 2],
  ['spo2', { scale: 2, spo2: 97, o2: true }, 3],
  ['sbp', { sbp: 90 }, 3],
  ['sbp', { sbp: 91 }, 2],
  ['sbp', { sbp: 101 }, 1],
  ['sbp', { sbp: 111 }, 0],
  ['sbp', { sbp: 219 }, 0],
  ['sbp', { sbp: 220 }, 3],
  ['hr', { hr: 40 }, 3],
  ['hr', { hr: 41 }, 1],
  ['hr', { hr: 51 }, 0],
  ['hr', { hr: 91 }, 1],
  ['hr', { hr: 111 }, 2],
  ['hr', { hr: 130 }, 2],
  ['hr', { hr: 131 }, 3],
  ['temp', { temp: 35 }, 3],
  ['temp', { temp: 35.04 }, 3],
  ['temp', { temp: 35.05 }, 1],
  ['temp', { temp: 36.1 }, 0],
  ['temp', { temp: 38.1 }, 1],
  ['temp', { temp: 39.0 }, 1],
  ['temp', { temp: 39.1 }, 2],
  ['o2', { o2: true }, 2],
  ['acvpu', { acvpu: 'C' }, 3],
];

for (const [part, change, points] of NEWS2_EDGES) {
  test(`NEWS2 gives ${points} for ${JSON.stringify(change)}`, () => {
    const score = news2({ ...WELL, ...change });
    assert.equal(score.parts[part as Exclude<typeof part, 'scale'>], points);
  });
}

test('a NEWS2 without consciousness and oxygen is partial and says so', () => {
  const { acvpu, o2, ...seen } = { ...WELL, rr: 25 };
  assert.ok(acvpu !== undefined && o2 !== undefined);
  assert.deepEqual(news2(seen), {
    total: 3,
    parts: { rr: 3, spo2: 0, sbp: 0, hr: 0, temp: 0 },
    risk: 'low-medium',
    complete: false,
  });
});

test('nothing observed has no risk at all, and never a low one', () => {
  assert.deepEqual(news2({}), { total: 0, parts: {}, risk: null, complete: false });
});

test('on scale 2 a saturation above target is unknown until oxygen is charted', () => {
  const seen = { ...WELL, scale: 2, spo2: 97, o2: undefined } as const;
  assert.equal(news2(seen).parts.spo2, undefined);
  assert.equal(news2({ ...seen, spo2: 85 }).parts.spo2, 2);
});

test('a temperature is judged by its decimals as written', () => {
  assert.equal(toDecimals(38.05, 1), 38.1);
  assert.equal(toDecimals(38.04999, 1), 38);
  assert.equal(toDecimals(90.5, 0), 91);
});

test('the risk follows the response table', () => {
  const riskOf = (change: Partial<News2Observations>) => news2({ ...WELL, ...change }).risk;
  assert.equal(riskOf({}), 'low');
  assert.equal(riskOf({ rr: 22, hr: 115 }), 'low');
  assert.equal(riskOf({ rr: 25 }), 'low-medium');
  assert.equal(riskOf({ rr: 22, hr: 115, temp: 38.5 }), 'medium');
  assert.equal(riskOf({ rr: 25, hr: 115, temp: 38.5 }), 'medium');
  assert.equal(riskOf({ rr: 25, hr: 115, o2: true }), 'high');
});

test('an observation older than its score allows is missing', () => {
  const hourMs = 3_600_000;
  const calm = news2(WELL);
  assert.equal(observationAgeMaxMs(calm), 12 * hourMs);
  assert.equal(observationAgeMaxMs(news2({ ...WELL, hr: 95 })), 6 * hourMs);
  assert.equal(observationAgeMaxMs(news2({ ...WELL, rr: 25 })), hourMs);
  assert.equal(observationAgeMaxMs(undefined), hourMs);
  const timed = { seen: WELL, observedAtMs: { rr: 0, acvpu: 1 } };
  const current = currentObservations(timed, { nowMs: 12 * hourMs + 1, last: calm });
  assert.equal(current.acvpu, 'A');
  assert.equal(current.rr, undefined, 'a millisecond too old');
  assert.equal(current.hr, undefined, 'its time is unknown');
  assert.equal(current.scale, 1);
});

const PATIENTS: readonly [Eligibility, ReturnType<typeof whyNotScored>][] = [
  [{ category: 'adult' }, undefined],
  [{ category: 'adult', ageYears: 16 }, undefined],
  [{ category: 'adult', ageYears: 15.9 }, 'under-16'],
  [{ category: 'adult', isPregnant: true }, 'pregnancy'],
  [{ category: 'maternity' }, 'pregnancy'],
  [{ category: 'child', ageYears: 17 }, 'under-16'],
  [{ category: 'neonate' }, 'under-16'],
  [{ category: 'unknown' }, 'category-unknown'],
];

for (const [patient, refusal] of PATIENTS) {
  test(`${JSON.stringify(patient)} is scored: ${refusal ?? 'yes'}`, () => {
    assert.equal(whyNotScored(patient), refusal);
  });
}

test('qSOFA takes mentation from the first source that is known', () => {
  assert.equal(qsofa({ gcs: 14 }).parts.mentation, 1);
  assert.equal(qsofa({ gcs: 15, acvpu: 'V' }).parts.mentation, 0);
  assert.equal(qsofa({ acvpu: 'C' }).parts.mentation, 1);
  assert.equal(qsofa({ altered: false, gcs: 3 }).parts.mentation, 0);
  assert.deepEqual(qsofa({ rr: 22, sbp: 100 }), {
    total: 2,
    parts: { rr: 1, sbp: 1 },
    risk: 'high',
    complete: false,
  });
});

test('MEWS scores both sides of its cells and leaves new confusion unknown', () => {
  const usual = { rr: 14, sbp: 120, hr: 80, temp: 37, acvpu: 'A' } as const;
  assert.deepEqual(mews(usual).total, 0);
  assert.equal(mews({ ...usual, hr: 40 }).total, 2);
  assert.equal(mews({ ...usual, hr: 41 }).total, 1);
  assert.equal(mews({ ...usual, hr: 129 }).total, 2);
  assert.equal(mews({ ...usual, hr: 130 }).total, 3);
  assert.equal(mews({ ...usual, temp: 34.9 }).total, 2);
  assert.equal(mews({ ...usual, temp: 38.4 }).total, 0);
  assert.equal(mews({ ...usual, temp: 38.5 }).total, 2);
  assert.equal(mews({ ...usual, acvpu: 'C' }).complete, false);
  assert.equal(mews({ ...usual, sbp: 70, acvpu: 'P' }).risk, 'high');
});

const SOFA_EDGES: readonly [SofaObservations, number][] = [
  [{ pao2_fio2: 400 }, 0],
  [{ pao2_fio2: 399 }, 1],
  [{ pao2_fio2: 99 }, 2],
  [{ pao2_fio2: 99, ventilated: true }, 4],
  [{ pao2_fio2: 200, ventilated: true }, 2],
  [{ platelets: 150 }, 0],
  [{ bilirubin_mg_dl: 12 }, 4],
  [{ bilirubin_mg_dl: 11.9 }, 3],
  [{ map: 70 }, 0],
  [{ map: 69 }, 1],
  [{ map: 90, dopamine: 5 }, 2],
  [{ map: 90, dopamine: 5.1 }, 3],
  [{ dobutamine: 1 }, 2],
  [{ norepinephrine: 0.1 }, 3],
  [{ epinephrine: 0.11 }, 4],
  [{ gcs: 15 }, 0],
  [{ gcs: 5 }, 4],
  [{ creatinine_mg_dl: 1.19, urine_ml_day: 499 }, 3],
  [{ creatinine_mg_dl: 3.5, urine_ml_day: 2000 }, 3],
  [{ urine_ml_day: 199 }, 4],
];

for (const [seen, points] of SOFA_EDGES) {
  test(`SOFA gives ${points} for ${JSON.stringify(seen)}`, () =>
    assert.equal(sofa(seen).total, points));
}

test('enough urine alone leaves the kidneys unknown', () => {
  assert.deepEqual(sofa({ urine_ml_day: 1500 }).parts, {});
});

test('the shock index has its bands, and none without a pressure', () => {
  assert.deepEqual(shockIndex({ heartRate: 70, systolicMmHg: 100 }), { value: 0.7, band: 'usual' });
  assert.equal(shockIndex({ heartRate: 90, systolicMmHg: 100 })?.band, 'raised');
  assert.equal(shockIndex({ heartRate: 100, systolicMmHg: 100 })?.band, 'high');
  assert.equal(modifiedShockIndex({ heartRate: 130, meanMmHg: 100 })?.band, 'usual');
  assert.equal(modifiedShockIndex({ heartRate: 131, meanMmHg: 100 })?.band, 'high');
  assert.equal(shockIndex({ heartRate: 120, systolicMmHg: 0 }), undefined);
  assert.equal(shockIndex({ heartRate: Number.NaN, systolicMmHg: 100 }), undefined);
});

test('rows come back in their order; missing and null are the same', () => {
  const scored = scoreRows('news2', [WELL, { hr: 131, rr: null }]);
  assert.ok(scored.ok);
  assert.deepEqual(
    scored.value.map(({ total, complete }) => [total, complete]),
    [
      [0, true],
      [3, false],
    ],
  );
});

const BAD_ROWS: readonly [unknown, RegExp][] = [
  [{ rr: 12 }, /no array/],
  [['text'], /row 0: not an object/],
  [[WELL, { ...WELL, scale: 3 }], /row 1: "scale"/],
  [[{ hr: '70' }], /"hr"/],
  [[{ hr: -1 }], /"hr"/],
  [[{ spo2: 101 }], /"spo2"/],
  [[{ temp: 98.6 }], /"temp"/],
  [[{ acvpu: 'X' }], /"acvpu"/],
  [[{ o2: 1 }], /"o2"/],
  [[{ rr: Number.POSITIVE_INFINITY }], /"rr"/],
];

for (const [rows, detail] of BAD_ROWS) {
  test(`rows are refused: ${detail.source}`, () => {
    const scored = scoreRows('news2', rows);
    assert.ok(!scored.ok);
    assert.match(scored.fault.detail ?? '', detail);
  });
}
