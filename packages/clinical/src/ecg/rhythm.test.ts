import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AF_THRESHOLD, AtrialFibrillationRule } from './atrial-fibrillation.ts';
import type { BeatClass } from './beat-classes.ts';
import { matchBeats, predictivityOf, sensitivityOf } from './beat-matching.ts';
import {
  type NormalInterval,
  variabilityOverFrequency,
  variabilityOverTime,
} from './heart-rate-variability.ts';
import { type RhythmFinding, RhythmWatch } from './rhythm.ts';

const RATE_HZ = 360;

/** Beats at these intervals; "V" where the letters say so, else normal. */
function watch(intervalSeconds: readonly number[], classes = ''): RhythmFinding[] {
  const rhythm = new RhythmWatch(RATE_HZ);
  const out: RhythmFinding[] = [];
  let at = 1;
  out.push(...rhythm.push({ sample: RATE_HZ, class: (classes[0] ?? 'N') as BeatClass }));
  for (const [i, seconds] of intervalSeconds.entries()) {
    at += seconds;
    const kind = (classes[i + 1] ?? 'N') as BeatClass;
    out.push(...rhythm.push({ sample: Math.round(at * RATE_HZ), class: kind }));
  }
  out.push(...rhythm.end());
  return out;
}

const kindsOf = (findings: readonly RhythmFinding[]) => findings.map(({ kind }) => kind);
const steady = (seconds: number, count = 20) => new Array<number>(count).fill(seconds);

test('a rate of 50 is no bradycardia, 49 is; 100 no tachycardia, 101 is', () => {
  assert.deepEqual(kindsOf(watch(steady(60 / 50))), []);
  assert.deepEqual(kindsOf(watch(steady(60 / 49))), ['bradycardia']);
  assert.deepEqual(kindsOf(watch(steady(60 / 100))), []);
  assert.deepEqual(kindsOf(watch(steady(60 / 101.5))), ['tachycardia']);
});

test('a pause begins at three seconds, an asystole at four', () => {
  const around = (gap: number) => kindsOf(watch([...steady(0.8), gap, ...steady(0.8)]));
  assert.deepEqual(around(2.99), []);
  assert.deepEqual(around(3), ['pause']);
  assert.deepEqual(around(3.99), ['pause']);
  assert.deepEqual(around(4), ['asystole']);
});

test('an asystole is told once while it lasts, and anew after a beat', () => {
  const rhythm = new RhythmWatch(RATE_HZ);
  assert.equal(rhythm.idle(7 * RATE_HZ - 1), undefined, 'it may still be learning');
  assert.equal(rhythm.idle(7 * RATE_HZ)?.kind, 'asystole', 'a flat line from the start');
  rhythm.push({ sample: 0, class: 'N' });
  assert.equal(rhythm.idle(4 * RATE_HZ - 1), undefined);
  assert.equal(rhythm.idle(4 * RATE_HZ)?.kind, 'asystole');
  assert.equal(rhythm.idle(5 * RATE_HZ), undefined);
  rhythm.push({ sample: 6 * RATE_HZ, class: 'N' });
  assert.equal(rhythm.idle(10 * RATE_HZ)?.kind, 'asystole');
});

const RUNS: readonly [string, number, RhythmFinding['kind'][]][] = [
  ['NNVNN', 0.7, []],
  ['NNVVNN', 0.7, ['couplet']],
  ['NNVVVNN', 0.7, ['ventricular-run']],
  ['NNVVVVNN', 0.5, ['ventricular-run']],
  ['NNVVVVVNN', 0.5, ['ventricular-tachycardia']],
  ['NNVVVVVNN', 0.61, ['ventricular-run']],
];

for (const [classes, seconds, kinds] of RUNS) {
  test(`${classes} at ${Math.round(60 / seconds)} a minute: ${kinds[0] ?? 'nothing'}`, () => {
    const found = watch(steady(seconds, classes.length - 1), classes);
    assert.deepEqual(
      kindsOf(found).filter((kind) => kind !== 'tachycardia'),
      kinds,
    );
  });
}

test('three pairs make a bigeminy, two do not', () => {
  assert.deepEqual(kindsOf(watch(steady(0.8, 6), 'NVNVNN')), []);
  assert.deepEqual(kindsOf(watch(steady(0.8, 8), 'NVNVNVNN')), ['bigeminy']);
});

/** Chaotic and the same every time. */
function irregular(count: number): number[] {
  let state = 7;
  return Array.from({ length: count }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return 0.4 + (0.8 * state) / 2_147_483_647;
  });
}

test('chaotic intervals are atrial fibrillation, steady and breathing ones are not', () => {
  const breathing = Array.from({ length: 300 }, (_, i) => 0.8 + 0.05 * Math.sin(i / 2));
  assert.ok(kindsOf(watch(irregular(300))).includes('atrial-fibrillation'));
  assert.deepEqual(kindsOf(watch(breathing)), []);
  const short = kindsOf(watch(irregular(100)));
  assert.ok(!short.includes('atrial-fibrillation'), 'too few words yet');
});

test('after an interruption the words of both sides are not joined', () => {
  const rule = new AtrialFibrillationRule();
  const entropies = irregular(129).map((seconds) => rule.push(seconds));
  assert.equal(entropies[127], undefined);
  assert.ok((entropies[128] ?? 0) > AF_THRESHOLD);
  rule.clear();
  assert.equal(rule.push(0.8), undefined);
});

function intervalsOf(lengthsMs: readonly number[]): NormalInterval[] {
  let atSeconds = 0;
  return lengthsMs.map((ms) => {
    atSeconds += ms / 1000;
    return { atSeconds, ms };
  });
}

test('alternating intervals have the variability that arithmetic gives them', () => {
  const found = variabilityOverTime(
    intervalsOf(Array.from({ length: 100 }, (_, i) => (i % 2 ? 840 : 780))),
  );
  assert.ok(found !== undefined);
  assert.equal(found.meanMs, 810);
  assert.ok(Math.abs(found.sdnnMs - 30.15) < 0.01);
  assert.equal(found.rmssdMs, 60);
  assert.equal(found.pnn50Percent, 100);
  assert.ok(Math.abs(found.sd1Ms - 60 / Math.SQRT2) < 0.01);
  assert.equal(variabilityOverTime(intervalsOf(steady(800, 29))), undefined);
});

test('intervals that do not follow each other are no neighbours', () => {
  const gapped = intervalsOf(steady(800, 60)).filter((_, i) => i !== 30);
  gapped[30] = { ...(gapped[30] as NormalInterval), ms: 900 };
  assert.ok((variabilityOverTime(gapped)?.rmssdMs ?? 99) < 14);
});

test('breathing at 0.25 Hz is power in the high band, of half its squared height', () => {
  const lengths: number[] = [];
  for (let at = 0; at < 300; ) {
    const ms = 800 + 40 * Math.sin(2 * Math.PI * 0.25 * at);
    lengths.push(ms);
    at += ms / 1000;
  }
  const found = variabilityOverFrequency(intervalsOf(lengths));
  assert.ok(found !== undefined);
  assert.ok(Math.abs(found.hfMs2 - 800) < 120, `${found.hfMs2} ms²`);
  assert.ok(found.lfMs2 < 0.1 * found.hfMs2);
});

test('one beat matches one beat within 150 ms, the nearer one', () => {
  const counts = (reference: number[], detected: number[]) => {
    const found = matchBeats({ reference, detected, rateHz: 1000, skipSeconds: 0 });
    return [found.truePositives, found.falseNegatives, found.falsePositives];
  };
  assert.deepEqual(counts([1000], [1150]), [1, 0, 0]);
  assert.deepEqual(counts([1000], [1151]), [0, 1, 1]);
  assert.deepEqual(counts([1000], [900, 1010]), [1, 0, 1]);
  assert.deepEqual(counts([1000, 1100], [1090]), [1, 1, 0]);
  assert.deepEqual(counts([], [5]), [0, 0, 1]);
});

test('learning time and flutter are not judged', () => {
  const reference = [100, 400_000, 500_000];
  const excluded = [{ from: 490_000, to: 510_000 }];
  const found = matchBeats({ reference, detected: [300], rateHz: 1000, excluded });
  assert.deepEqual([found.falseNegatives, found.falsePositives], [1, 0]);
  assert.equal(sensitivityOf(found), 0);
  assert.ok(Number.isNaN(predictivityOf(found)));
});
