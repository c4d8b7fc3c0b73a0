/** One alarm for one cause: waveforms, electrodes, a device that comes back, a store that is away. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arrivalOf, NOON } from '../../../../tests/support/line.ts';
import {
  BREATHS,
  ECG,
  ECG_V1,
  PLETH,
  RATE,
  SPO2,
  TEMPERATURE,
  Ward,
} from '../../../../tests/support/monitored-ward.ts';
import type { Series } from './entry.ts';
import { Evaluator } from './evaluate.ts';

test('a device that sends waveforms alone is missed when it stops, also after a restart', () => {
  const ward = new Ward();
  assert.deepEqual(ward.run(10, ECG, PLETH), []);
  assert.deepEqual(ward.run(20), ['21 raised technical/no-data/monitor-1@9']);
  ward.restart(5, []);
  ward.monitoring.startListening(ward.nowMs);
  assert.deepEqual(ward.run(20), ['47 raised technical/no-data/monitor-1@9']);
  assert.deepEqual(ward.run(3, ECG), ['57 ended technical/no-data/monitor-1@9']);
});

test('the ECG is lost when its last lead stops; a lead that changes is no loss', () => {
  const ward = new Ward();
  ward.run(10, RATE, ECG);
  assert.deepEqual(ward.run(30, RATE, ECG_V1), []);
  assert.deepEqual(ward.run(20, RATE), ['51 raised technical/ecg/no-data@39']);
  assert.deepEqual(ward.run(5, RATE, ECG), ['62 ended technical/ecg/no-data@39']);
});

test('a number that is lost tells of its waveform as well', () => {
  const ward = new Ward();
  ward.run(10, RATE, SPO2, ECG, PLETH);
  assert.deepEqual(ward.run(30, RATE, ECG), ['21 raised technical/spo2/no-data@9']);
  assert.deepEqual(ward.run(10, RATE, ECG, SPO2, PLETH), ['42 ended technical/spo2/no-data@9']);
});

test('a vital that is measured now and then gets its time after its device came back', () => {
  const ward = new Ward();
  const measure = (seconds: number) =>
    Array.from({ length: seconds }, () =>
      ward.run(1, RATE, ...(ward.second % 10 === 0 ? [TEMPERATURE] : [])),
    ).flat();
  measure(60);
  assert.deepEqual(ward.run(45), ['71 raised technical/no-data/monitor-1@59']);
  assert.deepEqual(measure(60), ['107 ended technical/no-data/monitor-1@59']);
});

test('leads that a device says are off are one alarm for all that goes with them, after 10 s', () => {
  const ward = new Ward();
  ward.run(10, RATE, BREATHS, SPO2, ECG);
  ward.leads('leads-off');
  assert.deepEqual(ward.run(40, SPO2), ['20 raised technical/leads-off/monitor-1@10']);
  ward.leads('leads-on');
  assert.deepEqual(ward.run(20, SPO2, RATE, BREATHS, ECG), [
    '50 ended technical/leads-off/monitor-1@10',
  ]);
});

test('leads that are off for a moment, or that another device replaces in time, call nobody', () => {
  const ward = new Ward();
  ward.run(10, RATE);
  ward.leads('leads-off');
  ward.leads('fall');
  ward.run(9, RATE);
  ward.leads('leads-on');
  assert.deepEqual(ward.run(30, RATE), []);
  ward.leads('leads-off', ward.nowMs - 60_000);
  assert.deepEqual(ward.run(30, RATE), [], 'an older word than the last one');
});

test('a device that never says "on" is believed by its heart rate', () => {
  const ward = new Ward();
  ward.run(10, RATE, SPO2);
  ward.leads('leads-off');
  ward.run(30, SPO2);
  assert.deepEqual(ward.run(10, SPO2, RATE), ['42 ended technical/leads-off/monitor-1@10']);
});

test('leads off and then nothing at all is loss of the device', () => {
  const ward = new Ward();
  ward.run(10, RATE, SPO2);
  ward.leads('leads-off');
  ward.run(20, SPO2);
  assert.deepEqual(ward.run(20), [
    '41 raised technical/no-data/monitor-1@29',
    '41 ended technical/leads-off/monitor-1@10',
  ]);
});

test('leads that were told to be off before a restart are held off after it', () => {
  const ward = new Ward();
  ward.run(10, RATE, SPO2);
  ward.leads('leads-off');
  ward.run(20, SPO2);
  const alarmId = `technical/leads-off/monitor-1@${NOON + 10_000}`;
  ward.restart(5, [{ key: 'technical/leads-off/monitor-1', alarmId }]);
  ward.monitoring.startListening(ward.nowMs);
  assert.deepEqual(ward.run(30, SPO2), []);
  ward.leads('leads-on');
  assert.deepEqual(ward.run(5, SPO2, RATE), ['65 ended technical/leads-off/monitor-1@10']);
});

test('nobody is told of the leads of a device that nobody wears', () => {
  const ward = new Ward();
  ward.run(10, RATE);
  ward.leads('leads-off');
  ward.takenOff.add(RATE);
  assert.deepEqual(ward.run(30), []);
});

test('while the store is away, whoever waits for its answer is not missed, and is once it is back', () => {
  const ward = new Ward();
  ward.run(10, RATE, SPO2);
  const isHeldBack = (series: Series) => series.deviceId === RATE.deviceId;
  const subjects = () => ward.evaluator.subjects();
  const said: string[] = [];
  for (; ward.second < 40; ward.second += 1) {
    for (const { kind, alarmId } of ward.monitoring.look(subjects(), ward.nowMs, { isHeldBack })) {
      said.push(`${ward.second} ${kind} ${alarmId.replace(/@.*/, '')}`);
    }
  }
  assert.deepEqual(said, []);
  ward.monitoring.startListening(ward.nowMs);
  assert.deepEqual(ward.run(12), []);
  assert.deepEqual(ward.run(2), ['52 raised technical/no-data/monitor-1@9']);
});

test('a loss that was told before the store went away is held, and ends by its readings', () => {
  const ward = new Ward();
  ward.run(10, RATE);
  assert.equal(ward.run(20).length, 1);
  for (let second = 0; second < 20; second += 1) {
    assert.deepEqual(
      ward.monitoring.look(ward.evaluator.subjects(), ward.nowMs, { isHeldBack: () => true }),
      [],
    );
    ward.second += 1;
  }
  assert.equal(ward.run(5, RATE).length, 1);
});

test('what the store has not taken yet sets no clock back: breaches began when they did, and nobody is missed', () => {
  const ward = new Ward();
  ward.evaluator = new Evaluator(() => 'adult');
  ward.run(20, RATE, SPO2);
  const look = (asOfS: number, isHeldBack = (_: Series) => false) => {
    const asOfMs = NOON + asOfS * 1_000;
    const listening = { clockMs: ward.nowMs, isHeldBack };
    return ward.monitoring.look(ward.evaluator.subjects(), asOfMs, listening);
  };
  const beganMs = ward.nowMs;
  ward.evaluator.evaluate(arrivalOf(RATE, { stampMs: beganMs, value: 150 }));
  // The store stands still; meanwhile one looks by the clock. Then it is back, and has much to take.
  for (; ward.second < 32; ward.second += 1) {
    assert.deepEqual(
      look(ward.second, () => true),
      [],
    );
  }
  ward.monitoring.startListening(ward.nowMs);
  for (; ward.second < 40; ward.second += 1) assert.deepEqual(look(18), []);
  const [raised] = ward.evaluator.silences(NOON + 60_000);
  assert.equal(raised?.alarmId, `limit/heart-rate/high@${beganMs}`);
  assert.deepEqual(look(43), [], 'nobody has been listened to for long enough');
  ward.second = 44;
  assert.equal(look(44)[0]?.kind, 'raised');
});
