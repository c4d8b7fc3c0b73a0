/** The corpus in tests/alarms/scores.json has the edges; here the detector scores as its source does. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ACVPU } from '@ausculta/clinical/scores/news2';
import { dataTest } from '../../../../tools/test-data.ts';
import { cellOf } from '../protocol/score-cells.ts';
import {
  explainScore,
  NO_SCORE,
  onScoreSample,
  rejudgeScore,
  type ScoreSettings,
  type ScoreState,
  scoreAt,
} from './score.ts';
import { scoreSources } from './score-sources.ts';

const NEWS2: ScoreSettings = {
  score: 'news2',
  levels: [{ priority: 'medium', atLeast: 5, anyPart: 3 }],
  delayMs: 0,
  ageMaxMs: {},
  spo2Scale: 1,
  patient: { category: 'adult' },
};

interface Vector {
  readonly input: {
    readonly rr: number;
    readonly spo2: number;
    readonly scale: 1 | 2;
    readonly o2: boolean;
    readonly sbp: number;
    readonly hr: number;
    readonly acvpu: (typeof ACVPU)[number];
    readonly temp: number;
  };
  readonly rcp_total: number;
}

const NOW = 1_772_352_000_000;

function after(readings: Readonly<Record<string, number>>, settings: ScoreSettings): ScoreState {
  return Object.entries(readings).reduce((state, [metric, value]) => {
    const sample = { metric, value, flags: 0, atMs: NOW, receivedAtMs: NOW };
    return onScoreSample(state, sample, settings).state;
  }, NO_SCORE);
}

dataTest(
  {
    dataset: 'early-warning-scores',
    name: 'the detector scores every NEWS2 vector as its source',
    cases: 46,
  },
  (directory) => {
    const file: {
      news2: Vector[];
      qsofa: { input: Vector['input'] & { altered: boolean }; qsofa: number }[];
    } = JSON.parse(readFileSync(join(directory, 'vectors.json'), 'utf8'));
    for (const { input, rcp_total: total } of file.news2) {
      const settings = { ...NEWS2, spo2Scale: input.scale };
      const state = after(
        {
          'resp-rate': input.rr,
          spo2: input.spo2,
          'oxygen-device': input.o2 ? 1 : 0,
          'nibp-systolic': input.sbp,
          'heart-rate': input.hr,
          consciousness: ACVPU.indexOf(input.acvpu),
          'body-temperature-oral': input.temp,
        },
        settings,
      );
      const found = scoreAt(state, NOW, settings);
      assert.equal(found.isComplete, true);
      assert.equal(found.total, total, JSON.stringify(input));
    }
    for (const { input, qsofa } of file.qsofa) {
      const settings: ScoreSettings = { ...NEWS2, score: 'qsofa', levels: [] };
      const gcs = input.altered ? 14 : 15;
      const seen = { 'resp-rate': input.rr, 'nibp-systolic': input.sbp, 'glasgow-coma-score': gcs };
      assert.equal(scoreAt(after(seen, settings), NOW, settings).total, qsofa);
    }
  },
);

test('a score tells its parts, their readings and that it is not complete', () => {
  const state = after({ 'resp-rate': 25, spo2: 95 }, NEWS2);
  const { found, why, sinceMs } = explainScore(state, NOW, NEWS2);
  assert.deepEqual(found.parts, { rr: 3, spo2: 1 });
  assert.equal(found.isComplete, false);
  assert.deepEqual(
    found.evidence.map(({ part, value }) => [part, value]),
    [
      ['rr', 25],
      ['spo2', 95],
    ],
  );
  assert.deepEqual([why, sinceMs], ['raised', NOW]);
});

test('what is too old is said to be so', () => {
  const settings: ScoreSettings = { ...NEWS2, ageMaxMs: { rr: 60_000 } };
  const state = after({ 'resp-rate': 18 }, settings);
  assert.equal(explainScore(state, NOW + 60_000, settings).why, 'nothing-charted');
  assert.equal(explainScore(state, NOW + 60_001, settings).why, 'readings-too-old');
});

test('nobody is scored again when nothing was measured', () => {
  assert.equal(rejudgeScore(NO_SCORE, NOW, NEWS2).state, NO_SCORE);
});

test('the cells of a score are where its points change', () => {
  const source = scoreSources('news2').get('heart-rate');
  assert.ok(source !== undefined);
  const at = { kind: 'news2', scale: 1, source, step: 1 } as const;
  const cells = [40, 41, 50, 51, 90, 91, 110, 111, 130, 131].map((count) => cellOf(count, at));
  assert.deepEqual(
    cells.map(({ low, high }) => `${low}..${high}`),
    [
      '0..40',
      '41..50',
      '41..50',
      '51..90',
      '51..90',
      '91..110',
      '91..110',
      '111..130',
      '111..130',
      '131..300',
    ],
  );
});

test('a shock index has no cells: each pulse is another index', () => {
  const source = scoreSources('shock-index').get('heart-rate');
  assert.ok(source !== undefined);
  assert.deepEqual(cellOf(80, { kind: 'shock-index', scale: 1, source, step: 1 }), {
    low: 80,
    high: 80,
  });
});

test('what a person charts is never taken for what is sent', () => {
  for (const [metric, { freshMs }] of scoreSources('news2'))
    assert.equal(
      freshMs > 0,
      !/nibp|oral|rectal|tympanic|consciousness|oxygen-device/.test(metric),
      metric,
    );
});
