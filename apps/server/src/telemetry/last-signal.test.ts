import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seriesSample } from '../../../../tests/support/line.ts';
import { Heads } from './heads.ts';
import { signalOf } from './last-signal.ts';

const NOON = Date.parse('2026-01-15T12:00:00Z');

test('a bed has a signal while what is measured without a pause comes, and a cuff is none', () => {
  const heads = new Heads();
  const rate = seriesSample({ id: 1 });
  const { subjectId } = rate;
  const signal = (atMs: number) => signalOf(heads.ofSubject(subjectId), atMs);
  assert.equal(signal(NOON), 'never');
  const cuff = seriesSample({ id: 2, metric: 'nibp-systolic' });
  heads.insertReading(cuff, { stampMs: NOON, value: 120, flags: 0 }, 0);
  assert.equal(signal(NOON), 'never');
  heads.insertReading(rate, { stampMs: NOON, value: 70, flags: 0 }, 0);
  assert.equal(signal(NOON + 15_000), 'present');
  assert.equal(signal(NOON + 15_001), 'lost');
});
