import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PhdEvent } from './phd-event.ts';
import { ownPart } from './phd-persons.ts';

const persons = [1, 2, 0].map((personId) => ({ personId, scans: [] }));
const report = (kind: 'fixed' | 'variable' | 'grouped', isMultiPerson: boolean): PhdEvent => ({
  ...{ kind, requestId: 0, reportNumber: 0, isMultiPerson, persons },
});

for (const kind of ['fixed', 'variable', 'grouped'] as const) {
  test(`of a ${kind} report about several persons, those who are not meant are left out`, () => {
    const { event, others } = ownPart(report(kind, true), (personId) => personId === 2);
    assert.equal(others, 2);
    assert.deepEqual('persons' in event && event.persons.map(({ personId }) => personId), [2]);
  });

  test(`a ${kind} report of a device of one person is whole`, () => {
    const whole = report(kind, false);
    assert.deepEqual(
      ownPart(whole, () => false),
      { event: whole, others: 0 },
    );
  });
}

test('what is about nobody is whole', () => {
  const other: PhdEvent = { kind: 'other', info: new Uint8Array() };
  assert.deepEqual(
    ownPart(other, () => false),
    { event: other, others: 0 },
  );
});
