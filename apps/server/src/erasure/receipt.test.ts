import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFinal, receiptOf } from './receipt.ts';

const DAY = 86_400_000;
const ERASED = Date.UTC(2026, 10, 21, 23, 30);
const LIVES = {
  logKeptMs: 7 * DAY,
  parkedKeptMs: 20 * DAY,
  keyBackupsKeptMs: 7 * DAY,
  hasLegacy: false,
  movedInMs: undefined,
};
const WHO = { organisationId: 'o', subjectId: 's', requestedBy: null };

test('the last copy is a key of what was parked, in a backup: its day is the day of the receipt', () => {
  const receipt = receiptOf(WHO, LIVES, ERASED);
  // 28 days and two hours later is the 20th of December, 01:30; the first whole day after it:
  assert.equal(receipt.finalOn, '2026-12-21');
  assert.deepEqual(
    receipt.copies.map(({ until }) => until),
    ['2026-11-30', '2026-11-30', '2026-12-07', '2026-12-14', '2026-12-14', '2026-12-21'],
  );
  assert.equal(receipt.unreadableHereAt, '2026-11-21T23:30:00.000Z');
});

test('where old backups open with the old master key, no day is promised', () => {
  const receipt = receiptOf(WHO, { ...LIVES, hasLegacy: true }, ERASED);
  assert.equal(receipt.finalOn, null);
  assert.equal(receipt.copies.at(-1)?.until, null);
  const facts = {
    nowMs: ERASED + 900 * DAY,
    oldestBackupMs: undefined,
    logKeptMs: 7 * DAY,
    parkedKeptMs: 20 * DAY,
  };
  assert.equal(isFinal(receipt, facts), false);
});

test('where older backups hold readings in another record, no day is promised', () => {
  const receipt = receiptOf(WHO, { ...LIVES, movedInMs: ERASED - 3 * DAY }, ERASED);
  assert.equal(receipt.finalOn, null);
  assert.match(receipt.copies.at(-1)?.what ?? '', /before 2026-11-18, .* another record/);
});

test('it is final when the day has come and the old backups have really gone', () => {
  const receipt = receiptOf(WHO, LIVES, ERASED);
  const facts = (nowMs: number, oldestBackupMs: number | undefined) => ({
    nowMs,
    oldestBackupMs,
    logKeptMs: LIVES.logKeptMs,
    parkedKeptMs: LIVES.parkedKeptMs,
  });
  const day = Date.parse('2026-12-21');
  assert.equal(isFinal(receipt, facts(day - 1, undefined)), false);
  assert.equal(isFinal(receipt, facts(day, undefined)), true);
  assert.equal(isFinal(receipt, facts(day, day - 6 * DAY)), true);
  assert.equal(isFinal(receipt, facts(day, ERASED + 20 * DAY)), false, 'the server was off');
});
