import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Assignment } from '@ausculta/vitals/device';
import { parseDeviceId, parseSubjectId } from '@ausculta/vitals/identity';
import { patientDays } from './reviewed.ts';

const HOUR = 3_600_000;
const DAY = { fromMs: 0, toMs: 24 * HOUR };

const subject = (nth: number) => {
  const id = parseSubjectId(`00000000-0000-4000-8000-00000000000${nth}`);
  assert.ok(id !== undefined);
  return id;
};

const worn = (nth: number, fromHour: number, untilHour?: number): Assignment => {
  const deviceId = parseDeviceId('monitor-1');
  assert.ok(deviceId !== undefined);
  const untilMs = untilHour === undefined ? undefined : untilHour * HOUR;
  return { deviceId, subjectId: subject(nth), fromMs: fromHour * HOUR, untilMs };
};

const CASES: readonly {
  readonly name: string;
  readonly worn: readonly Assignment[];
  readonly hours: number;
}[] = [
  { name: 'half a day', worn: [worn(1, 6, 18)], hours: 12 },
  { name: 'what is still worn, until the end of the span', worn: [worn(1, 20)], hours: 4 },
  { name: 'what began before, from the beginning of it', worn: [worn(1, -48, 3)], hours: 3 },
  { name: 'what lies outside, not at all', worn: [worn(1, -3, 0), worn(1, 24, 25)], hours: 0 },
  { name: 'two devices at a time, once', worn: [worn(1, 0, 10), worn(1, 5, 12)], hours: 12 },
  { name: 'one within another, once', worn: [worn(1, 0, 10), worn(1, 2, 3)], hours: 10 },
  { name: 'two patients, both', worn: [worn(1, 0, 10), worn(2, 5, 10)], hours: 15 },
  { name: 'whom nobody asked for, not at all', worn: [worn(3, 0, 24)], hours: 0 },
];

for (const { name, worn: wearers, hours } of CASES)
  test(`patient-days count ${name}`, () => {
    const found = patientDays([{ wearers }], new Set([subject(1), subject(2)]), DAY);
    assert.equal(found * 24, hours);
  });
