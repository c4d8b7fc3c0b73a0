import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMailDue, type MailTimes, NO_MAIL_YET } from './mail-times.ts';

const AT_MS = Date.UTC(2026, 2, 1, 12);
const EMERGENCY = { emergencies: ['one'], unusual: [] };
const UNUSUAL = { emergencies: [], unusual: ['one'] };
const told: MailTimes = { ...NO_MAIL_YET, toldMs: AT_MS, emergencyToldMs: AT_MS };
const failed = (failures: number): MailTimes => ({ ...NO_MAIL_YET, failures, failedMs: AT_MS });

for (const [what, times, waiting, afterMs, isDue] of [
  ['nothing waits', NO_MAIL_YET, { emergencies: [], unusual: [] }, 0, false],
  ['the first emergency', NO_MAIL_YET, EMERGENCY, 0, true],
  ['the first unusual access', NO_MAIL_YET, UNUSUAL, 0, true],
  ['another emergency within the minute', told, EMERGENCY, 59_999, false],
  ['another emergency after it', told, EMERGENCY, 60_000, true],
  [
    'an emergency after a mail about unusual access',
    { ...NO_MAIL_YET, toldMs: AT_MS },
    EMERGENCY,
    1,
    true,
  ],
  ['unusual access within the hour', told, UNUSUAL, 3_599_999, false],
  ['unusual access after it', told, UNUSUAL, 3_600_000, true],
  ['an emergency when the clock was set back', told, EMERGENCY, -3_600_000, true],
  ['2 s after a failure, too early', failed(1), EMERGENCY, 1_999, false],
  ['2 s after a failure', failed(1), EMERGENCY, 2_000, true],
  ['4 s after two', failed(2), EMERGENCY, 3_999, false],
  ['ten minutes after however many', failed(1_000), EMERGENCY, 600_000, true],
  ['a failure when the clock was set back', failed(9), EMERGENCY, -1, true],
] as const)
  test(`${what}: ${isDue ? 'a mail' : 'none'}`, () => {
    assert.equal(isMailDue(times, waiting, AT_MS + afterMs), isDue);
  });
