/** On invented hearts: no recording at hand has an asystole, and the bench has to be right before it measures. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { estimate } from './intervals.ts';
import { callOfRhythm, isTold, naiveCalls, trueEvents, wardCalls } from './judged.ts';
import type { Beat, Recording } from './recordings.ts';

const LINES = { low: 40, high: 131 };

/** Stretches of so many beats, so far apart, one after the other. */
function heart(
  ...parts: readonly { readonly beats: number; readonly everyS: number; readonly kind?: 'V' }[]
): Recording {
  const beats: Beat[] = [];
  let atS = 0;
  for (const { beats: count, everyS, kind } of parts)
    for (let nth = 0; nth < count; nth += 1) {
      atS += everyS;
      beats.push({ atS, isVentricular: kind === 'V' });
    }
  return { name: 'invented', seconds: atS, beats, tachycardias: [] };
}

const CALM = { beats: 30, everyS: 1 } as const;

const PAUSES = [
  { pauseS: 3.999, calls: [] },
  { pauseS: 4, calls: ['rhythm/asystole'] },
] as const;

for (const { pauseS, calls } of PAUSES)
  test(`a pause of ${pauseS} s is ${calls.length === 0 ? 'no' : 'an'} asystole, told 4 s after its last beat`, () => {
    // So slow a heart is told as such as well.
    const all = wardCalls(heart(CALM, { beats: 1, everyS: pauseS }, CALM));
    const found = all.filter(({ alarm }) => alarm.startsWith('rhythm/'));
    assert.deepEqual(
      found.map(({ alarm }) => alarm),
      calls,
    );
    for (const { raisedS } of found) assert.equal(raisedS, 34);
  });

const RUNS = [
  { beats: 2, everyS: 0.5, calls: [] },
  { beats: 3, everyS: 0.5, calls: ['rhythm/short-ventricular-run'] },
  { beats: 4, everyS: 0.5, calls: ['rhythm/short-ventricular-run'] },
  { beats: 5, everyS: 0.59, calls: ['rhythm/ventricular-tachycardia'] },
  { beats: 5, everyS: 0.61, calls: [] },
] as const;

for (const { beats, everyS, calls } of RUNS)
  test(`${beats} ventricular beats ${everyS} s apart are told as ${calls[0] ?? 'nothing'}`, () => {
    const found = wardCalls(heart(CALM, { beats, everyS, kind: 'V' }, CALM));
    assert.deepEqual(
      found.map(({ alarm }) => alarm),
      calls,
    );
    assert.equal(callOfRhythm(30, found) !== undefined, calls.length > 0);
  });

test('ten seconds of a racing heart are a true event that the ward protocol tells', () => {
  const racing = heart(CALM, { beats: 40, everyS: 0.42 }, CALM);
  const [event, ...others] = trueEvents(racing, LINES);
  assert.ok(event !== undefined && others.length === 0);
  assert.equal(event.what, 'high');
  assert.equal(isTold(event, wardCalls(racing)), true);
  assert.equal(isTold(event, []), false);
});

test('one early beat is a call for who judges each beat, and none for the ward', () => {
  const early = heart(CALM, { beats: 1, everyS: 0.4 }, CALM);
  const rates = [
    { atS: 1, perMinute: 60 },
    { atS: 1.4, perMinute: 150 },
    { atS: 1.8, perMinute: 150 },
    { atS: 2.8, perMinute: 60 },
    { atS: 4.8, perMinute: 30 },
  ];
  assert.equal(naiveCalls(rates, LINES), 2);
  assert.deepEqual(wardCalls(early), []);
  assert.deepEqual(trueEvents(early, LINES), []);
});

test('an interval holds its value, and is no wider than what was counted', () => {
  const counted = [2, 4, 6, 8, 10].map((naive) => ({ hours: 1, naive, ward: 1 }));
  const { value, low, high } = estimate(counted, ({ naive, hours }) => naive / hours);
  assert.equal(value, 6);
  assert.ok(low >= 2 && low < 6 && high > 6 && high <= 10, `${low} ${high}`);
});
