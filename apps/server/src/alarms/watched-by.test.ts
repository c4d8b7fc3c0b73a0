import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UTC } from '@ausculta/rules/detectors/zone';
import type { Protocol } from '@ausculta/rules/protocol/protocol';
import { calling } from '@ausculta/rules/protocol/rule-forms';
import { NOON, seriesSample } from '../../../../tests/support/line.ts';
import type { CareEntry, EventEntry } from '../line/entry.ts';
import { Evaluator } from '../line/evaluate.ts';
import { lived, type RaisedFinding, raisedAlarm, withView } from './alarm-change.ts';
import { AlarmShelf } from './alarm-shelf.ts';
import { WatchedBy } from './watched-by.ts';

const DOOR: Protocol = {
  ...{ key: 'door', version: 1, categories: ['adult'] },
  rules: [
    calling('call/door-crossed', 'medium', {
      source: 'a clinician',
      detector: { kind: 'event', event: 'door-crossed', latching: true, lateAfterMs: 60_000 },
    }),
  ],
};

const { organisationId, subjectId, partition, deviceId } = seriesSample({ id: 1 });
const where = { organisationId, subjectId, partition, offsetMs: 0 };

function crossed(evaluator: Evaluator, receivedMs: number): RaisedFinding[] {
  const event = { kind: 'door-crossed', flags: 0 } as const;
  const entry: EventEntry = { kind: 'event', ...where, receivedMs, deviceId, id: 'e', event };
  return evaluator.watchEvent(entry).flatMap((one) => (one.kind === 'raised' ? [one] : []));
}

test('what lasts until an answer is answered by who has seen it, and not by who snoozes', () => {
  const evaluator = new Evaluator(
    () => 'adult',
    () => DOOR,
  );
  const shelf = new AlarmShelf();
  const watch = new WatchedBy({ evaluator, shelf, categoryOf: () => 'adult' });
  const patient = { category: 'adult', spo2Scale: 1, zone: UTC } as const;
  const given = { protocol: { key: 'door', version: 1 }, patient, overrides: [] };
  const begun: CareEntry = {
    kind: 'care',
    ...where,
    receivedMs: NOON,
    act: { kind: 'plan', given },
  };
  evaluator.plans.watchCare(begun);
  const [finding] = crossed(evaluator, NOON + 1);
  assert.ok(finding !== undefined);
  assert.deepEqual(crossed(evaluator, NOON + 2), [], 'the same call');
  const owed = raisedAlarm(finding, false);
  const answered = () => [...watch.answered()].map(({ alarm }) => alarm);
  shelf.hold(owed);
  assert.deepEqual(answered(), []);
  const seen = lived(owed, 'acknowledged', NOON + 3);
  const snooze = { fromMs: NOON, untilMs: NOON + 60_000, extremeValue: 0, reason: 'later' };
  shelf.hold(withView(seen, { snooze }));
  assert.deepEqual(answered(), []);
  shelf.hold(seen);
  const [alarm = ''] = answered();
  assert.equal(alarm, `call/door-crossed/${deviceId}`);
  const act = { kind: 'answer', alarm } as const;
  const [ended] = evaluator.plans.watchCare({ ...begun, receivedMs: NOON + 4, act });
  assert.ok(ended?.kind === 'ended' && ended.because === 'answered');
  assert.equal(crossed(evaluator, NOON + 5).length, 1, 'and the next one calls');
});
