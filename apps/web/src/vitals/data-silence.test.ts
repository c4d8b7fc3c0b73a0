import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LOST_AFTER_MS, lastSignalMs, lostText } from './data-silence.ts';

test('the newest continuous reading or waveform counts', () => {
  const readings = [
    { metric: 'heart-rate', timeMs: 5 },
    { metric: 'spo2', timeMs: 3 },
  ];
  assert.equal(lastSignalMs({ readings, waveforms: [], nowMs: 9 }), 5);
  const waveforms = [{ endMs: 9 }, { endMs: undefined }];
  assert.equal(lastSignalMs({ readings, waveforms, nowMs: 9 }), 9);
});

test('a cuff that measured does not mean that somebody is watched', () => {
  const readings = [
    { metric: 'nibp-systolic', timeMs: 90 },
    { metric: 'no-such-metric', timeMs: 95 },
  ];
  assert.equal(lastSignalMs({ readings, waveforms: [{ endMs: undefined }], nowMs: 95 }), undefined);
});

test('nobody is watched by what was measured before the clock was set back', () => {
  const readings = [
    { metric: 'heart-rate', timeMs: 3_600_000 },
    { metric: 'spo2', timeMs: 3 },
  ];
  const waveforms = [{ endMs: 3_600_000 }];
  assert.equal(lastSignalMs({ readings, waveforms, nowMs: 9 }), 3);
});

test('monitoring is lost after 15 seconds and not before', () => {
  assert.equal(lostText({ lastMs: 0, nowMs: LOST_AFTER_MS }), undefined);
  assert.equal(
    lostText({ lastMs: 0, nowMs: LOST_AFTER_MS + 1 }),
    'No data for 15 s, not monitored',
  );
  assert.equal(lostText({ lastMs: 0, nowMs: 720_000 }), 'No data for 12 min, not monitored');
});

test('who never sent anything is not monitored either', () => {
  assert.equal(lostText({ lastMs: undefined, nowMs: 0 }), 'No data yet, not monitored');
});
