import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AlarmView } from '@ausculta/contract/alarms';
import { arrivalOf, NOON, seriesSample } from '../../../../tests/support/line.ts';
import type { Series } from '../line/entry.ts';
import { Evaluator } from '../line/evaluate.ts';
import { Monitoring } from '../line/monitoring.ts';
import { raisedAlarm, withView } from './alarm-change.ts';
import { AlarmShelf } from './alarm-shelf.ts';
import { changesByClock } from './rounds.ts';

const RATE = seriesSample({ id: 1 });
const CUFF = seriesSample({ id: 2, metric: 'nibp-systolic' });

/** One patient's alarms as the book holds them; the clock is turned by hand. */
class Bed {
  readonly evaluator = new Evaluator(() => 'adult');
  readonly monitoring = new Monitoring(() => this.isWorn);
  readonly shelf = new AlarmShelf();
  isWorn = true;
  isConsumed = true;
  nowMs = NOON;

  constructor() {
    this.#lookAt(NOON);
  }

  send(series: Series, value: number): void {
    const arrival = arrivalOf(series, { stampMs: this.nowMs, value });
    for (const finding of this.evaluator.evaluate(arrival)) this.#apply(finding);
  }

  /** Second by second, as the server does. */
  wait(seconds: number, series?: Series, value = 0): string[] {
    const said: string[] = [];
    for (let each = 0; each < seconds; each += 1) {
      this.nowMs += 1000;
      if (series !== undefined) this.send(series, value);
      said.push(...this.#lookAt(this.nowMs));
    }
    return said;
  }

  #lookAt(nowMs: number): string[] {
    for (const finding of this.monitoring.look(this.evaluator.subjects(), nowMs)) {
      this.#apply(finding);
    }
    const changes = changesByClock({ ...this, nowMs, clockMs: nowMs });
    for (const { alarm } of changes) this.shelf.hold(alarm);
    const second = (nowMs - NOON) / 1000;
    return changes.map(
      ({ alarm: { view }, what }) => `${second} ${what.split('@')[0]}: ${lifeOf(view)}`,
    );
  }

  #apply(finding: ReturnType<Monitoring['look']>[number]): void {
    if (finding.kind === 'raised') this.shelf.hold(raisedAlarm(finding, false));
  }

  change(change: Partial<AlarmView>): void {
    for (const alarm of this.shelf.all()) this.shelf.hold(withView(alarm, change));
  }
}

const lifeOf = ({ priority, condition, episode }: AlarmView): string =>
  `${priority}, ${condition}, ${episode}`;

test('an alarm whose data stop is neither present nor over, and is known again when they are back', () => {
  const bed = new Bed();
  bed.wait(5, RATE, 150);
  assert.deepEqual(bed.wait(10, RATE, 150), []);
  assert.deepEqual(bed.wait(11), []);
  assert.deepEqual(bed.wait(60), ['27 unknown: high, unknown, raised']);
  assert.deepEqual(bed.wait(5, RATE, 150), ['89 known: high, present, raised']);
});

test('an alarm by two readings, after which nothing more comes, is unknown as well', () => {
  const bed = new Bed();
  bed.send(RATE, 150);
  bed.nowMs += 2000;
  bed.send(RATE, 150);
  assert.deepEqual(bed.wait(20), ['14 unknown: high, unknown, raised']);
});

test('a single measurement stands until the next one', () => {
  const bed = new Bed();
  bed.send(CUFF, 80);
  assert.deepEqual(bed.wait(600), []);
});

test('who has the device taken off is not measured any more: the condition is over', () => {
  const bed = new Bed();
  bed.wait(5, RATE, 150);
  bed.isWorn = false;
  assert.deepEqual(bed.wait(60), ['6 ended: high, absent, raised']);
});

test('a loss of monitoring that nobody acknowledges is high after two minutes, not before', () => {
  const bed = new Bed();
  bed.wait(5, RATE, 70);
  // Told 12 s after the last reading.
  assert.deepEqual(bed.wait(12 + 119), []);
  assert.deepEqual(bed.wait(600), ['137 risen: high, present, raised']);
});

test('a loss of monitoring that somebody has acknowledged does not rise', () => {
  const bed = new Bed();
  bed.wait(5, RATE, 70);
  bed.wait(20);
  bed.change({ episode: 'acknowledged' });
  assert.deepEqual(bed.wait(600), []);
});

test('a loss of monitoring that is over does not rise', () => {
  const bed = new Bed();
  bed.wait(5, RATE, 70);
  bed.wait(20);
  bed.change({ condition: 'absent', conditionEndedMs: bed.nowMs });
  assert.deepEqual(bed.wait(600), []);
});

test('an alarm of readings that were refused, and never came again, ends by those that follow', () => {
  const bed = new Bed();
  const refused = new Bed();
  refused.wait(5, RATE, 150);
  for (const alarm of refused.shelf.all()) bed.shelf.hold(alarm);
  bed.nowMs = refused.nowMs;
  bed.isConsumed = false;
  assert.deepEqual(bed.wait(3, RATE, 70), [], 'its readings may still be on their way');
  bed.isConsumed = true;
  assert.deepEqual(bed.wait(3, RATE, 70), ['9 ended: high, absent, raised']);
});

test('an alarm of readings that were refused, after which nothing comes, is unknown', () => {
  const bed = new Bed();
  const refused = new Bed();
  refused.wait(5, RATE, 150);
  for (const alarm of refused.shelf.all()) bed.shelf.hold(alarm);
  bed.nowMs = refused.nowMs;
  assert.deepEqual(bed.wait(60), ['6 unknown: high, unknown, raised']);
});

test('an alarm that was ended though its detector holds it is present again', () => {
  const bed = new Bed();
  bed.wait(5, RATE, 150);
  bed.change({ condition: 'absent', conditionEndedMs: bed.nowMs });
  assert.deepEqual(bed.wait(3, RATE, 150), ['6 known: high, present, raised']);
});
