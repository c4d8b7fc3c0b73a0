import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NOON, subjectId } from '../../../../tests/support/line.ts';
import {
  CUFF,
  NEIGHBOUR,
  OTHER_RATE,
  RATE,
  SPO2,
  Ward,
} from '../../../../tests/support/monitored-ward.ts';
import type { Series } from './entry.ts';

// One seed: a test that fails does so again.
fc.configureGlobal({ seed: 20260301 });

test('a device that stops is missed after 12 s, once, and by the name of its last reading', () => {
  const ward = new Ward();
  assert.deepEqual(ward.run(10, RATE, SPO2), []);
  assert.deepEqual(ward.run(11), []);
  assert.deepEqual(ward.run(60), ['21 raised technical/no-data/monitor-1@9']);
});

test('it is a technical alarm of medium priority that counts the silence in seconds', () => {
  const ward = new Ward();
  ward.run(10, RATE);
  assert.deepEqual(ward.run(11), []);
  const [finding] = ward.findings();
  assert.ok(finding?.kind === 'raised');
  assert.equal(finding.priority, 'medium');
  assert.deepEqual(
    [finding.rule.kind, finding.rule.direction, finding.rule.limit, finding.openingValue],
    ['no-data', 'high', 12, 12],
  );
});

test('it ends when the device sends steadily again, not at its first reading', () => {
  const ward = new Ward();
  ward.run(10, RATE, SPO2);
  ward.run(20);
  assert.deepEqual(ward.run(2, RATE, SPO2), []);
  assert.deepEqual(ward.run(5, RATE, SPO2), ['32 ended technical/no-data/monitor-1@9']);
  ward.run(10, RATE, SPO2);
  assert.deepEqual(ward.run(20), ['58 raised technical/no-data/monitor-1@46']);
});

test('one reading after a loss, and silence again, is the same loss', () => {
  const ward = new Ward();
  ward.run(10, RATE);
  assert.equal(ward.run(20).length, 1);
  ward.run(1, RATE);
  assert.deepEqual(ward.run(40), []);
});

test('a vital that stops while its device goes on is an alarm of its own', () => {
  const ward = new Ward();
  ward.run(10, RATE, SPO2);
  assert.deepEqual(ward.run(20, RATE), ['21 raised technical/spo2/no-data@9']);
  assert.deepEqual(ward.run(5, RATE, SPO2), ['32 ended technical/spo2/no-data@9']);
});

test('a vital that another device still measures is not lost', () => {
  const ward = new Ward();
  ward.run(10, RATE, OTHER_RATE);
  assert.deepEqual(ward.run(60, OTHER_RATE), []);
  assert.deepEqual(ward.run(20), ['81 raised technical/no-data/monitor-2@69']);
});

test('a probe that was off when its device stopped stays told beside the device', () => {
  const ward = new Ward();
  ward.run(10, RATE, SPO2);
  assert.equal(ward.run(20, RATE).length, 1);
  assert.deepEqual(ward.run(20), ['41 raised technical/no-data/monitor-1@29']);
  assert.deepEqual(ward.run(5, RATE), ['52 ended technical/no-data/monitor-1@29']);
});

test('after a device came back with half of its vitals, the other half is told', () => {
  const ward = new Ward();
  ward.run(10, RATE, SPO2);
  ward.run(20);
  assert.deepEqual(ward.run(5, RATE), [
    '32 raised technical/spo2/no-data@9',
    '32 ended technical/no-data/monitor-1@9',
  ]);
});

test('who never sent steadily is not missed: a single reading, a cuff, a backlog', () => {
  const ward = new Ward();
  ward.run(2, RATE);
  ward.run(5, CUFF);
  for (let old = 0; old < 10; old += 1) ward.send(OTHER_RATE, NOON - 3_600_000 + old * 1000);
  assert.deepEqual(ward.run(600), []);
});

test('a device that is taken off is not missed, and what was told of it ends', () => {
  const ward = new Ward();
  ward.run(10, RATE);
  assert.equal(ward.run(20).length, 1);
  ward.takenOff.add(RATE);
  const [ended] = ward.findings();
  assert.equal(ended?.kind === 'ended' && ended.because, 'taken-off');
  assert.equal(ended?.alarmId, `technical/no-data/monitor-1@${NOON + 9_000}`);
  assert.deepEqual(ward.run(60), []);
  const other = new Ward();
  other.run(10, RATE);
  other.takenOff.add(RATE);
  assert.deepEqual(other.run(60), []);
});

for (const backS of [3, 60, 3_600]) {
  test(`a clock set back by ${backS} s: who goes on is not missed, who stops is, in time`, () => {
    const ward = new Ward();
    ward.run(20, RATE, NEIGHBOUR);
    ward.second -= backS;
    const setS = ward.second;
    const said = ward.run(30, NEIGHBOUR);
    assert.deepEqual(said, [`${setS + 12} raised technical/no-data/monitor-1@${setS}`]);
    assert.equal(ward.run(5, RATE, NEIGHBOUR).length, 1, 'it ends when it is back');
    assert.deepEqual(ward.run(30, RATE, NEIGHBOUR), []);
    const stoppedS = ward.second;
    assert.deepEqual(ward.run(backS + 60, NEIGHBOUR), [
      `${stoppedS + 11} raised technical/no-data/monitor-1@${stoppedS - 1}`,
    ]);
  });
}

test('what comes back ends by its readings, not because it was taken off', () => {
  const ward = new Ward();
  ward.run(10, RATE);
  ward.run(20);
  ward.run(2, RATE);
  ward.send(RATE);
  const [ended] = ward.findings();
  assert.deepEqual(ended?.kind === 'ended' && [ended.because], [undefined]);
});

test('one device of two is taken off: its loss ends, and the other one, lost as well, is told', () => {
  const ward = new Ward();
  ward.run(10, RATE, OTHER_RATE);
  ward.run(20);
  ward.takenOff.add(RATE);
  assert.deepEqual(ward.look(), [
    '30 raised technical/no-data/monitor-2@9',
    '30 ended technical/no-data/monitor-1@9',
  ]);
});

test("another bed's data do not stand in for this one's", () => {
  const ward = new Ward();
  ward.run(10, RATE, NEIGHBOUR);
  assert.deepEqual(ward.run(20, NEIGHBOUR), ['21 raised technical/no-data/monitor-1@9']);
});

test('after a restart a device has its time to come back; one that does not is found, by its old name', () => {
  const ward = new Ward();
  ward.run(10, RATE);
  ward.restart(3600, []);
  assert.deepEqual(ward.run(12), []);
  assert.deepEqual(ward.run(5), ['3622 raised technical/no-data/monitor-1@9']);
});

test('after a restart a device that comes back in time is not missed', () => {
  const ward = new Ward();
  ward.run(10, RATE, SPO2);
  ward.restart(3600, []);
  assert.deepEqual(ward.run(8), []);
  assert.deepEqual(ward.run(30, RATE, SPO2), []);
});

test('a loss that was told before a restart is held, not told again, and ends when the device is back', () => {
  const ward = new Ward();
  ward.run(10, RATE);
  ward.run(20);
  const told = { key: 'technical/no-data/monitor-1', alarmId: `before@${NOON}` };
  ward.restart(60, [told]);
  assert.deepEqual(ward.run(30), []);
  assert.deepEqual(ward.run(5, RATE), ['122 ended before@0']);
});

test('a machine that slept has not listened: nobody is missed for its sleep', () => {
  const ward = new Ward();
  ward.run(10, RATE);
  ward.second += 600;
  assert.deepEqual(ward.run(5), []);
  assert.deepEqual(ward.run(30, RATE), []);
});

test('whether the data behind an alarm are of now', () => {
  const ward = new Ward();
  const state = (vital: string) =>
    ward.monitoring.dataOf(ward.evaluator.subject(subjectId(1)), vital, ward.nowMs);
  ward.run(10, RATE, CUFF);
  assert.equal(state('heart-rate'), 'flowing');
  assert.equal(state('spo2'), 'stopped', 'never heard of');
  ward.run(20);
  assert.equal(state('heart-rate'), 'stopped');
  assert.equal(
    state('blood-pressure-systolic'),
    'flowing',
    'a cuff stands until it is taken again',
  );
  ward.restart(60, []);
  ward.look();
  assert.equal(state('heart-rate'), 'awaited');
  ward.takenOff.add(RATE);
  assert.equal(state('heart-rate'), 'nobody-measures');
});

const MEASURED = [
  { vital: 'heart-rate', by: [RATE, OTHER_RATE] },
  { vital: 'spo2', by: [SPO2] },
] as const;

const STEADY_S = 4;

/** Keeps, second by second, what is told and what a watcher beside the bed would know. */
class Watcher {
  readonly ward = new Ward();
  readonly told = new Map<string, string>();
  readonly #lastSent = new Map<Series, number>();
  readonly #sendingFor = new Map<Series, number>();
  #listeningFrom = 0;

  second(sending: readonly Series[]): void {
    const { second } = this.ward;
    for (const series of [RATE, SPO2, OTHER_RATE]) {
      const isSending = sending.includes(series);
      this.#sendingFor.set(series, isSending ? (this.#sendingFor.get(series) ?? 0) + 1 : 0);
      if (isSending) this.#lastSent.set(series, second);
    }
    for (const line of this.ward.run(1, ...sending)) this.#note(line);
    this.#compare(second);
  }

  #note(line: string): void {
    const [, kind, alarmId = ''] = line.split(' ');
    const key = alarmId.slice(0, alarmId.indexOf('@'));
    assert.equal(this.told.has(key), kind === 'ended', `${line}: once, and only what was told`);
    if (kind === 'raised') this.told.set(key, alarmId);
    else this.told.delete(key);
  }

  #compare(second: number): void {
    const isSteady = (series: Series) => (this.#sendingFor.get(series) ?? 0) >= STEADY_S;
    if (MEASURED.every(({ by }) => by.some(isSteady))) {
      assert.deepEqual([...this.told.keys()], [], `at ${second} all is measured`);
    }
    for (const { vital, by } of MEASURED) {
      const last = Math.max(this.#listeningFrom, ...by.map((s) => this.#lastSent.get(s) ?? 0));
      if (second - last < this.#toldAfterS(by)) continue;
      const names = [vital, ...by.map(({ deviceId }) => `no-data/${deviceId}`)];
      const isTold = [...this.told.keys()].some((key) => names.some((name) => key.includes(name)));
      assert.ok(isTold, `at ${second} the loss of ${vital} since ${last} is told`);
    }
  }

  /** Silence, the doubt whether the whole device stops, and a second to look. */
  #toldAfterS(by: readonly Series[]): number {
    const watches = this.ward.evaluator.subject(subjectId(1))?.series ?? [];
    const flows = watches.filter(({ series }) => by.includes(series)).map(({ flow }) => flow);
    return (Math.max(...flows.map((flow) => flow.silentAfterMs)) * 1.5) / 1000 + 1;
  }

  restart(downS: number): void {
    this.ward.restart(
      downS,
      [...this.told].map(([key, alarmId]) => ({ key, alarmId })),
    );
    this.#listeningFrom = this.ward.second;
    this.#sendingFor.clear();
  }
}

test('whatever stops, returns and restarts: a loss is told in time, once, and ends', () => {
  const stretch = fc.record({
    seconds: fc.integer({ min: 1, max: 30 }),
    sending: fc.subarray([RATE, SPO2, OTHER_RATE]),
    downS: fc.constantFrom(undefined, undefined, undefined, 1, 20, 3600),
  });
  fc.assert(
    fc.property(fc.array(stretch, { maxLength: 12 }), (stretches) => {
      const watcher = new Watcher();
      for (let second = 0; second < 5; second += 1) watcher.second([RATE, SPO2, OTHER_RATE]);
      for (const { seconds, sending, downS } of stretches) {
        if (downS !== undefined) watcher.restart(downS);
        for (let second = 0; second < seconds; second += 1) watcher.second(sending);
      }
      for (let second = 0; second < 6; second += 1) watcher.second([RATE, SPO2, OTHER_RATE]);
      assert.deepEqual([...watcher.told], []);
    }),
    { numRuns: 300 },
  );
});
